"""Nothing that is aimed at moves: places are always as high, a message replaces a message, and a press never hits what is new."""

from __future__ import annotations

from types import SimpleNamespace

import bpy
import pytest
from conftest import part
from drawing import drawn
from measured import Measured, measured
from scripted import Rehearsal
from test_in_the_middle import glbs as glbs  # a fixture

LONG = "This sentence is long: " + "it says one thing after the other about what went wrong, " * 8 + "and ends here."


@pytest.fixture
def run(owner, values, photo, as_with_a_window, monkeypatch):
    rehearsal = Rehearsal(owner, monkeypatch)
    monkeypatch.setattr(part("panels.sidebar.main"), "is_first_run", lambda *_: False)  # that box has a test of its own
    values.photo, values.names = str(photo), "cup, bowl, lamp"
    return rehearsal


def top() -> tuple[dict[str, float], float]:
    """Where each control above the subpanels is, but for those that come and go, and where the tab's top ends."""
    layout = measured("main")
    passing = (
        "img23d.cancel_target",
        "img23d.fix",
        "img23d.cancel",
        "img23d.end_backend",
        "img23d.read_on",
        "img23d.use_photo_camera",
        "img23d.show_textures",
        "img23d.queue_remove",
    )
    return {name: at for name, at in layout.controls() if name not in passing}, round(layout.height(), 2)


def start(run) -> None:
    assert bpy.ops.img23d.generate() == {"FINISHED"}
    run.tick()
    run.locate("cup", "bowl", "lamp")


def test_the_tabs_top_is_as_high_before_during_and_after_a_run(run, glbs):
    before = top()
    start(run)
    assert top() == before, "while it runs"
    run.mesh(0, glbs[0], textured=False)
    run.finish(made=1)
    run.tick()
    assert top() == before, "when it is over"


@pytest.mark.parametrize("place", ["refusal", "waiting", "notice", "job"])
def test_a_message_of_any_length_moves_nothing(run, place):
    start(run)
    run.finish(made=0)
    before = top()
    if place == "refusal":
        run.owner.refusal = LONG
    elif place == "waiting":
        run.owner.applier.waiting = LONG
    elif place == "notice":
        run.owner.session.notice = LONG
    else:
        run.owner.session.jobs[0].error = LONG
    try:
        assert top() == before
        assert LONG in drawn(part("panels.tab").IMG23D_PT_main).said, "the tooltip has all of it"
    finally:
        run.owner.applier.waiting = run.owner.session.notice = run.owner.refusal = ""


def test_typing_a_name_moves_nothing(run, values):
    values.names = ""
    before = top()
    values.names = "cup"
    assert top() == before


def test_generates_tooltip_does_not_lie_over_what_is_said_below(run):
    """Blender shows it below the mouse: one line of it, about as high as a button, from where Generate ends."""
    description = part("operators.generate").IMG23D_OT_generate.bl_description
    assert len(description) <= 65, "Blender breaks tooltips at about 400 pixels"
    places = dict(measured("main").places())
    clear = places["img23d.generate"] + 1.6 + 1.2
    (said,) = [at for text, at in places.items() if text.startswith("text Generate makes")]
    assert said >= clear
    start(run)
    places = list(measured("main").places())
    bar = next(at for name, at in places if name == "progress")  # of all of it; the things' own come later
    assert bar >= clear and dict(places)["img23d.cancel"] == pytest.approx(bar + 1.0, abs=0.2), "the bar stands at its button"


def test_what_is_short_replaces_what_is_expected(run, monkeypatch):
    findings = part("shared.img23d_protocol.findings")
    forecasts = part("core.estimate.forecast")
    view = forecasts.Forecast(seconds=20.0, device="A Card", basis=forecasts.Basis.SAME_RUNS)
    monkeypatch.setattr(run.owner.forecaster, "update", lambda *_args, **_more: False)
    monkeypatch.setattr(run.owner.forecaster, "view", None)
    before = top()
    monkeypatch.setattr(run.owner.forecaster, "view", view)
    assert top() == before
    worst = findings.Finding(what="Memory", level=findings.Level.PROBLEM, sentence=LONG, action=findings.Action.SMALL_MEMORY)
    monkeypatch.setattr(run.owner.forecaster, "view", forecasts.Forecast(findings=(worst,)))
    assert top() == before and "img23d.fix" in dict(measured("main").controls())


