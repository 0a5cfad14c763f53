"""Two Blenders on one user folder, and a Blender that is killed at a random moment (see tests/faults)."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import bpy
import pytest
from conftest import part

FAULTS = Path(__file__).resolve().parents[2] / "faults"
sys.path.append(str(FAULTS))

from tally import Tally, chosen_cases, effort, rounds, split_case  # noqa: E402
from whole import nothing_left, objections  # noqa: E402

START_SECONDS, TURN_SECONDS = 60.0, 120.0
A_TURN = 1.5  # seconds, about: when a Blender is killed


class Working:
    """A Blender in a process of its own (see `working_blender`), on the user folder of this one."""

    def __init__(self, base: Path, photo: Path, name: str, turns: int) -> None:
        script, blend = FAULTS / "working_blender.py", base / f"{name}.blend"
        command = [sys.executable, *map(str, (script, base, photo, blend, turns))]
        self._errors = open(base / f"{name}.txt", "w+", encoding="utf-8")
        environment = {**os.environ, "BLENDER_USER_RESOURCES": bpy.utils.resource_path("USER")}
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self._errors, text=True, env=environment)

    def turn(self) -> dict:
        """What it says of its next turn. Raises AssertionError where it ended."""
        line = self.process.stdout.readline()
        assert line, self._last_words()
        return json.loads(line)

    def kill(self) -> str:
        """Its backend must end with it; what is wrong where it does not."""
        self.process.kill()
        self.process.wait()
        return nothing_left(f"backend-{self.process.pid}.log")

    def end(self) -> str:
        assert self.process.wait(TURN_SECONDS) == 0, self._last_words()
        return nothing_left(f"backend-{self.process.pid}.log")

    def _last_words(self) -> str:
        self._errors.seek(0)
        return self._errors.read()[-2000:]


def wrong_turn(turn: dict) -> str:
    if turn["error"] or turn["objects"] < 2:
        return f"{turn['objects']} objects: {turn['error']}"
    return "" if turn["there"] and len(turn["cutouts"]) == 2 else f"what was found is not there: {turn['cutouts']}"


def test_two_blenders_on_one_folder(installed, photo, tmp_path):
    what = "turns of two Blenders at once on one user folder: find, generate, keep a preset, save"
    with Tally(name="two-blenders", what=what) as tally:
        turns = rounds(quick=2, long=10)
        both = [Working(tmp_path, photo, name, turns) for name in ("first", "second")]
        for blender in both:
            blender.turn()
        said = [(blender, blender.turn()) for _ in range(turns) for blender in both]
        for number, (_, turn) in enumerate(said):
            tally.judge(f"turn {number}", wrong_turn(turn))
        left = "".join(blender.end() for blender in both)
        runs = [turn["run"] for _, turn in said]
        lost = [run for run in runs if not Path(run, "run.json").is_file()]
        presets = {path.stem for path in Path(bpy.utils.user_resource("SCRIPTS", path="presets/img23d")).glob("*.py")}
        lost += [name for name in ("first", "second") for turn in range(turns) if f"{name}_{turn}" not in presets]
        lost += [name for name in ("first", "second") if not (tmp_path / f"{name}.blend").is_file()]
        assert len(set(runs)) == len(runs) and not lost and not left, (lost, left)
        assert not objections(tmp_path, part("core.runs.history").read_run)


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_a_blender_that_is_killed(installed, photo, tmp_path):
    what = "Blenders killed with SIGKILL at a random moment of finding, generating or saving"
    with Tally(name="killed-blender", what=what) as tally:
        for case in chosen_cases(["killed_blender"], effort(quick=1, long=8)):
            chance = random.Random(split_case(case)[1])
            blender = Working(tmp_path, photo, "killed", 1000)
            blender.turn()
            if chance.random() < 0.5:
                blender.turn()
            time.sleep(chance.uniform(0.0, A_TURN))
            left = blender.kill()
            tally.judge(case, left or "; ".join(objections(tmp_path, part("core.runs.history").read_run)))
        after = Working(tmp_path, photo, "after", 1)
        after.turn()
        assert not wrong_turn(after.turn()) and not after.end()
        assert not objections(tmp_path, part("core.runs.history").read_run)
