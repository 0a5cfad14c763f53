"""The status bar's text: current in every tick, and gone from every workspace when the run is over."""

from __future__ import annotations

import bpy
import pytest
from conftest import part
from scripted import Rehearsal
from test_in_the_middle import glbs as glbs  # a fixture


@pytest.fixture
def texts(monkeypatch) -> dict[str, str]:
    """By workspace, as Blender keeps them: `status_text_set` has no self there (`FUNC_NO_SELF`) and takes the context's workspace."""
    kept: dict[str, str] = {}

    def take(_self, text: str | None) -> None:
        assert bpy.context.window is not None, "Blender 4.2 reads through it"
        kept[bpy.context.workspace.name] = text or ""

    monkeypatch.setattr(bpy.types.WorkSpace, "status_text_set", take)
    return kept


@pytest.fixture
def run(owner, values, photo, as_with_a_window, texts, monkeypatch):
    """A run whose ticks look up what is shown, as they do in a window."""
    rehearsal = Rehearsal(owner, monkeypatch)
    refresh, tick = owner.pump._refresh, owner.applier.step

    def step() -> bool:
        rehearsal.has_changed = tick()
        return rehearsal.has_changed

    monkeypatch.setattr(owner.applier, "step", step)
    rehearsal.show = lambda: refresh(owner, rehearsal.has_changed)
    values.photo, values.names = str(photo), "cup"
    assert bpy.ops.img23d.generate() == {"FINISHED"}
    rehearsal.tick()
    rehearsal.locate("cup")
    rehearsal.show()
    yield rehearsal
    owner.pump._status_bar.show("") if hasattr(owner.pump, "_status_bar") else owner.pump._show_status("")


def tick(run) -> None:
    run.owner.pump.tick()
    run.show()


def painted(run, glbs):
    m = run.messages
    return m.ResultReady(job=run.job.id, target=0, files=(run.in_run(glbs[0]),), stage=m.Stage.PAINT, textured=True, count=100)


def paint(run, fraction: float) -> None:
    m = run.messages
    run.link.say(m.Progress(job=run.job.id, stage=m.Stage.PAINT, target=0, fraction=fraction, note="Painting"))
    tick(run)
    tick(run)


def test_in_the_tick_in_which_a_run_ends_its_text_is_gone(run, glbs, texts):
    here = bpy.context.workspace.name
    paint(run, 0.98)
    assert "Painting" in texts[here]
    run.link.say(
        painted(run, glbs),
        run.messages.Finished(job=run.job.id, made=1, failed=0, seconds=1.0),
    )
    tick(run)
    assert run.owner.session.active is None and texts[here] == ""


def test_in_a_tick_that_changes_the_scene_the_text_is_current(run, texts):
    """The panel waits for the tick after it."""
    here = bpy.context.workspace.name
    paint(run, 0.2)
    m = run.messages
    run.link.say(m.Progress(job=run.job.id, stage=m.Stage.PAINT, target=0, fraction=0.6, note="Painting the back"))
    run.owner.pump.tick()
    run.has_changed = True
    run.show()
    assert "Painting the back" in texts[here]


def test_a_result_that_arrives_is_counted_in_the_same_tick(run, glbs):
    """Otherwise the time that is left is looked at now and then."""
    run.owner.running.look_seconds = 1000.0
    paint(run, 0.2)
    before = run.owner.running.left.fraction
    run.link.say(painted(run, glbs))
    tick(run)
    assert run.owner.running.left.fraction > before


def test_a_workspace_that_was_left_in_the_middle_of_a_run_does_not_keep_its_text(run, texts, monkeypatch):
    module = part("scene.file.windows")
    here, window = bpy.context.workspace, bpy.context.window
    other = next(one for one in bpy.data.workspaces if one != here)
    paint(run, 0.3)
    assert texts[here.name]
    monkeypatch.setattr(module, "_shown_workspaces", lambda: [(window, other)])
    tick(run)
    assert texts[other.name] and not texts[here.name], "with the text as it is"
    run.finish()
    tick(run)
    assert not any(texts.values()) and set(texts) == {one.name for one in bpy.data.workspaces}


def test_each_window_shows_it_in_its_own_workspace_and_all_lose_it(run, texts, monkeypatch):
    module = part("scene.file.windows")
    window, several = bpy.context.window, list(bpy.data.workspaces)[:2]
    monkeypatch.setattr(module, "_shown_workspaces", lambda: [(window, one) for one in several])
    paint(run, 0.3)
    assert [bool(texts.get(one.name)) for one in several] == [True, True]
    run.owner.pump.stop()
    run.owner.pump.start()
    assert not any(texts.values())
