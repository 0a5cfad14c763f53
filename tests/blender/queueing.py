"""Presses of buttons while something runs, and what is seen of them."""

from __future__ import annotations

import time
from types import SimpleNamespace

import bpy
from conftest import part
from drawing import drawn


def press(values, photo, names: str) -> None:
    values.photo, values.names, values.seed, values.texture = str(photo), names, 1, False
    assert bpy.ops.img23d.generate() == {"FINISHED"}


def tick_until(owner, condition, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        owner.pump.tick()
        time.sleep(0.005)


def all_done(owner) -> bool:
    runner = owner.applier.runner
    return not runner.is_busy and not runner.has_due and not owner.applier.is_busy


def meshes() -> list[str]:
    return sorted(obj.name for obj in bpy.data.objects if obj.type == "MESH")


def waiting(owner) -> list[str]:
    return ["+".join(job.names) for job in owner.applier.queue.waiting]


def states(owner) -> dict[str, str]:
    return {job.targets[0].name: job.state.name for job in owner.session.jobs}


def panel():
    """The tab's top, and the list of what waits where it is shown."""
    waiting_list = part("panels.tab").IMG23D_PT_waiting

    def draw(layout, context) -> None:
        part("panels.tab").IMG23D_PT_main.draw(layout, context)
        if waiting_list.poll(context):
            waiting_list.draw(layout, context)

    return drawn(SimpleNamespace(draw=draw))
