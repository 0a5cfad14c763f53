"""The cut-out measurements: their scores on cases worked out by hand, their composites, their rule of what is right, their table."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from devtools.bench import rounds
from devtools.bench.cutouts import composites, photos, report, scores, sheet, sources, ways
from devtools.bench.rows import row
from devtools.places import ROOT
from devtools.running import DevError
from img23d_backend.images.decode import decode_photo
from img23d_backend.stages import CutOut, Photo


def square(size: int, left: int, top: int, side: int) -> np.ndarray:
    mask = np.zeros((size, size), bool)
    mask[top : top + side, left : left + side] = True
    return mask


def test_the_scores_of_a_matte_worked_out_by_hand():
    truth = np.array([[1, 1, 0.5, 0]], np.float32)
    made = np.array([[1, 0.5, 0.25, 0.25]], np.float32)
    found = scores.score(made, truth)
    assert found.iou == pytest.approx((1 + 0.5 + 0.25 + 0) / (1 + 1 + 0.5 + 0.25))
    assert found.hard_iou == pytest.approx(2 / 3)  # made 1100, true 1110
    assert found.error == pytest.approx((0 + 0.5 + 0.25 + 0.25) / 4)


def test_a_perfect_matte_has_full_marks_and_an_empty_one_none():
    truth = square(40, 10, 10, 20).astype(np.float32)
    assert scores.score(truth, truth) == scores.MatteScore(iou=1, hard_iou=1, error=0, boundary=1)
    empty = scores.score(np.zeros_like(truth), truth)
    assert (empty.iou, empty.hard_iou, empty.boundary) == (0, 0, 0) and empty.error == pytest.approx(400 / 1600)
    assert scores.score(np.zeros_like(truth), np.zeros_like(truth)).iou == 1


def test_an_outline_is_the_squares_own_rim_and_never_the_pictures_border():
    assert scores.outline(square(20, 5, 5, 6)).sum() == 4 * 6 - 4
    assert not scores.outline(np.ones((20, 20), bool)).any()
    assert scores.outline(square(20, 0, 0, 6)).sum() == 6 + 6 - 1  # only the two sides within the picture


@pytest.mark.parametrize(("shift", "tolerance", "expected"), [(2, 3, 1.0), (3, 3, 1.0), (0, 0, 1.0)])
def test_an_outline_within_the_tolerance_is_the_same(shift, tolerance, expected):
    mine, other = square(60, 20, 20, 20), square(60, 20 + shift, 20, 20)
    assert scores.boundary_f(mine, other, tolerance) == pytest.approx(expected)


def test_the_boundary_measure_of_a_shifted_square_worked_out_by_hand():
    """20 x 20 squares 8 pixels apart, tolerance 3: of the 76 pixels of either rim the upper and the lower side's common part and 3 pixels
    more of each count, and what of the two other sides lies within 3 of the neighbour's upper or lower one: 4 pixels at each end."""
    mine, other = square(80, 20, 20, 20), square(80, 28, 20, 20)
    near = 2 * (12 + 3)  # upper and lower side: columns 28 to 39 lie on the other's, 25 to 27 within 3 of its corner
    right = 2 * 3  # of the right side (column 39, without its ends, counted above): rows 21 to 23 and 36 to 38 within 3 of the other's sides
    assert scores.boundary_f(mine, other, 3) == pytest.approx((near + right) / 76)


def test_outlines_far_apart_have_nothing_in_common():
    assert scores.boundary_f(square(90, 5, 5, 10), square(90, 60, 60, 10)) == 0
    nothing = np.zeros((90, 90), bool)
    assert scores.boundary_f(nothing, nothing) == 1 and scores.boundary_f(nothing, square(90, 5, 5, 10)) == 0


def test_the_overlap_of_boxes():
    assert scores.box_iou((0, 0, 4, 2), (2, 0, 6, 2)) == pytest.approx(4 / 12)
    assert scores.box_iou((0, 0, 1, 1), (5, 5, 6, 6)) == 0
    assert scores.box_of(square(30, 3, 7, 5)) == (3, 7, 8, 12) and scores.box_of(np.zeros((3, 3), bool)) is None


# --- the composites -------------------------------------------------------------------------------------------------------


@pytest.fixture
def ground(tmp_path):
    path = tmp_path / "ground.png"
    noise = np.random.default_rng(1).integers(0, 256, (60, 80, 3), np.uint8)
    cv2.imwrite(str(path), cv2.resize(noise, (900, 700), interpolation=cv2.INTER_CUBIC))
    return path


def a_thing() -> composites.Thing:
    rgba = np.zeros((300, 240, 4), np.uint8)
    cv2.ellipse(rgba, (120, 150), (110, 140), 0, 0, 360, (220, 40, 30, 255), -1, cv2.LINE_AA)
    return composites.Thing(name="a thing", look=composites.DRAWING, rgba=rgba)


