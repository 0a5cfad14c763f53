"""What is said of a run's numbers is true, and only of the photo that is chosen."""

from __future__ import annotations

from fake_link import made

from blender_img23d.core.jobs import Job, JobTarget, new_job
from blender_img23d.core.states import JobState
from blender_img23d.core.tally import is_about, tally
from blender_img23d.shared.img23d_protocol.messages import Generate, Paint, Settings


def run_of(*targets: JobTarget) -> Job:
    request = Generate(job="j", photo="/a.png", run_folder="/r", settings=Settings.of(texture=False))
    job = new_job(request, file_key="", now=0.0)
    job.targets = list(targets)
    return job


def test_26_of_30_that_failed_are_not_finished() -> None:
    done = [JobTarget(name=f"made {index}", results=made()) for index in range(4)]
    job = run_of(*done, *(JobTarget(name=f"failed {index}", error="No.") for index in range(26)))
    for state in (JobState.RUNNING, JobState.DONE):
        job.state = state
        count = tally(job)
        assert (count.count, count.made, count.failed, count.stopped) == (30, 4, 26, 0) and not count.has_all


def test_what_is_not_made_yet_is_not_counted() -> None:
    job = run_of(JobTarget(name="a", results=made()), JobTarget(name="b"), JobTarget(name="c", is_cancelled=True))
    job.state = JobState.RUNNING
    count = tally(job)
    assert (count.made, count.failed, count.stopped) == (1, 0, 1)
    job.state = JobState.DONE
    assert tally(job).made == 1, "over, and there is no mesh of the second"


def test_a_message_is_about_its_own_photo() -> None:
    job = run_of()
    assert is_about(job, "/a.png") and not is_about(job, "/b.png") and not is_about(job, "")
    painted = new_job(Paint(job="p", run_folder="/r", mesh="/m", picture="/own.png", name="cup"), file_key="", now=0.0)
    assert is_about(painted, "/b.png"), "a re-texture has a picture of its own"
