"""The lines of the result list while some are stopped and others go on."""

from __future__ import annotations

from types import SimpleNamespace

import bpy
import pytest
from conftest import part
from drawing import Layout, drawn
from scripted import Rehearsal


@pytest.fixture
def rehearsal(owner, monkeypatch, photo, as_with_a_window):
    rehearsal = Rehearsal(owner, monkeypatch)
    values = bpy.context.scene.img23d
    values.photo, values.names = str(photo), "red ball, blue ball"
    bpy.ops.img23d.generate()
    rehearsal.locate("red ball", "blue ball")
    return rehearsal


def line(owner, index: int) -> Layout:
    layout, results = Layout(), part("panels.results.results")
    results._draw_state(layout, SimpleNamespace(region=None), owner, owner.session.jobs[0], owner.session.jobs[0].targets[index], index)
    return layout


def test_each_line_has_a_button_that_stops_it(owner, rehearsal):
    job = rehearsal.job
    assert line(owner, 1).pressed("img23d.cancel_target") == [{"job": job.id, "index": 1}]
    assert bpy.ops.img23d.cancel_target(job=job.id, index=1) == {"FINISHED"}
    rehearsal.tick()
    assert line(owner, 1).texts == ["Stopped"] and not line(owner, 1).buttons
    assert line(owner, 0).pressed("img23d.cancel_target"), "the other goes on"


def test_what_the_artist_stopped_is_said_below_the_list(owner, rehearsal):
    bpy.ops.img23d.cancel_target(job=rehearsal.job.id, index=1)
    rehearsal.finish(made=1)
    bpy.context.window_manager.img23d.active_row = 1
    said = drawn(part("panels.tab").IMG23D_PT_results).said
    assert "You stopped this one" in said and "could not be made" not in said


def test_an_older_runs_error_is_read_in_the_list_and_not_at_the_top(owner, rehearsal):
    rehearsal.link.say(rehearsal.messages.Failed(job=rehearsal.job.id, code="disk_full", sentence="The disk is full."))
    rehearsal.tick()
    draw = part("panels.sidebar.status").draw_status
    top = SimpleNamespace(draw=lambda layout, context: draw(layout, context, owner, context.scene.img23d))
    results = part("panels.tab").IMG23D_PT_results
    assert "The disk is full." in drawn(top).said and "The disk is full." not in drawn(results).said
    rehearsal.job.is_past = True
    assert "The disk is full." not in drawn(top).said and "The disk is full." in drawn(results).said


def test_what_failed_of_a_run_is_said_below_generate(owner, rehearsal):
    """There the artist looks when it is over; the list may be far below."""
    rehearsal.link.say(rehearsal.messages.TargetFailed(job=rehearsal.job.id, target=1, code="no_region", sentence="Nothing is there."))
    rehearsal.finish(made=1)
    draw = part("panels.sidebar.status").draw_status
    top = SimpleNamespace(draw=lambda layout, context: draw(layout, context, owner, context.scene.img23d))
    assert "1 of 2 could not be made: Results below says why." in drawn(top).said
    rehearsal.job.is_past = True
    assert "could not be made" not in drawn(top).said