@pytest.mark.parametrize("number", range(10))
def test_a_composite_is_the_same_each_time_and_as_the_document_says(ground, number):
    one, again = (composites.compose(a_thing(), [ground], number) for _ in range(2))
    assert one.jpeg == again.jpeg and np.array_equal(one.alpha, again.alpha)
    photo = decode_photo(one.jpeg, "x.jpg")
    assert (photo.height, photo.width) == one.alpha.shape
    assert composites.SIDES[0] - 1 <= max(one.alpha.shape) <= composites.SIDES[1] + 1
    left, top, right, bottom = one.box
    share = (right - left) * (bottom - top) / one.alpha.size
    assert 0.08 < share <= composites.SHARES[1] + 0.02  # one that the border cuts shows less than it has
    touches = left == 0 or top == 0 or right == photo.width or bottom == photo.height
    assert touches or one.kind != composites.BORDER
    assert one.kind == composites.KINDS[number]


def test_the_alpha_of_a_composite_is_where_its_colours_are(ground):
    """Read back from the picture itself: the thing is red, the ground is not."""
    one = composites.compose(a_thing(), [ground], 0)
    rgb = decode_photo(one.jpeg, "x.jpg").rgb.astype(int)
    inside, outside = one.alpha > 0.99, one.alpha < 0.01
    expected = np.array([220, 40, 30])
    assert np.abs(rgb[inside] - expected).mean() < 4
    assert np.abs(rgb[outside] - expected).sum(axis=1).mean() > 60
    assert 0.9 < one.alpha[inside | outside].size / one.alpha.size < 1  # a soft rim, no more


def test_what_is_mostly_see_through_or_tiny_is_no_thing():
    faint = np.full((200, 200, 4), 100, np.uint8)
    faint[90:110, 90:110, 3] = 255
    tiny = np.full((40, 200, 4), 255, np.uint8)
    assert list(composites._usable("faint", "", faint)) == [] and list(composites._usable("tiny", "", tiny)) == []
    assert [one.rgba.shape for one in composites._usable("solid", "", np.full((100, 120, 4), 255, np.uint8))] == [(100, 120, 4)]


# --- what is right ---------------------------------------------------------------------------------------------------------


def the_truth(**changes: object) -> photos.TrueThing:
    values = {"name": "cup", "isolated": True, "box": (0.2, 0.2, 0.6, 0.6), "on": ((0.3, 0.3),), "off": ((0.9, 0.9), (0.5, 0.5))}
    return photos.TrueThing(**values | changes)


def an_answer(left: float, top: float, right: float, bottom: float, *notes: str, hole: bool = True) -> ways.Answer:
    alpha = np.zeros((100, 200), np.float32)
    alpha[round(top * 100) : round(bottom * 100), round(left * 200) : round(right * 200)] = 1
    if hole:
        alpha[45:55, 95:105] = 0
    return ways.Answer(name="cup", alpha=alpha, notes=notes)


def test_right_is_what_has_the_box_and_the_points():
    assert photos.judged(an_answer(0.2, 0.2, 0.6, 0.6), the_truth()) == photos.RIGHT
    assert photos.judged(an_answer(0.2, 0.2, 0.6, 0.6, hole=False), the_truth()) == photos.WRONG  # what shows through the hole is kept
    assert photos.judged(an_answer(0.2, 0.2, 0.6, 0.6), the_truth(on=((0.3, 0.3), (0.61, 0.3)))) == photos.WRONG
    # 0.4 x 0.4 and 0.4 x 0.6 around it: 16 / 24 is enough, beside 0.4 x 0.7 it is not
    assert photos.judged(an_answer(0.2, 0.2, 0.6, 0.8), the_truth()) == photos.RIGHT
    assert photos.judged(an_answer(0.2, 0.1, 0.6, 0.8), the_truth()) == photos.WRONG


def test_a_wrong_one_with_a_warning_is_told_apart_and_nothing_is_not_found():
    beside = (0.6, 0.6, 1, 1)
    assert photos.judged(an_answer(*beside, "The reddest thing in the photo."), the_truth()) == photos.WRONG
    assert photos.judged(an_answer(*beside, "The next in reading order: this engine does not know the word."), the_truth()) == photos.WARNED
    assert photos.judged(ways.Answer(name="cup", alpha=None), the_truth()) == photos.NOT_FOUND
    assert photos.judged(ways.Answer(name="cup", alpha=np.zeros((9, 9), np.float32)), the_truth()) == photos.NOT_FOUND