def test_the_results_list_and_what_is_below_it_stay_where_they_are(run, glbs):
    start(run)
    kept = ("IMG23D_UL_results", "img23d.import_run", "img23d.use_seed")
    before = {name: at for name, at in measured("results").controls() if name in kept}
    height = measured("results").height()
    assert set(before) == set(kept)
    run.mesh(0, glbs[0], textured=False)
    run.owner.session.jobs[0].targets[1].error = LONG
    run.finish(made=1)
    assert {name: at for name, at in measured("results").controls() if name in kept} == before
    assert measured("results").height() == pytest.approx(height)


def test_a_double_click_generates_once(run, monkeypatch):
    """As the button calls it; the first job ends at once, so that only the time between the clicks can tell."""
    operator = part("operators.generate").IMG23D_OT_generate
    clock, made = [100.0], []
    monkeypatch.setattr(run.owner.press_guard, "_clock", lambda: clock[0])
    button = SimpleNamespace(bl_idname=operator.bl_idname, execute=lambda context: made.append(clock[0]) or {"FINISHED"})
    assert operator.invoke(button, bpy.context, None) == {"FINISHED"}
    clock[0] += 0.2
    assert operator.invoke(button, bpy.context, None) == {"CANCELLED"}
    clock[0] += 0.6
    assert operator.invoke(button, bpy.context, None) == {"FINISHED"} and made == [100.0, 100.8]


def test_cancel_never_stands_where_generate_stood(run):
    (generate,) = [at for name, at in measured("main").controls() if name == "img23d.generate"]
    start(run)
    controls = dict(measured("main").controls())
    assert controls["img23d.generate"] == generate, "greyed out, but there"
    assert controls["img23d.cancel"] >= generate + 1.6, "below it, and a big button is that high"


def test_the_list_of_what_was_found_stands_still_while_a_search_fills_it(run, values):
    def places() -> dict[str, float]:
        kept = ("IMG23D_UL_targets", "img23d.pick_in_photo", "img23d.edit_boxes", "check_first")
        return {name: at for name, at in measured("targets").controls() if name in kept}

    before = places()
    assert len(before) == 4
    bpy.ops.img23d.find_targets()
    run.tick()
    run.locate("cup", "bowl", "lamp")
    assert places() == before
    row = values.targets[values.active_target]
    row.note, row.automatic = "", ""
    plain, height = dict(measured("targets").controls()), measured("targets").height()
    row.note, row.automatic = "Its outline is unsure. " * 9, "revolve"
    assert {name: at for name, at in measured("targets").controls() if name in plain} == plain
    assert measured("targets").height() == pytest.approx(height), "what is below it as well"
    assert "Its outline is unsure." in drawn(part("panels.tab").IMG23D_PT_targets).said


def test_what_waits_stands_where_nothing_above_moves_and_is_as_high_whatever_becomes_of_it(run, values, photo):
    queueing, queue = part("core.queue.queue"), run.owner.applier.queue
    start(run)
    before = top()
    for name in ("bowl", "lamp"):
        values.names = name
        run.owner.press_guard._pressed.clear()
        assert bpy.ops.img23d.generate() == {"FINISHED"}
    assert top() == before and len(queue.waiting) == 2, "nothing at the tab's top moves"
    waiting = part("panels.tab").IMG23D_PT_waiting
    height = measured("waiting").height()
    held = queue.waiting[0]
    queue.hold_all("The disk is full: " + LONG)
    assert measured("waiting").height() == pytest.approx(height), "held"
    queue.go_on()
    queue.slots = 2
    queue.waiting.remove(held)
    queue.setbacks.append(queueing.Setback(job=held, sentence=LONG))
    assert measured("waiting").height() == pytest.approx(height), "one could not be made"
    queue.waiting.clear()
    assert measured("waiting").height() == pytest.approx(height) and waiting.poll(bpy.context)
    assert "Nothing waits any more" in drawn(waiting).said


