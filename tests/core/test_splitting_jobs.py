"""A job that splits: the parts as they come, the division at its end, and what is heard of a closing."""

from __future__ import annotations

import os

import pytest
from fake_link import HELLO, Rig

from blender_img23d.core.jobs import Job, JobState, new_job
from blender_img23d.core.plausible import MOST_RESULTS
from blender_img23d.core.session.deadlines import LONG_SILENCE_SECONDS, SILENCE_SECONDS, silence_limit
from blender_img23d.shared.img23d_protocol.messages import (
    Cancel,
    Close,
    DivisionReady,
    Failed,
    Finished,
    LidsReady,
    PartInfo,
    Piece,
    Progress,
    ResultReady,
    Settings,
    Split,
    Stage,
    Status,
)

BODY = PartInfo(name="body", color="#ff0000", faces=90, area=2.5)
BEAK = PartInfo(name="beak", color="#00ff00", faces=10, area=0.5)
SPLIT = Split(job="j", run_folder="/run", name="Duck", mesh="/run/mesh.npz", picture="/p.png")


def split_job(request: Split = SPLIT) -> Job:
    return new_job(request, file_key="", now=0.0)


def part(number: int, name: str = "") -> ResultReady:
    return ResultReady(
        job="j", target=0, files=(f"00_Duck_part_{number}.glb",), piece=Piece(part=number), stage=Stage.SPLIT, textured=False, count=7, name=name
    )


def test_one_thing_that_is_split() -> None:
    job = split_job()
    assert job.is_split and not job.is_generation and not job.is_retexture and job.splitting is SPLIT
    assert [target.name for target in job.targets] == ["Duck"] and job.picture == "/p.png" and job.stages == (Stage.SPLIT,)


def test_the_division_has_paths() -> None:
    job = split_job()
    assert job.take(DivisionReady(job="j", labels="00_Duck_labels.npy", parts=(BODY, BEAK), note="Split."))
    assert job.division is not None and job.division.parts == (BODY, BEAK) and job.targets[0].notes == ("Split.",)
    assert job.division.labels == os.path.join("/run", "00_Duck_labels.npy") and job.unfinished == []


def test_of_a_picture_alone_there_are_no_labels() -> None:
    job = split_job()
    assert job.take(DivisionReady(job="j", parts=(BODY,)))
    assert job.division is not None and job.division.labels is None


def test_parts_come_one_by_one_and_the_thing_is_done_with_the_last_word() -> None:
    job = split_job()
    job.state = JobState.RUNNING
    for number, name in enumerate(("body", "beak")):
        assert job.take(part(number, name)) and job.unfinished == [0]
    target = job.targets[0]
    assert [(one.piece.part, target.name_of(one)) for one in target.results.values()] == [(0, "body"), (1, "beak")]
    job.take(Progress(job="j", stage=Stage.SPLIT, target=0, fraction=0.5, note="part 3"))
    assert target.note == "part 3" and 0.4 < job.progress < 0.6


def test_what_nobody_can_show() -> None:
    job = split_job()
    strange = PartInfo(name="\ud800" * 3 + "\0", color="red", faces=-1, area=-2.0)
    job.take(DivisionReady(job="j", parts=(strange, PartInfo(name="", color="#ABCDEF", faces=2**40, area=1.0), *[BODY] * 1000)))
    assert job.division is not None and len(job.division.parts) == MOST_RESULTS
    first, second = job.division.parts[:2]
    assert first == PartInfo(name="??? ", color="#808080", faces=0, area=0.0) and second == PartInfo(name="part 2", color="#808080", faces=0, area=1.0)


def test_a_closing() -> None:
    job = new_job(Close(job="c", run_folder="/run", mesh="/m.npz", labels="/l.npy"), file_key="", now=0.0)
    assert job.is_close and not job.is_split and job.targets == [] and job.picture == ""
    assert job.take(LidsReady(job="c", lids="lids.npz", open_parts=(1,), note="One stays open."))
    assert (job.lids, job.open_parts, job.notes) == (os.path.join("/run", "lids.npz"), (1,), ("One stays open.",))


@pytest.mark.parametrize(("request_", "seconds"), [(SPLIT, SILENCE_SECONDS), (Close(job="c", run_folder="/r", mesh="", labels=""), SILENCE_SECONDS)])
def test_how_long_a_backend_may_be_silent(request_: Split | Close, seconds: float) -> None:
    assert silence_limit(request_) == seconds < LONG_SILENCE_SECONDS


def begun(request: Split = SPLIT) -> Rig:
    rig = Rig()
    rig.session.submit(request)
    rig.hear(HELLO)
    return rig


def test_the_session_tells_of_each_part_and_what_is_ready() -> None:
    rig = begun()
    updates = rig.hear(part(0, "body"), DivisionReady(job="j", parts=(BODY,)), Finished(job="j", made=1, failed=0, seconds=1.0))
    assert [type(one.message).__name__ for one in updates] == ["ResultReady", "DivisionReady", "Finished"]
    assert updates[0].job.state is JobState.DONE and rig.session.active is None
    rig.hear(Status(splitters=HELLO.engines))
    assert rig.session.splitters == HELLO.engines


def test_finished_parts_stay_when_it_fails_or_is_cancelled() -> None:
    rig = begun()
    rig.hear(part(0, "body"), Failed(job="j", code="out_of_memory", sentence="There was not enough memory."))
    (job,) = rig.session.jobs
    assert job.state is JobState.FAILED and len(job.targets[0].results) == 1 and job.division is None
    rig = begun()
    rig.hear(part(0, "body"))
    rig.session.cancel_target(rig.session.jobs[0], 0)
    assert rig.link.sent[-1] == Cancel(job="j") and rig.session.jobs[0].state is JobState.CANCELLED
    assert len(rig.session.jobs[0].targets[0].results) == 1


def test_settings_go_with_it() -> None:
    rig = begun(Split(job="j", run_folder="/run", mesh="/m.npz", settings=Settings.of(parts_count=3)))
    assert rig.link.sent[0].settings.parts.built_in.division.count == 3  # type: ignore[union-attr]