def test_every_warning_is_one_that_the_product_says():
    shown = (ROOT / "tests" / "architecture" / "messages.txt").read_text(encoding="utf-8")
    engine = "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "backend" / "img23d_backend" / "engines").rglob("*.py")))
    assert all(warning in shown or warning in engine for warning in photos.WARNINGS)


def test_the_hand_drawn_truth_is_whole():
    truth = photos.read_truth()
    assert len(truth) >= 30 and len({(one.source, one.file) for one in truth}) == len(truth)
    packages = {package.name: [path.rsplit("/", 1)[-1] for path in package.photos] for package in sources.read_lock()}
    for one in truth:
        assert len(one.sha256) == 64 if one.source == photos.FOLDER else packages[one.source].count(one.file) == 1
        for thing in one.things:
            left, top, right, bottom = thing.box
            assert 0 <= left < right <= 1 and 0 <= top < bottom <= 1 and thing.name and thing.off
            assert thing.on and all(left <= x <= right and top <= y <= bottom for x, y in thing.on)
    assert sum(map(len, packages.values())) == sum(one.source != photos.FOLDER for one in truth)  # none is fetched in vain


def test_a_folders_photo_is_known_by_its_bytes(tmp_path):
    import hashlib

    (tmp_path / "any name.jpg").write_bytes(b"the photo")
    mine = photos.TruePhoto(source=photos.FOLDER, file="x.jpg", things=(the_truth(),), sha256=hashlib.sha256(b"the photo").hexdigest())
    other = photos.TruePhoto(source=photos.FOLDER, file="y.jpg", things=(the_truth(),), sha256="0" * 64)
    assert list(photos.found_photos([mine, other], [], {}, tmp_path)) == [(mine, tmp_path / "any name.jpg")]
    assert list(photos.found_photos([mine, other], [], {}, None)) == []


# --- the ways --------------------------------------------------------------------------------------------------------------


def test_a_cut_out_goes_back_to_its_place_in_the_photo():
    photo = Photo(rgb=np.zeros((10, 12, 3), np.uint8))
    rgba = np.zeros((6, 5, 4), np.uint8)
    rgba[..., 3] = np.arange(30).reshape(6, 5)
    alpha = ways.in_the_photo(CutOut(rgba=rgba, left=-2, top=7), photo)
    expected = np.zeros((10, 12))
    expected[7:10, 0:3] = np.arange(30).reshape(6, 5)[:3, 2:] / 255
    assert alpha == pytest.approx(expected)


def test_the_light_weight_way_cuts_a_plain_thing_out_with_and_without_a_box():
    rgb = np.full((240, 320, 3), (200, 205, 198), np.uint8)
    cv2.circle(rgb, (160, 120), 60, (30, 60, 180), -1)
    (light,) = (way for way in ways.ways() if way.label == ways.DRAFT)
    truth = np.zeros((240, 320), np.float32)
    cv2.circle(truth, (160, 120), 60, 1, -1)
    photo = Photo(rgb=rgb)
    for wanted in ([], [ways.boxed((95, 55, 226, 186), photo)]):
        answers, seconds = ways.timed(light, photo, wanted)
        assert scores.score(ways.whole(photo, answers), truth).iou > 0.97 and seconds > 0


def test_the_contact_sheet_has_a_place_for_each(tmp_path):
    rgb = np.full((50, 80, 3), (10, 200, 10), np.uint8)
    alpha = np.zeros((50, 80), np.float32)
    alpha[:, :40] = 1
    said = {"way": "new", "said": "right", "good": True}
    cells = [sheet.Cell.of(rgb, cut, key=f"thing {number}", **said) for number, cut in enumerate((alpha, None))]
    assert cells[0].cut[5, 5].tolist() == [10, 200, 10] and cells[0].cut[5, -5].tolist() == [128] * 3 == cells[1].cut[5, 5].tolist()
    sheet.write_sheet(tmp_path / "sheet.png", cells, ["new"])
    assert cv2.imread(str(tmp_path / "sheet.png")).shape[0] > 0


# --- the tables ------------------------------------------------------------------------------------------------------------


def a_result(way: str, thing: str, iou: float, kind: str = "as it is", asked: str = "no names") -> dict:
    score = {"iou": iou, "hard_iou": iou, "error": 1 - iou, "boundary": iou / 2}
    return {"thing": thing, "look": "drawing", "ground": "sea", "kind": kind, "way": way, "asked": asked, "seconds": 2.0, "score": score}