def test_after_one_that_waits_is_removed_the_next_one_that_comes_under_the_mouse_is_dead(run, clock, values):
    start(run)
    for name in ("bowl", "lamp"):
        values.names = name
        run.owner.press_guard._pressed.clear()
        bpy.ops.img23d.generate()
    first = run.owner.applier.queue.waiting[0]
    assert "img23d.queue_remove" not in list(measured("waiting").dead())
    assert bpy.ops.img23d.queue_remove(job=first.id) == {"FINISHED"}
    assert list(measured("waiting").dead()).count("img23d.queue_remove") == 1
    clock[0] += 0.6
    assert "img23d.queue_remove" not in list(measured("waiting").dead())


def test_a_picture_without_names_waits_under_the_photos_name(run, values, photo):
    start(run)
    values.names = ""
    assert bpy.ops.img23d.generate() == {"FINISHED"}
    assert f"{photo.name}: the whole picture" in drawn(part("panels.tab").IMG23D_PT_waiting).said


def test_while_a_run_goes_on_its_things_can_be_stopped_right_below_cancel(run, clock, glbs):
    """Without scrolling to Results; where the X of one that is finished stood, that of the next one is dead for a moment."""
    start(run)
    places = list(measured("main").places())
    cancel = dict(places)["img23d.cancel"]
    bars = [at for name, at in places if name == "progress"][1:]
    crosses = [at for name, at in places if name == "img23d.cancel_target"]
    assert len(bars) == len(crosses) == 3 and all(cancel < at < cancel + 4 for at in crosses)
    pressed = drawn(part("panels.tab").IMG23D_PT_main).pressed("img23d.cancel_target")
    assert [button["index"] for button in pressed] == [0, 1, 2]
    run.mesh(0, glbs[0], textured=True)
    assert [button["index"] for button in drawn(part("panels.tab").IMG23D_PT_main).pressed("img23d.cancel_target")] == [1, 2]
    assert "img23d.cancel_target" not in list(measured("main").dead()), "the others stay where they are"


def test_more_things_than_places_come_where_one_is_finished_and_are_dead_at_first(run, clock, values, glbs):
    names = ("cup", "bowl", "lamp", "fork", "book", "vase")
    values.names = ", ".join(names)
    assert bpy.ops.img23d.generate() == {"FINISHED"}
    run.tick()
    run.locate(*names)

    def shown() -> list[int]:
        return [button["index"] for button in drawn(part("panels.tab").IMG23D_PT_main).pressed("img23d.cancel_target")]

    assert shown() == [0, 1, 2, 3] and not list(measured("main").dead())
    run.mesh(1, glbs[0], textured=True)
    assert shown() == [0, 5, 2, 3] and list(measured("main").dead()).count("img23d.cancel_target") == 1
    clock[0] += 0.6
    assert "img23d.cancel_target" not in list(measured("main").dead())


def test_the_cross_of_a_thing_stays_where_it_is_when_the_one_beside_it_is_over(run, clock):
    start(run)
    assert list(measured("main").shares("img23d.cancel_target")) == [0.5, 0.5, 0.5]


def test_a_retexture_leaves_the_results_as_high_as_they_were(run, values, photo, glbs):
    """Its button stands below them. What it was painted with has a longer name than the photo."""
    picture = photo.with_name(f"04_orange_bowl_on_the_table_cutout{photo.suffix}")
    picture.write_bytes(photo.read_bytes())
    start(run)
    run.mesh(0, glbs[0], textured=True)
    run.finish(made=1)
    run.tick()
    before = measured("results").height()
    bpy.ops.mesh.primitive_cube_add()
    values.retexture_picture = str(picture)
    assert bpy.ops.img23d.retexture() == {"FINISHED"}
    run.tick()
    assert run.owner.session.jobs[0].is_retexture and measured("results").height() == pytest.approx(before)


@pytest.mark.parametrize("said", ["said", "done"])
def test_what_a_mesh_tool_says_pushes_nothing_down(owner, monkeypatch, said):
    bpy.ops.mesh.primitive_cube_add()
    before = measured("mesh_tools").height()
    monkeypatch.setattr(owner.applier.remesher, said, LONG)
    assert measured("mesh_tools").height() == pytest.approx(before)


def test_a_second_run_moves_nothing_of_the_results(run, values, glbs):
    start(run)
    before = dict(measured("results").controls())
    run.finish(made=0)
    run.owner.press_guard._pressed.clear()
    bpy.ops.img23d.generate()
    run.tick()
    run.locate("cup", "bowl", "lamp")
    assert dict(measured("results").controls()) == before


