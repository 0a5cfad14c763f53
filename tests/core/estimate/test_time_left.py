"""The time that is left: from past runs, from the run's own pace, and told calmly."""

from __future__ import annotations

import pytest
from fake_link import BOX, Rig, finished, located, made, make_request, mesh

from blender_img23d.core.estimate.run_statistics import Pace, alike, pace_of, pace_of_all
from blender_img23d.core.estimate.time_left import StageNow, TimeLeft, stage_now
from blender_img23d.core.jobs import Job, JobTarget, new_job
from blender_img23d.core.rounding import rounded
from blender_img23d.core.states import JobState
from blender_img23d.shared.img23d_protocol.messages import Generate, Progress, Settings, Stage, TargetFailed

EVEN = Pace(once=4.0, each={Stage.MATTE: 1.0, Stage.SHAPE: 5.0, Stage.PAINT: 4.0})  # 24 s for two


class Watch:
    """A job of two things and a clock that the test turns."""

    def __init__(self, past: Pace | None = None) -> None:
        self.now = 100.0
        self.past = past
        self.left = TimeLeft(clock=lambda: self.now)
        self.rig = Rig()
        self.job = self.rig.run()
        self.look()

    def look(self) -> None:
        self.left.update(self.job, self.past)

    def go(self, seconds: float, stage: Stage, target: int, fraction: float) -> None:
        """That much later it is said how far it is."""
        before = self.job.stage
        if stage is not Stage.LOCATE and before is Stage.LOCATE:
            self.rig.hear(located())
        for _ in range(round(seconds * 10)):
            self.now += 0.1
            self.look()
        self.rig.hear(Progress(job="job1", stage=stage, target=target, fraction=fraction))
        self.look()


STORY = [
    (4.0, Stage.LOCATE, -1, 1.0),
    (1.0, Stage.MATTE, 0, 1.0),
    (1.0, Stage.MATTE, 1, 1.0),
    (5.0, Stage.SHAPE, 0, 1.0),
    (5.0, Stage.SHAPE, 1, 1.0),
    (4.0, Stage.PAINT, 0, 1.0),
    (4.0, Stage.PAINT, 1, 1.0),
]


@pytest.mark.parametrize("speed", [0.5, 1.0, 2.0])
def test_a_run_like_the_ones_before_at_any_pace(speed: float) -> None:
    watch = Watch(EVEN)
    assert watch.left.told == 25
    told, fractions, elapsed = [], [], 0.0
    for seconds, stage, target, fraction in STORY:
        watch.go(seconds * speed, stage, target, fraction)
        elapsed += seconds * speed
        told.append(watch.left.told - (24 * speed - elapsed))
        fractions.append(watch.left.fraction)
    assert fractions == sorted(fractions) and fractions[-1] == pytest.approx(1.0)
    assert all(abs(error) <= 16 * max(speed, 1.0) for error in told) and abs(told[-1]) <= 10, told


def test_it_counts_down_without_jumping() -> None:
    watch = Watch(EVEN)
    seen = []
    for seconds, stage, target, fraction in STORY:
        watch.go(seconds, stage, target, fraction)
        seen.append(watch.left.told)
    assert seen == sorted(seen, reverse=True)


def test_a_first_run_estimates_before_it_tells() -> None:
    watch = Watch()
    watch.go(1.0, Stage.LOCATE, -1, 0.2)
    assert watch.left.told is None
    watch.go(3.0, Stage.LOCATE, -1, 1.0)
    watch.go(1.0, Stage.MATTE, 0, 1.0)
    assert watch.left.told is not None


def test_a_stage_that_hangs_makes_it_longer() -> None:
    """Such as a first run that reads the models."""
    watch = Watch(EVEN)
    watch.go(30.0, Stage.LOCATE, -1, 0.5)
    assert watch.left.told > 40


def test_time_before_the_backend_is_there_does_not_count() -> None:
    watch = Watch(EVEN)
    watch.job.state = JobState.WAITING
    watch.now += 50
    watch.look()
    watch.job.state = JobState.RUNNING
    watch.look()
    assert watch.left.told == 25


def test_a_failed_target_needs_no_time_any_more() -> None:
    watch = Watch(EVEN)
    watch.go(4.0, Stage.LOCATE, -1, 1.0)
    watch.go(1.0, Stage.MATTE, 0, 1.0)
    before = watch.left.told
    watch.rig.hear(TargetFailed(job="job1", target=1, code="c", sentence="s"))
    watch.go(0.5, Stage.SHAPE, 0, 0.0)
    for _ in range(100):
        watch.now += 0.01
        watch.look()
    assert watch.left.told < before - 3


def test_another_job_begins_anew_and_no_job_tells_nothing() -> None:
    watch = Watch(EVEN)
    watch.go(4.0, Stage.LOCATE, -1, 1.0)
    watch.left.update(None)
    assert (watch.left.told, watch.left.fraction) == (None, 0.0)


