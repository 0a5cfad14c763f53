"""What a press brings into the panel comes with the press: its answer comes when the mouse may be on anything, and moves nothing."""

from __future__ import annotations

import builtins
import io
import os
from types import SimpleNamespace

import bpy
import pytest
from conftest import part
from drawing import drawn
from measured import measured
from test_in_the_middle import glbs as glbs  # a fixture
from test_panel_stands_still import clock as clock  # fixtures, and what they are used with
from test_panel_stands_still import run as run
from test_panel_stands_still import start, top


def sidebar() -> list[tuple[str, float]]:
    """The tab's panels that are shown now, in their order, and how high each is that is not closed at first."""
    shown = []
    for cls in part("registration")._CLASSES:
        if not issubclass(cls, bpy.types.Panel) or getattr(cls, "bl_region_type", "") != "UI" or cls.bl_space_type != "VIEW_3D":
            continue
        if hasattr(cls, "poll") and not cls.poll(bpy.context):
            continue
        is_open = "DEFAULT_CLOSED" not in getattr(cls, "bl_options", ())
        name = cls.bl_idname.removeprefix("IMG23D_PT_")
        shown.append((name, round(measured(name).height(), 2) if is_open else 0.0))
    return shown


def test_where_the_panels_stand_is_settled_by_the_press_and_not_by_the_answer(run, values, glbs):
    """By then the mouse may be on anything."""
    bpy.ops.object.select_all(action="SELECT")
    bpy.ops.object.delete()
    startup = sidebar()
    assert not {"results", "waiting", "made", "target_box"} & dict(startup).keys()
    assert dict(startup)["targets"] == pytest.approx(10.9), "the list and its buttons, as high as ever"
    assert bpy.ops.img23d.find_targets() == {"FINISHED"}
    pressed = sidebar()
    assert pressed != startup
    run.tick()
    assert sidebar() == pressed, "while it is looked for"
    run.locate("cup", "bowl", "lamp")
    run.finish(made=3)
    assert len(values.targets) == 3 and sidebar() == pressed, "when it was found"
    run.owner.press_guard._pressed.clear()
    assert bpy.ops.img23d.generate() == {"FINISHED"}
    pressed = sidebar()
    run.tick()
    run.locate("cup", "bowl", "lamp")
    run.mesh(0, glbs[0], textured=True)
    run.finish(made=1)
    assert bpy.context.object is not None and "img23d_run" in bpy.context.object
    assert sidebar() == pressed, "when it was made"


@pytest.mark.parametrize("ending", ["cancelled", "nothing found"])
def test_a_search_that_ends_without_anything_moves_nothing(run, values, ending):
    assert bpy.ops.img23d.find_targets() == {"FINISHED"}
    run.tick()
    pressed = sidebar()
    if ending == "cancelled":
        run.link.say(run.messages.Cancelled(job=run.job.id))
    else:
        run.link.say(run.messages.Failed(job=run.job.id, code="nothing_found", sentence="Nothing was found.", detail=""))
    run.tick()
    assert run.owner.session.active is None and sidebar() == pressed and not values.targets


@pytest.mark.parametrize("engine", ["preview", "hunyuan3d"])
def test_the_place_of_a_chosen_thing_is_as_high_without_one(run, values, engine):
    values.engine = engine
    row = values.targets.add()
    row.name, row.has_box = "cup", True
    values.active_target = 0
    panels = ("targets", "target_box")
    heights = [measured(name).height() for name in panels]
    bpy.ops.img23d.find_targets()
    values.active_target = -1
    assert [measured(name).height() for name in panels] == pytest.approx(heights)