def test_the_means_of_composites_and_their_goal(tmp_path, monkeypatch):
    old, new = ways.DRAFT, ways.FINAL
    results = [a_result(old, "a", 0.5), a_result(new, "a", 0.9), a_result(old, "b", 0.7, "soft shadow"), a_result(new, "b", 1.0, "soft shadow")]
    rows, data = report._of_composites({"things": 2, "grounds": 1, "results": results})
    assert rows == [row(f"matte IoU of composites, mean, no names: the reference is {old}", 0.95, 0.6, "≥ 0.95")]
    assert data["groups"][f"all|{new}|no names"]["good"] == 0.5 and data["groups"][f"soft shadow|{old}|no names"]["iou"] == 0.7
    assert [one["thing"] for one in data["worst"]] == ["a", "b"]
    monkeypatch.setattr(rounds, "FIGURES", tmp_path)
    rounds.add(report.TRUTH, rounds.Round(date="2026-11-22", machine="this one", code="1", rows=rows, data=data))
    text = "\n".join(report.truth_part())
    assert "| the preview engine | no names | 0.950 | 0.950 | 0.050 | 0.475 | 0.950 | 50% | 2 |" in text
    assert "| soft shadow (1) | 0.700 | 1.000 |" in text and "| 1 | ≥ 0.95 | met |" in text


def a_verdict(way: str, name: str, verdict: str, *, isolated: bool = True, asked: str = photos.NAMED) -> dict:
    return {"photo": "x.jpg", "name": name, "isolated": isolated, "way": way, "asked": asked, "verdict": verdict, "seconds": 1.0, "notes": []}


def test_the_share_of_isolated_things_and_the_unwarned_ones(tmp_path, monkeypatch):
    old, new = ways.DRAFT, ways.FINAL
    verdicts = [a_verdict(old, "cup", photos.WRONG), a_verdict(new, "cup", photos.RIGHT), a_verdict(new, "cup", photos.WRONG, asked=photos.BOXED)]
    verdicts += [a_verdict(old, "leaf", photos.WRONG, isolated=False), a_verdict(new, "leaf", photos.WRONG, isolated=False)]
    rows, data = report._of_photos(verdicts)
    assert [(one["ours"], one["reference"], one["goal"]) for one in rows] == [([1.0], [0.0], "≥ 0.85"), ([1.0], [2.0], "≤ 0")]
    monkeypatch.setattr(rounds, "FIGURES", tmp_path)
    rounds.add(report.PHOTOS, rounds.Round(date="2026-11-22", machine="this one", code="1", rows=rows, data=data))
    text = "\n".join(report.photos_part())
    assert (
        "| the preview engine | names typed | all | 1 | 0 | 1 | 0 | 50% |" in text
        and "| the preview engine | names typed | isolated | 1 | 0 | 0 | 0 | 100% |" in text
    )
    assert "| x.jpg | leaf |  | wrong | wrong |" in text


def test_a_round_of_the_code_before_stands_in_the_table_by_its_note(tmp_path, monkeypatch):
    monkeypatch.setattr(rounds, "FIGURES", tmp_path)
    for code, note, verdict in (("1", "before", photos.WRONG), ("2", "", photos.WRONG), ("3", "", photos.RIGHT)):
        rows, data = report._of_photos([a_verdict(ways.DRAFT, "cup", verdict)])
        rounds.add(report.PHOTOS, rounds.Round(date="2026-11-22", machine="this one", code=code, note=note, rows=rows, data=data))
    lines = [line for line in "\n".join(report.photos_part()).splitlines() if "| names typed | all |" in line]
    assert lines == [
        "| the light-weight way (before) | names typed | all | 0 | 0 | 1 | 0 | 0% |",
        "| the light-weight way | names typed | all | 1 | 0 | 0 | 0 | 100% |",
    ]


def test_without_the_new_way_no_goal_is_claimed():
    rows, _ = report._of_photos([a_verdict(ways.DRAFT, "cup", photos.RIGHT)])
    assert [one["ours"] for one in rows] == [[], []]
    rows, _ = report._of_composites({"things": 1, "grounds": 1, "results": [a_result(ways.DRAFT, "a", 0.5)]})
    assert [one["ours"] for one in rows] == [[]]


def test_the_words_of_the_table_are_those_of_the_measurement():
    assert (report._OLD, report._NEW) == (ways.DRAFT, ways.FINAL)
    assert report._NAMED == photos.NAMED
    assert report._VERDICTS == (photos.RIGHT, photos.WARNED, photos.WRONG, photos.NOT_FOUND)
    assert tuple(report._MEASURES) == scores.MEASURES


def test_a_machine_that_cannot_fetch_the_pictures_keeps_the_last_figures(tmp_path, monkeypatch, capsys):
    def cannot() -> None:
        raise DevError("cats 1.0 cannot be fetched: the pictures need apt-get.")

    monkeypatch.setattr(rounds, "FIGURES", tmp_path)
    monkeypatch.setattr(sources, "pictures", cannot)
    report.measure_cutouts(report.TRUTH, report.PHOTOS)
    assert "cats 1.0 cannot be fetched" in capsys.readouterr().out and not list(tmp_path.iterdir())