def test_what_a_finished_run_took_is_kept_for_the_next_ones() -> None:
    watch = Watch()
    for step in STORY:
        watch.go(*step)
    watch.rig.hear(mesh(0, textured=True), mesh(1, textured=True), finished())
    watch.look()
    watch.left.update(None)
    assert watch.job.stage_seconds == pytest.approx({"locate": 1.0, "matte": 6.0, "shape": 9.0, "paint": 4.0}, abs=0.3)


def test_what_a_cancelled_run_took_is_not() -> None:
    watch = Watch()
    watch.go(3.0, Stage.LOCATE, -1, 1.0)
    watch.rig.session.cancel()
    watch.left.update(None)
    assert watch.job.stage_seconds == {}


@pytest.mark.parametrize(("seconds", "said"), [(0.0, 5), (4.9, 5), (5.1, 10), (61.0, 65), (90.0, 90), (91.0, 120), (3000.0, 3000)])
def test_as_a_person_would_say_it(seconds: float, said: int) -> None:
    assert rounded(seconds) == said


def test_the_stage_in_numbers() -> None:
    watch = Watch()
    assert stage_now(watch.job) is None
    watch.go(0.1, Stage.LOCATE, -1, 0.5)
    assert stage_now(watch.job) == StageNow(stage=Stage.LOCATE)
    watch.go(0.1, Stage.SHAPE, 0, 0.5)
    assert stage_now(watch.job) == StageNow(stage=Stage.SHAPE, number=1, count=2)
    watch.go(0.1, Stage.SHAPE, 0, 1.0)
    assert stage_now(watch.job) == StageNow(stage=Stage.SHAPE, number=2, count=2)
    watch.go(0.1, Stage.SHAPE, 1, 1.0)
    assert stage_now(watch.job) == StageNow(stage=Stage.SHAPE, number=2, count=2)
    watch.rig.session.cancel_target(watch.job, 1)
    assert stage_now(watch.job) == StageNow(stage=Stage.SHAPE, number=1, count=1)


# --- past runs ------------------------------------------------------------------------------------------------------


def past_run(request: Generate, seconds: float, targets: int = 2, **stages: float) -> Job:
    job = new_job(request, file_key="", now=0.0)
    job.targets = [JobTarget(name="cup", box=BOX, results=made()) for _ in range(targets)]
    job.state, job.seconds, job.stage_seconds = JobState.DONE, seconds, stages
    return job


def wish(**changes: object) -> Generate:
    learned = {"octree_resolution": 256, "speed": "turbo"} | changes
    settings = Settings.of(**learned)
    return Generate(job="j", photo="/p.png", run_folder="/r", engine="hunyuan3d", settings=settings)


def test_a_runs_time_by_target_and_once() -> None:
    pace = pace_of(past_run(wish(), 30.0, locate=3.0, matte=4.0, shape=12.0, paint=8.0, load=1.0))
    assert pace.each == {Stage.MATTE: 2.0, Stage.SHAPE: 6.0, Stage.PAINT: 4.0}
    assert pace.once == pytest.approx(6.0)
    assert pace.seconds(5) == pytest.approx(66.0)


def test_a_run_that_only_knows_its_whole_time() -> None:
    assert pace_of(past_run(wish(), 20.0)).seconds(2) == pytest.approx(20.0)


def test_runs_that_say_nothing_about_time() -> None:
    assert pace_of(past_run(wish(), 20.0, targets=0)) is None
    assert pace_of(past_run(wish(), 0.0)) is None
    assert pace_of_all([]) is None


def test_the_newest_runs_alike_count_by_their_median() -> None:
    jobs = [past_run(wish(), seconds, targets=1) for seconds in (10.0, 12.0, 90.0)]
    found, is_same = alike(wish(), jobs)
    assert is_same and pace_of_all(found).seconds(1) == pytest.approx(12.0)


def test_similar_runs_stand_in_and_strangers_do_not() -> None:
    finer, older = past_run(wish(octree_resolution=384), 40.0), past_run(wish(shape_model="hunyuan3d-2"), 90.0)
    assert alike(wish(), [older, finer]) == ([finer], False)
    assert alike(wish(), [older]) == ([older], False)
    preview = past_run(Generate(job="j", photo="/p.png", run_folder="/r"), 5.0)
    assert alike(wish(), [preview]) == ([], False)


def test_runs_that_broke_off_do_not_count() -> None:
    job = past_run(wish(), 10.0)
    job.state = JobState.CANCELLED
    assert alike(wish(), [job]) == ([], False)
    assert alike(make_request(), []) == ([], False)


def test_what_is_nearly_done_does_not_take_minutes() -> None:
    """A run that was quicker than the runs before: the first guess must not stand beside 100%."""
    watch = Watch(Pace(once=4.0, each={Stage.MATTE: 100.0, Stage.SHAPE: 300.0, Stage.PAINT: 200.0}))
    shown = []
    for seconds, stage, target, fraction in STORY:
        watch.go(seconds / 4, stage, target, fraction)
        shown.append((watch.left.percent, watch.left.told))
    assert all(told <= 20 for percent, told in shown if percent >= 90), shown
    assert shown[-1][0] == 99, "100% is the end alone"
