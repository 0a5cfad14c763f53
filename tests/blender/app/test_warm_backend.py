"""What keeps the tests apart although their backends outlive them (see `warm_backend`)."""

from __future__ import annotations

import bpy
import pytest


@pytest.fixture
def pid_after_a_job(owner, values, photo):
    """Makes one thing; the process that did."""

    def make() -> int:
        values.photo, values.names, values.seed, values.texture = str(photo), "red ball", 1, False
        assert bpy.ops.img23d.generate() == {"FINISHED"}
        return owner.session.hello.pid

    return make


def end(owner, shelf) -> None:
    """As at the end of a test."""
    shelf.keep_backend_of(owner.session)
    owner.session.shutdown()
    owner.session.tick()
    assert owner.session.hello is None and owner.session.state.name == "OFF"


def test_an_idle_one_goes_on_for_a_session_that_begins_anew(owner, shelf, pid_after_a_job):
    first = pid_after_a_job()
    end(owner, shelf)
    owner.session.weights = ()
    assert pid_after_a_job() == first and owner.session.engines and owner.session.jobs[0].state.name == "DONE"


def test_one_that_gave_its_memory_back_is_not_kept(owner, shelf, pid_after_a_job):
    first = pid_after_a_job()
    assert bpy.ops.img23d.free_memory() == {"FINISHED"}
    end(owner, shelf)
    assert pid_after_a_job() != first
