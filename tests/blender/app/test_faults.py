"""Damaged results, records and presets in Blender itself, each tried in a child (see tests/faults)."""

from __future__ import annotations

import sys
from pathlib import Path

import bpy
import pytest

sys.path.append(str(Path(__file__).resolve().parents[2] / "faults"))

from batch import tried
from glb_mutate import damaged
from glb_seeds import seeds
from preset_seeds import damaged_preset
from record_seeds import SEEDS, damaged_record
from tally import Tally, chosen_cases, effort

RECORDS = [name for name in SEEDS if name != "tags"]
# What is done, the seeds, how many cases in the quick and the long form, what makes the file, and its name's end
KINDS = {
    "glbs": ("mutated result GLBs brought into a scene, each before a whole one", list(seeds()), 100, 2000, damaged, ".glb"),
    "records": ("mutated run.json listed, used again and brought in", RECORDS, 60, 900, damaged_record, ".json"),
    "presets": ("presets with values out of range, then Generate", ["preset"], 60, 900, damaged_preset, ".py"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_damaged(kind, installed, tmp_path):
    what, names, quick, long, made, suffix = KINDS[kind]
    resources = bpy.utils.resource_path("USER")
    with Tally(name=f"blender-{kind}", what=f"{what}, in Blender") as tally:
        well = 0
        named = chosen_cases([f"in_blender-{name}" for name in names], effort(quick=quick, long=long))
        cases = (case.removeprefix("in_blender-") for case in named)
        for outcome in tried("scene_child", [kind, str(tmp_path)], cases, BLENDER_USER_RESOURCES=resources):
            data = made(outcome.case)
            data = data if isinstance(data, bytes) else data.encode("utf-8", "replace")
            tally.judge(f"in_blender-{outcome.case}", outcome.broken, data, suffix)
            tally.saw(MB=outcome.megabytes, seconds=outcome.seconds)
            well += outcome.said in ("mesh", "used", "made")
        tally.note = f"{well} could be used, the others were refused or skipped with a sentence"
