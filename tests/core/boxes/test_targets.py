"""The list of targets: what is made, what is searched, and what a search leaves of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from blender_img23d.core.boxes.strokes import parse_strokes, written
from blender_img23d.core.boxes.targets import Row, found_again, is_covered, row_of, things_to_find, things_to_make, with_found
from blender_img23d.shared.img23d_protocol import Img23DError
from blender_img23d.shared.img23d_protocol.messages import Box, LocatedTarget, Point, ShapeKind, Stroke, Wanted


def box(left: float, width: float = 0.1) -> Box:
    return Box(left=left, top=0.2, right=left + width, bottom=0.8)


def found_row(found_as: str, left: float, **more: object) -> Row:
    return Row(**({"name": found_as, "found_as": found_as, "box": box(left)} | more))


def answer(name: str, left: float | None = None, note: str = "") -> LocatedTarget:
    return LocatedTarget(name=name, box=None if left is None else box(left), note=note)


def made(rows, names: str, found_names: str = "") -> list[tuple[str, Box | None]]:
    return [(one.name, one.box) for one in things_to_make(rows, names, found_names)]


def find(rows, names: str, *answers: LocatedTarget) -> list[Row]:
    """The list after a search that was not disturbed."""
    merged, places = with_found(rows, things_to_find(rows, names), names, answers)
    assert len(places) == len(answers) and all(0 <= place < len(merged) for place in places)
    return list(merged)


# --- what is made -----------------------------------------------------------------------------------------------------


def test_without_a_list_the_typed_names_are_made() -> None:
    assert made([], 'red mug, "cup, blue"\nbook, , book') == [
        ("red mug", None), ("cup, blue", None), ("book", None), ("book", None),
    ]  # fmt: skip
    assert made([], " \n, ") == []
    assert len(made([], ",".join(f"thing {n}" for n in range(200)))) == 200


def test_the_list_is_made_in_its_order_and_then_what_was_never_looked_for() -> None:
    rows = [found_row("book", 0.5), found_row("cup", 0.1)]
    assert made(rows, "Cup, book, lamp", "cup, book") == [("book", box(0.5)), ("cup", box(0.1)), ("lamp", None)]


def test_a_dropped_name_does_not_come_back() -> None:
    assert made([found_row("cup", 0.1)], "cup, book", "cup, book") == [("cup", box(0.1))]


def test_what_was_not_found_or_switched_off_is_not_made() -> None:
    rows = [found_row("cup", 0.1), Row(name="elephant", found_as="elephant"), found_row("book", 0.5, use=False)]
    assert made(rows, "cup, elephant, book", "cup, elephant, book") == [("cup", box(0.1))]


def test_a_box_that_was_drawn_answers_its_name_and_only_once() -> None:
    drawn = Row(name="CUP", box=box(0.1), is_drawn=True)
    assert made([drawn], "cup, book, cup") == [("CUP", box(0.1)), ("book", None), ("cup", None)]


def test_a_renamed_row_answers_the_name_that_it_was_found_for_and_its_new_one() -> None:
    rows = [found_row("cup", 0.1, name="Granny's mug"), found_row("thing", 0.5, name="lamp")]
    assert made(rows, "cup, lamp", "cup, thing") == [("Granny's mug", box(0.1)), ("lamp", box(0.5))]


def test_a_name_that_is_typed_once_more_is_looked_for_once_more() -> None:
    assert made([found_row("cup", 0.1)], "cup, cup", "cup") == [("cup", box(0.1)), ("cup", None)]


def test_a_box_without_a_name_is_a_thing_of_its_own() -> None:
    assert made([found_row("cup", 0.1), Row(name="  ", box=box(0.5))], "cup", "cup")[1] == ("Box 2", box(0.5))


def test_a_list_of_which_nothing_is_made_says_so() -> None:
    rows = [found_row("cup", 0.1, use=False), Row(name="elephant", found_as="elephant")]
    with pytest.raises(Img23DError, match="^Nothing in the list is to be made: .*[.]$"):
        things_to_make(rows, "cup, elephant", "cup, elephant")
    assert made(rows, "cup, elephant, book", "cup, elephant") == [("book", None)]


def test_the_kind_comes_along() -> None:
    row = found_row("cup", 0.1, shape=ShapeKind.FLAT, automatic="revolve")
    assert things_to_make([row], "", "") == (Wanted(name="cup", box=box(0.1), shape=ShapeKind.FLAT),)
    (left,) = find([row], "cup", answer("cup", 0.6))
    assert (left.shape, left.automatic) == (ShapeKind.FLAT, ""), "what it comes to is not known of the new cut-out"


def test_strokes_and_height_come_along() -> None:
    stroke = Stroke(xs=(0.1, 0.2), ys=(0.3, 0.4), radius=0.02, adds=False)
    row = found_row("cup", 0.1, strokes=written([stroke]), height=0.12)
    assert things_to_make([row], "", "") == (Wanted(name="cup", box=box(0.1), strokes=(stroke,), height=0.12),)


# --- a search ---------------------------------------------------------------------------------------------------------


def test_a_search_asks_for_the_drawn_boxes_and_the_other_names() -> None:
    rows = [found_row("cup", 0.1), Row(name="book", box=box(0.5), is_drawn=True), found_row("lamp", 0.7, name="Lamp")]
    asked = things_to_find(rows, "cup, book, lamp, book")
    assert [(one.name, one.box) for one in asked] == [
        ("book", box(0.5)), ("cup", None), ("lamp", None), ("book", None),
    ]  # fmt: skip


def test_the_first_search_fills_the_list() -> None:
    rows = find([], "cup, elephant", answer("cup", 0.1, "the only one"), answer("elephant", None, "There is none."))
    assert [(row.name, row.box, row.note) for row in rows] == [
        ("cup", box(0.1), "the only one"), ("elephant", None, "There is none."),
    ]  # fmt: skip
    assert not any(row.is_drawn for row in rows) and all(row.use for row in rows)


def test_a_new_search_replaces_boxes_and_keeps_what_the_artist_said() -> None:
    rows = [
        found_row("book", 0.5, name="Diary", height=0.2, use=False, strokes="[]", cutout="old.png"),
        found_row("cup", 0.1),
        found_row("gone", 0.8),
    ]
    book, cup, lamp = find(rows, "cup, book, lamp", answer("cup", 0.2), answer("book", 0.6), answer("lamp", 0.9))
    assert (book.name, book.box, book.height, book.use, book.cutout) == ("Diary", box(0.6), 0.2, False, "")
    assert (cup.name, cup.box) == ("cup", box(0.2)) and (lamp.name, lamp.found_as) == ("lamp", "lamp")


def test_drawn_boxes_stay_as_they_are() -> None:
    drawn = Row(name="cup", box=box(0.3), is_drawn=True, height=0.1)
    assert find([drawn], "cup, book", answer("cup", 0.31), answer("book", 0.6)) == [
        drawn, Row(name="book", found_as="book", box=box(0.6)),
    ]  # fmt: skip


def test_boxes_that_are_drawn_while_the_search_runs_win() -> None:
    asked = things_to_find([], "cup")
    drawn = Row(name="Cup", box=box(0.7), is_drawn=True)
    merged, places = with_found([drawn], asked, "cup", [answer("cup", 0.1)])
    assert merged == (drawn,) and places == (0,)


def test_of_several_with_one_name_each_keeps_its_own_line() -> None:
    rows = [found_row("cup", 0.7, name="right one"), found_row("cup", 0.1, name="left one")]
    again = find(rows, "cup", answer("cup", 0.11), answer("cup", 0.4), answer("cup", 0.69))
    assert [(row.name, row.box) for row in again] == [
        ("right one", box(0.69)), ("left one", box(0.11)), ("cup", box(0.4)),
    ]  # fmt: skip


def test_what_is_not_there_any_more_goes() -> None:
    rows = [found_row("cup", 0.1), found_row("cup", 0.4), found_row("cup", 0.7)]
    (left,) = find([replace(row, height=row.box.left) for row in rows], "cup", answer("cup", 0.41))
    assert (left.box, left.height) == (box(0.41), 0.4), "the one that is nearest"


def test_others_of_a_name_stay_where_only_one_was_drawn() -> None:
    rows = [found_row("cup", 0.1), found_row("cup", 0.4, is_drawn=True), found_row("cup", 0.7)]
    assert find(rows, "cup", answer("cup", 0.4)) == rows


def test_what_the_artist_added_stays() -> None:
    added = Row(name="", box=box(0.5))
    assert find([added], "cup", answer("cup", 0.1))[0] == added


def test_rows_of_names_that_are_not_typed_any_more_go() -> None:
    assert [row.name for row in find([found_row("cup", 0.1)], "book", answer("book", 0.5))] == ["book"]


def test_two_hundred_rows_find_their_answers() -> None:
    names = ", ".join(f"thing {n}" for n in range(200))
    rows = find([], names, *(answer(f"thing {n}", n / 300) for n in range(200)))
    again = find(rows[::-1], names, *(answer(f"thing {n}", n / 300) for n in range(200)))
    assert again == rows[::-1]


def test_is_the_list_the_answer_to_the_names() -> None:
    assert is_covered("cup,  Book", "book, cup") and is_covered("", " ,")
    assert not is_covered("cup, cup", "cup") and not is_covered("cup", "")


# --- one row again ----------------------------------------------------------------------------------------------------


def test_one_row_takes_what_no_other_row_is_around() -> None:
    rows = [found_row("cup", 0.1), found_row("cup", 0.5, is_drawn=True, note="old", cutout="old.png")]
    row, taken = found_again(rows, 1, [answer("cup", 0.1), answer("cup", 0.8, "new")])
    assert taken == 1 and (row.box, row.note, row.cutout, row.is_drawn) == (box(0.8), "new", "", False)
    row, taken = found_again(rows, 1, [answer("cup", 0.1)])
    assert taken == 0 and row.box == box(0.1), "better than nothing: the artist asked for it"


def test_one_row_that_is_not_found_keeps_its_box_and_says_so() -> None:
    drawn = found_row("cup", 0.5, is_drawn=True, cutout="its.png")
    row, taken = found_again([drawn], 0, [answer("cup", None, "There is none.")])
    assert taken is None and (row.box, row.is_drawn, row.cutout) == (box(0.5), True, "its.png") and row.note == "There is none."
    row, taken = found_again([Row(name="cup")], 0, [answer("cup", None, "There is none.")])
    assert taken == 0 and row.box is None and row.note == "There is none."


# --- strokes ----------------------------------------------------------------------------------------------------------


def test_strokes_are_kept_as_text() -> None:
    strokes = (
        Stroke(xs=(0.1, 0.25), ys=(0.5, 0.5), radius=0.02),
        Stroke(xs=(1.0,), ys=(0.0,), radius=0.1, adds=False),
    )
    assert parse_strokes(written(strokes)) == strokes
    assert written(()) == "" and parse_strokes("") == ()
    assert len(written([Stroke(xs=(1 / 3,) * 100, ys=(2 / 3,) * 100, radius=1 / 7)])) < 2000


@pytest.mark.parametrize(
    "text",
    ["strokes", "{}", "[1]", "null", '[{"xs": [0.1]}]', '[{"xs": [0.1], "ys": [], "radius": 1, "adds": true}]',
     '[{"xs": [NaN], "ys": [0], "radius": 1, "adds": true}]', '[{"xs": ["a"], "ys": [0], "radius": 1, "adds": true}]',
     '[{"xs": [0], "ys": [0], "radius": 0, "adds": true}]', '[{"xs": 1, "ys": 1, "radius": 1, "adds": true}]', "[" * 100_000],
)  # fmt: skip
def test_a_text_that_holds_no_strokes(text: str) -> None:
    assert parse_strokes(text) == ()


# --- what is picked ---------------------------------------------------------------------------------------------------


def test_a_picked_row_is_made_and_found_by_its_point() -> None:
    point = Point(x=0.35, y=0.5)
    rows = [Row(name="cup", box=box(0.3), point=point, is_drawn=True), found_row("bowl", 0.6)]
    assert [one.point for one in things_to_make(rows, "bowl", "bowl")] == [point, None]
    assert things_to_find(rows, "bowl")[0] == Wanted(name="cup", box=box(0.3), point=point)
    merged = find(rows, "bowl", answer("cup", 0.31), answer("bowl", 0.6))
    assert (merged[0].point, merged[0].box) == (point, box(0.3))


def test_a_row_that_is_found_again_is_no_pick_any_more() -> None:
    rows = [Row(name="cup", box=box(0.3), point=Point(x=0.35, y=0.5), is_drawn=True)]
    row, taken = found_again(rows, 0, [answer("cup", 0.7)])
    assert taken == 0 and row.point is None and not row.is_drawn


@pytest.mark.parametrize(
    ("left", "width", "row"),
    [(0.3, 0.1, 0), (0.305, 0.1, 0), (0.36, 0.1, None), (0.3, 0.05, None), (0.8, 0.1, None), (0.6, 0.11, 1)],
)
def test_a_click_into_a_thing_means_the_row_that_has_it(left: float, width: float, row: int | None) -> None:
    rows = [found_row("cup", 0.3), found_row("bowl", 0.6), Row(name="not found")]
    assert row_of(rows, box(left, width)) == row


def test_in_an_empty_list_there_is_no_row() -> None:
    assert row_of([], box(0.3)) is None
