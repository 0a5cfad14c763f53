"""Damaged result meshes through the reader that needs no Blender; tests/blender takes them all the way into a scene."""

from __future__ import annotations

import io
from pathlib import Path

import trimesh
from batch import tried
from glb_child import check_arrays
from glb_mutate import damaged
from glb_seeds import seeds
from tally import Tally, chosen_cases, effort

from blender_img23d.scene.glb.arrays import read_glb

MOST_SECONDS, MOST_MEGABYTES = 5.0, 600.0


def test_the_seeds_are_what_they_should_be(tmp_path: Path) -> None:
    """By a second reader, and by ours: damage to what was never right would prove nothing."""
    for name, data in seeds().items():
        ball = trimesh.load(io.BytesIO(data), file_type="glb", force="mesh")
        assert ball.is_watertight and ball.volume > 2.0, name
        (tmp_path / name).write_bytes(data)
        arrays = read_glb(str(tmp_path / name))
        check_arrays(arrays)
        assert len(arrays.corner_vertices) == 3 * len(ball.faces) and bool(arrays.png) == (name != "plain")


def test_damaged_glbs(tmp_path: Path) -> None:
    with Tally(name="glbs", what="mutated result GLBs through the extension's reader") as tally:
        made = 0
        for outcome in tried("glb_child", [str(tmp_path)], chosen_cases(list(seeds()), effort(quick=400, long=6000))):
            slow = f"took {outcome.seconds:.1f} s" if outcome.seconds > MOST_SECONDS else ""
            large = f"took {outcome.megabytes:.0f} MB" if outcome.megabytes > MOST_MEGABYTES else ""
            tally.judge(outcome.case, outcome.broken or slow or large, damaged(outcome.case), ".glb")
            tally.saw(MB=outcome.megabytes, seconds=outcome.seconds)
            made += outcome.said == "mesh"
        tally.note = f"{made} still a mesh, the others refused"