def test_how_many_wait_is_said_beside_cancel_with_an_x_for_the_last(run, clock, values):
    """Where the artist looks who pressed Generate twice; the whole list stands far below."""
    start(run)
    before = top()[1]
    for name in ("bowl", "lamp"):
        values.names = name
        run.owner.press_guard._pressed.clear()
        bpy.ops.img23d.generate()
    waiting = [job.id for job in run.owner.applier.queue.waiting]
    assert len(waiting) == 2
    panel = drawn(part("panels.tab").IMG23D_PT_main)
    assert "2 waiting" in panel.said and panel.pressed("img23d.queue_remove") == [{"job": waiting[1]}]
    places = dict(measured("main").places())
    assert places["img23d.queue_remove"] == places["img23d.cancel"] and top()[1] == before
    assert bpy.ops.img23d.queue_remove(job=waiting[1]) == {"FINISHED"}
    panel = drawn(part("panels.tab").IMG23D_PT_main)
    assert "1 waiting" in panel.said and panel.pressed("img23d.queue_remove") == [{"job": waiting[0]}]
    assert "img23d.queue_remove" in list(measured("main").dead()), "another one came under the mouse"
    clock[0] += 0.6
    assert "img23d.queue_remove" not in list(measured("main").dead())


def test_what_is_held_after_a_run_is_said_in_the_same_place(run, values):
    start(run)
    values.names = "bowl"
    run.owner.press_guard._pressed.clear()
    bpy.ops.img23d.generate()
    run.owner.applier.queue.hold_all("The disk is full.")
    before = top()[1]
    run.finish(made=0)
    run.tick()
    assert run.owner.session.active is None
    panel = drawn(part("panels.tab").IMG23D_PT_main)
    assert "1 waiting" in panel.said and len(panel.pressed("img23d.queue_remove")) == 1 and top()[1] == before


def test_find_says_why_it_cannot_be_pressed_while_a_run_goes_on_and_what_can(run, values):
    """In its tooltip, which Blender takes from where a script reads it."""
    values.targets.add().name = "drawn"
    start(run)
    for button in (bpy.ops.img23d.find_targets, bpy.ops.img23d.find_target_again):
        with pytest.raises(RuntimeError, match="press Find when that is over. Generate can be pressed now, and waits"):
            button()


def test_generate_that_looks_first_says_one_thing_while_a_run_goes_on(run, values):
    start(run)
    values.names, values.check_first = "fork", True
    operator, reports = part("operators.generate").IMG23D_OT_generate, []
    button = SimpleNamespace(bl_idname=operator.bl_idname, report=lambda kind, text: reports.append(text))
    assert operator.execute(button, bpy.context) == {"CANCELLED"}
    (said,) = reports
    assert "press Generate again when that is over" in said and run.owner.refusal == said
    assert not run.owner.applier.queue.waiting and len(run.owner.session.jobs) == 1
    run.finish(made=0)
    assert operator.execute(button, bpy.context) == {"FINISHED"} and run.owner.session.jobs[0].is_search


def test_nothing_that_is_drawn_asks_the_disk(run, values, glbs, monkeypatch):
    """A folder on the network may not answer for half a minute, and Blender draws many times a second."""
    bpy.ops.img23d.find_targets()
    run.tick()
    run.locate("cup", "bowl", "lamp")
    run.finish(made=3)
    run.owner.press_guard._pressed.clear()
    start(run)
    run.owner.press_guard._pressed.clear()
    values.names = "fork"
    assert bpy.ops.img23d.generate() == {"FINISHED"} and run.owner.applier.queue.waiting
    popup, asked = run.owner.popup, []

    def draw() -> None:
        sidebar()
        measured("target_box").height()
        popup._state(bpy.context.scene)

    draw()  # what is imported late is
    for module, name in ((os, "stat"), (os, "lstat"), (os, "scandir"), (os, "listdir"), (os.path, "realpath"), (builtins, "open"), (io, "open")):
        real = getattr(module, name)
        monkeypatch.setattr(module, name, lambda *args, real=real, name=name, **more: asked.append((name, args[:1])) or real(*args, **more))
    draw()
    monkeypatch.undo()
    assert not asked
