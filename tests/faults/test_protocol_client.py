"""A backend that says damaged lines, or far too many: the session goes on, in little memory, and the next backend works."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from desk import Desk
from player_desk import PlayerDesk
from protocol_seeds import damaged_line, from_backend
from tally import Tally, chosen_cases, effort, rounds, split_case

from blender_img23d.core.jobs import Job
from blender_img23d.core.states import JobState

LINES = 12  # a case, each of another kind
LONGEST_TICK = 0.5  # seconds; a line of many megabytes is decoded in the reader's thread
MOST_MEGABYTES = 100.0  # of a flood of lines that Blender does not look at
LINE_SIZES = (100, 10_000, 1_000_000, 15_000_000)  # bytes


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[PlayerDesk]:
    desk = PlayerDesk(tmp_path)
    yield desk
    desk.close()


def lines_of(case: str) -> bytes:
    """Some of a job's way, with damaged lines of every kind in between, and its end."""
    seeds = from_backend()
    kinds = list(seeds)
    _, number = split_case(case)
    said = [json.dumps({"kind": "Accepted", "job": "job1"}).encode() + b"\n"]
    for step in range(LINES):
        kind = kinds[(number * LINES + step) % len(kinds)]
        said.append(damaged_line(seeds, f"{kind}:{number * LINES + step}"))
    finished = {"kind": "Finished", "job": "job1", "made": 1, "failed": 0, "seconds": 1.0}
    said.append(b"\n" + json.dumps(finished).encode() + b"\n")
    return b"".join(said)


def test_the_seeds_are_taken(desk: PlayerDesk) -> None:
    last = {"Finished", "Cancelled", "Failed", "Diagnosed"}
    said = [{"kind": kind, **message} for kind, message in from_backend().items() if kind not in last]
    said.append({"kind": "Finished", **from_backend()["Finished"]})
    desk.lines.write_text("".join(json.dumps(message) + "\n" for message in said))
    job = desk.run()
    assert job.state is JobState.DONE and job.targets[0].main.path.endswith("00.glb") and job.targets[1].error, job


def test_damaged_lines(desk: PlayerDesk) -> None:
    with Tally(name="protocol-client", what=f"backends that say {LINES} mutated lines or floods each to the real client") as tally:
        for case in chosen_cases(["said"], effort(quick=30, long=400)):
            desk.lines.write_bytes(lines_of(case))
            try:
                why = objection(desk, desk.run("job1"))
            except Exception as error:  # what escapes from a tick would stop Blender's timer
                why = f"escaped: {error!r}"
            tally.judge(case, why, desk.lines.read_bytes(), ".txt")
            tally.saw(tick=desk.longest_tick)
            desk.longest_tick = 0.0
            desk.session.shutdown(at_once=True)
            desk.session.jobs.clear()
            desk.close()


def objection(desk: Desk, job: Job) -> str:
    if desk.longest_tick > LONGEST_TICK:
        return f"a tick took {desk.longest_tick:.2f} s"
    if not (math.isfinite(job.progress) and 0.0 <= job.progress <= 1.0):
        return f"progress {job.progress}"
    if job.state is JobState.FAILED and not job.error.strip():
        return "failed without a sentence"
    return ""


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
@pytest.mark.parametrize("size", LINE_SIZES)
def test_a_flood_while_blender_does_not_look(size: int, tmp_path: Path) -> None:
    with Tally(name=f"flood-{size}", what=f"a flood of lines of {size:,} bytes while Blender does not look") as tally:
        seconds = rounds(quick=2, long=10)
        line = json.dumps({"kind": "Log", "level": "info", "text": "x" * (size - 60)}).encode() + b"\n"
        (tmp_path / "lines.txt").write_bytes(line * max(1, 1_000_000 // size))
        command = [sys.executable, str(Path(__file__).with_name("flooded.py")), str(tmp_path), str(seconds)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr[-2000:]
        megabytes, tick = map(float, done.stdout.split())
        is_much = megabytes > MOST_MEGABYTES or tick > LONGEST_TICK
        tally.judge(f"{size} bytes", f"{megabytes:.0f} MB, tick {tick:.2f} s" if is_much else "")
        tally.saw(MB=megabytes, tick=tick)
