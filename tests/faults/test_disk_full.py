"""A disk that fills at every possible place of a run: said so, nothing half made left for a result, and the backend goes on."""

from __future__ import annotations

import errno
import json
import os
import random
import shutil
from pathlib import Path

from artist import Artist, objections
from tally import Tally, chosen_cases, effort, split_case

from blender_img23d.core.jobs import Job, JobState
from blender_img23d.shared.img23d_protocol import ErrorCode
from tests.small_disk import mounted

MEGABYTES = 24  # of the file system in memory
BLOCK = 4096


def free(disk: Path) -> int:
    return shutil.disk_usage(disk).free


def fill(disk: Path, left: int) -> Path:
    """A file that leaves so many bytes."""
    filler = disk / "filler"
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, max(free(disk) - left, BLOCK))
    return filler


def objection(job: Job, base: Path) -> str:
    wrong = objections(base)
    wrong += [f"left behind: {path.name}" for path in base.rglob("*.part")]
    if job.state is JobState.FAILED:
        if job.code != ErrorCode.DISK_FULL or "disk" not in job.error:
            wrong.append(f"it failed as {job.code}: {job.error!r}")
        if state_of(job) not in ("failed", "no record"):
            wrong.append(f"the record ends as {state_of(job)}")
    elif job.state is JobState.DONE:
        unmade = [target for target in job.targets if not target.textured]
        wrong += [f"{target.name}: {target.error!r}" for target in unmade if "disk" not in target.error]
    else:
        wrong.append(f"it ended as {job.state}")
    return "; ".join(wrong)


def state_of(job: Job) -> str:
    record = Path(job.request.run_folder) / "run.json"
    return json.loads(record.read_text(encoding="utf-8"))["state"] if record.is_file() else "no record"


def test_the_disk_fills_during_a_run(tmp_path: Path) -> None:
    what = "runs on a file system that is full after a random number of bytes"
    with Tally(name="disk-full", what=what) as tally, mounted(tmp_path / "disk", MEGABYTES) as disk:
        artist = Artist(tmp_path, base=disk)
        try:
            before = free(disk)
            artist.finish()
            needed = before - free(disk)
            failed = 0
            for case in chosen_cases(["full"], effort(quick=8, long=60)):
                chance = random.Random(split_case(case)[1])
                shutil.rmtree(disk / "runs", ignore_errors=True)
                filler = fill(disk, chance.randrange(0, needed + 2 * BLOCK, BLOCK))
                job = artist.generate()
                artist.until(lambda: job.is_over, seconds=60)
                filler.unlink()
                failed += job.state is JobState.FAILED or any(target.error for target in job.targets)
                tally.judge(case, objection(job, disk))
            tally.note = f"{failed} of them ran out of room"
            shutil.rmtree(disk / "runs", ignore_errors=True)
            artist.finish()
            assert len(artist.links) == 1, "the backend went on"
        except OSError as error:
            assert error.errno != errno.EOPNOTSUPP, "this file system cannot be filled by allocation"
            raise
        finally:
            artist.close()
