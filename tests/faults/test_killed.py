"""The backend killed at random moments: in each stage, at any time, and just when a file is being saved.

Afterwards the next start works, records are whole and say that they were cut off, no half file passes for a result, and no
process is left.
"""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

import pytest
from artist import LEARNED_PYTHON, Artist, objections
from tally import Tally, chosen_cases, effort, is_soak, split_case
from whole import nothing_left

from blender_img23d.core.jobs import Job, JobState
from blender_img23d.shared.img23d_protocol import ErrorCode
from blender_img23d.shared.img23d_protocol.messages import USUAL

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals")

MOMENTS = ("anywhere", "saving", *USUAL)
LONGEST = {"preview": 0.6, "hunyuan3d": 25.0}  # seconds: about what a job takes
EFFORT = {"preview": {"quick": 7, "long": 90}, "hunyuan3d": {"quick": 3, "long": 8}}  # cases
WITHIN_A_STAGE = {"preview": 0.08, "hunyuan3d": 2.0}


def wait_for_the_moment(artist: Artist, job: Job, moment: str, chance: random.Random) -> None:
    match moment:
        case "anywhere":
            end = time.monotonic() + chance.uniform(0.0, LONGEST[artist.engine])
            artist.until(lambda: job.is_over or time.monotonic() >= end, seconds=120)
        case "saving":
            folder, files = Path(job.request.run_folder), chance.randint(1, 12)
            artist.until(lambda: job.is_over or (folder.is_dir() and len(os.listdir(folder)) >= files), seconds=120)
        case stage:
            artist.until(lambda: job.is_over or job.stage == stage, seconds=120)
            end = time.monotonic() + chance.uniform(0.0, WITHIN_A_STAGE[artist.engine])
            artist.until(lambda: job.is_over or time.monotonic() >= end, seconds=120)


def killed(artist: Artist, moment: str, chance: random.Random) -> str:
    """What was wrong afterwards, empty where nothing was."""
    job = artist.generate()
    artist.until(lambda: artist.session.hello is not None, seconds=120)
    wait_for_the_moment(artist, job, moment, chance)
    if not job.is_over:
        os.kill(artist.pid, signal.SIGKILL)
        artist.until(lambda: job.is_over)
        if job.state is not JobState.FAILED or job.code != ErrorCode.BACKEND_DIED or not job.error:
            return f"it ended as {job.state} {job.code} {job.error!r}"
    else:
        os.kill(artist.links[-1].pid, signal.SIGKILL)
        artist.until(lambda: artist.session.hello is None)  # the next job would be sent to the dead one
    told = [path for target in job.targets for path in (*(one.path for one in target.results.values()), target.cutout, target.preview) if path]
    missing = [f"{path} was told and is not there" for path in told if not Path(path).is_file()]
    return "; ".join([*missing, *objections(artist.base)])


@pytest.mark.parametrize("engine", ["preview", *(["hunyuan3d"] if is_soak() else [])])
def test_killed_at_random_moments(engine: str, tmp_path: Path) -> None:
    what = f"backends killed with SIGKILL at random moments, engine {engine}: in each stage, anywhere, and while files are saved"
    with Tally(name=f"killed-{engine}", what=what) as tally:
        if engine == "hunyuan3d" and not os.environ.get(LEARNED_PYTHON):
            pytest.skip("no environment of the learned models")
        artist = Artist(tmp_path, engine)
        moments = [f"killed_{engine}-{moment}" for moment in MOMENTS]
        try:
            for case in chosen_cases(moments, effort(**EFFORT[engine])):
                moment, number = split_case(case)
                tally.judge(case, killed(artist, moment.partition("-")[2], random.Random(number)))
            artist.finish()
        finally:
            artist.session.shutdown()
            left = nothing_left(str(tmp_path))
            artist.close()
        if left or objections(tmp_path):
            tally.failed("afterwards", left or str(objections(tmp_path)))