@pytest.fixture
def clock(run, monkeypatch) -> list[float]:
    """Nothing was drawn yet."""
    clock = [50.0]
    monkeypatch.setattr(run.owner.press_guard, "_clock", lambda: clock[0])
    monkeypatch.setattr(run.owner.press_guard, "_shown", {})
    monkeypatch.setattr(run.owner.press_guard, "_disabled", {})
    return clock


def test_where_the_x_of_a_thing_stood_nothing_can_be_pressed_at_once(run, clock, glbs):
    """A press that was meant to stop the cup must not select it, or stop another one."""

    def line(index: int) -> Measured:
        layout, manager = Measured(is_row=True), bpy.context.window_manager
        context = SimpleNamespace(window_manager=manager, scene=bpy.context.scene, region=SimpleNamespace())
        part("panels.tab").IMG23D_UL_results.draw_item(None, context, layout, manager.img23d, manager.img23d.rows[index], 0, None, "")
        return layout

    start(run)
    part("app.jobs.result_rows").sync_rows(bpy.context.window_manager, run.job)
    assert "img23d.cancel_target" in dict(line(0).controls()) and not list(line(0).dead())
    run.mesh(0, glbs[0], textured=True)
    run.finish(made=1)
    run.owner.standings = run.owner.applier.placer.standings(run.job)
    assert list(line(0).dead()) == ["img23d.make_parts", "img23d.show_result"]
    clock[0] += 0.6
    assert not list(line(0).dead()) and "img23d.show_result" in dict(line(0).controls())


@pytest.mark.parametrize("name", ["targets", "image_editor"])
def test_a_list_that_a_search_has_changed_takes_no_press_at_once(run, clock, values, name, monkeypatch):
    monkeypatch.setattr(part("panels.image_editor.image_editor"), "shows_photo", lambda *_: True)
    values.targets.add().name = "drawn"
    never = list(measured(name).dead())  # without a photo of a side there is none to clear
    assert set(never) <= {"img23d.clear_side"}
    bpy.ops.img23d.find_targets()
    run.tick()
    run.locate("cup", "bowl", "lamp")
    dead = list(measured(name).dead())
    assert "img23d.remove_target" in dead and (name == "image_editor" or "img23d.find_target_again" in dead)
    clock[0] += 0.6
    assert list(measured(name).dead()) == never
    bpy.ops.img23d.add_target()
    assert list(measured(name).dead()) == never, "what the artist does changes nothing that was aimed at"


def test_a_button_that_was_drawn_for_another_list_does_nothing(run, values):
    """Pressed after the answer has come and before the panel is drawn again."""
    values.targets.add().name = "drawn"
    operator = part("operators.targets").IMG23D_OT_remove_target
    reports = []
    button = SimpleNamespace(seen=run.owner.list_changes, report=lambda kind, text: reports.append(text), execute=lambda context: {"FINISHED"})
    assert operator.invoke(button, bpy.context, None) == {"FINISHED"}
    bpy.ops.img23d.find_targets()
    run.tick()
    run.locate("cup", "bowl", "lamp")
    assert operator.invoke(button, bpy.context, None) == {"CANCELLED"} and "has just changed" in reports[0]
    button.seen = -1
    assert operator.invoke(button, bpy.context, None) == {"FINISHED"}, "as a key does it"


def test_what_has_just_come_cannot_be_pressed_for_half_a_second(run, monkeypatch):
    clock = [50.0]
    monkeypatch.setattr(run.owner.press_guard, "_clock", lambda: clock[0])
    monkeypatch.setattr(run.owner.press_guard, "_shown", {})
    monkeypatch.setattr(run.owner.press_guard, "_disabled", {})
    rows = []

    def row_of(shown):
        layout = SimpleNamespace(row=lambda **_: rows.append(SimpleNamespace(enabled=True)) or rows[-1])
        context = SimpleNamespace(region=SimpleNamespace())
        return part("panels.widgets.steady_rows").guarded_row(layout, context, run.owner, "place", shown).enabled

    assert row_of("fix")
    assert not row_of(("cancel", "j")) and run.owner.press_guard.is_waiting
    clock[0] += 0.4
    assert not row_of(("cancel", "j")) and not run.owner.press_guard.step()
    clock[0] += 0.2
    assert run.owner.press_guard.step() and row_of(("cancel", "j")) and not run.owner.press_guard.is_waiting
