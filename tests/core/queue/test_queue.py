"""The order in which things wait, and what becomes of the others when one of them ends, fails, or cannot be begun."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from fake_link import make_request
from queue_rig import make, paint

from blender_img23d.core.jobs import Job, new_job
from blender_img23d.core.queue.queue import MOST_WAITING, Queue, StepState
from blender_img23d.core.queue.queued_jobs import QueuedJob, check_picture
from blender_img23d.core.retexture_requests import build_unwrap
from blender_img23d.shared.img23d_protocol import ErrorCode, Img23DError
from blender_img23d.shared.img23d_protocol.messages import Cancelled, Failed, Finished, UvSource


class Desk:
    """A queue, what it has kept, and its time."""

    def __init__(self, folder: Path) -> None:
        self.now = 100.0
        self.kept: list[tuple[str, ...]] = []
        self.queue = Queue(self._keep, clock=lambda: self.now)
        self.jobs = {name: make(folder, name) for name in ("a", "b", "c")}

    def _keep(self, jobs: Sequence[QueuedJob]) -> None:
        self.kept.append(tuple("+".join(job.names) for job in jobs))

    def wait(self, *names: str) -> None:
        for name in names:
            self.queue.add(self.jobs[name])

    @property
    def waiting(self) -> str:
        return "".join(job.names[0] for job in self.queue.waiting)

    def run(self, job: QueuedJob, run: str = "run1") -> Job:
        """Begins it, or its next part."""
        if self.queue.running is not job:
            self.queue.begin(job)
        begun = new_job(make_request(run), file_key="", now=0.0)
        self.queue.ran(self.queue.next_step(), begun)
        return begun


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def finish(queue: Queue, job: Job, **more: str) -> None:
    queue.on_end(job, Finished(job=job.id, made=1, failed=0, seconds=1.0), **more)


def fail(queue: Queue, job: Job, code: str = "no_region") -> None:
    queue.on_end(job, Failed(job=job.id, code=code, sentence="It could not be found.", detail=""))


def test_in_the_order_of_the_presses_and_in_the_artists_own(desk: Desk) -> None:
    desk.wait("a", "b", "c")
    assert desk.waiting == "abc" and [job.names[0] for job in desk.queue.due] == ["a", "b", "c"]
    desk.queue.move("id-c", -1)
    assert desk.waiting == "acb"
    desk.queue.move("id-a", 1)
    desk.queue.move("id-c", -1)  # is the first already
    desk.queue.move("id-b", 1)  # and the last
    desk.queue.move("id-gone", 1)
    assert desk.waiting == "cab"
    desk.queue.remove("id-a")
    desk.queue.remove("id-a")
    assert desk.waiting == "cb" and desk.kept[-1] == ("c", "b")
    desk.queue.clear()
    assert desk.waiting == "" and desk.kept[-1] == ()


def test_what_runs_is_not_kept_and_each_change_is_seen(desk: Desk) -> None:
    desk.wait("a", "b")
    before = desk.queue.version
    run = desk.run(desk.jobs["a"])
    assert desk.waiting == "b" and desk.kept[-1] == ("b",) and desk.queue.version > before
    assert desk.queue.is_busy and desk.queue.next_step() is None
    finish(desk.queue, run)
    assert not desk.queue.is_busy and not desk.queue.setbacks and desk.waiting == "b"


def test_cancel_ends_the_one_that_runs_and_no_other(desk: Desk) -> None:
    desk.wait("a", "b", "c")
    run = desk.run(desk.jobs["a"])
    desk.queue.on_end(run, Cancelled(job=run.id))
    assert not desk.queue.is_busy and desk.waiting == "bc" and not desk.queue.setbacks


def test_one_that_fails_says_so_beside_the_others_and_can_be_tried_again(desk: Desk) -> None:
    desk.wait("a", "b")
    fail(desk.queue, desk.run(desk.jobs["a"]))
    (setback,) = desk.queue.setbacks
    assert (setback.job.names, setback.sentence, setback.run) == (("a",), "It could not be found.", "run1")
    assert [job.names[0] for job in desk.queue.due] == ["b"]
    desk.queue.try_again(setback)
    assert desk.waiting == "ba" and not desk.queue.setbacks
    again = desk.queue.waiting[1].making
    assert again.run_folder != desk.jobs["a"].making.run_folder and again.wanted == desk.jobs["a"].making.wanted
    fail(desk.queue, desk.run(desk.queue.waiting[0], "run2"))
    desk.queue.dismiss(desk.queue.setbacks[0])
    assert not desk.queue.setbacks and desk.waiting == "a"


def test_one_alone_that_fails_is_told_elsewhere(desk: Desk) -> None:
    fail(desk.queue, desk.run(desk.jobs["a"]))
    assert not desk.queue.setbacks and desk.queue.steps[0].state is StepState.FAILED


@pytest.mark.parametrize("code", ["backend_start", "version_mismatch", "disk_full", "folder_unwritable"])
def test_where_nothing_can_work_the_others_wait_for_the_artist(desk: Desk, code: str) -> None:
    desk.wait("a", "b", "c")
    fail(desk.queue, desk.run(desk.jobs["a"]), code)
    assert desk.waiting == "bc" and desk.queue.due == [] and desk.queue.hold == "It could not be found."
    desk.queue.go_on()
    assert len(desk.queue.due) == 2 and not desk.queue.hold


def test_one_that_cannot_be_begun(desk: Desk) -> None:
    desk.wait("a", "b")
    desk.queue.begin(desk.jobs["a"])
    desk.queue.refuse(desk.queue.next_step(), Img23DError(ErrorCode.PHOTO_NOT_FOUND, "The photo is not there."))
    assert not desk.queue.is_busy and desk.queue.setbacks[0].sentence == "The photo is not there." and desk.waiting == "b"
    desk.queue.begin(desk.jobs["b"])
    desk.queue.refuse(desk.queue.next_step(), Img23DError(ErrorCode.BACKEND_START, "It cannot be started."))
    assert desk.waiting == "b" and desk.queue.hold == "It cannot be started." and not desk.queue.is_busy
    assert len(desk.queue.setbacks) == 1, "nothing is wrong with this one"


def test_meshes_of_one_press_come_one_after_the_other(desk: Desk, tmp_path: Path) -> None:
    row = paint(tmp_path, "x", "y", "z")
    desk.queue.add(row)
    desk.wait("a")
    first = desk.run(row)
    assert desk.kept[-1] == ("y+z", "a"), "a restart loses what was not begun of the row no more than the others"
    finish(desk.queue, first)
    second = desk.run(row, "run2")
    finish(desk.queue, second, failure="Its faces were changed.")
    (setback,) = desk.queue.setbacks
    assert setback.job.names == ("y",) and setback.sentence == "Its faces were changed."
    third = desk.run(row, "run3")
    assert desk.kept[-1] == ("a",)
    finish(desk.queue, third)
    assert [step.state for step in desk.queue.steps] == [StepState.DONE, StepState.FAILED, StepState.DONE]


def test_a_mesh_that_was_laid_out_has_another_turn(desk: Desk, tmp_path: Path) -> None:
    row = paint(tmp_path, "x")
    desk.queue.begin(row)
    request = build_unwrap(mesh="m", name="x", uv=UvSource.NEW, texture_size=1024, run_folder=tmp_path)
    laid_out = new_job(request, file_key="", now=0.0)
    desk.queue.ran(desk.queue.next_step(), laid_out)
    finish(desk.queue, laid_out)
    assert desk.queue.is_busy and desk.queue.next_step().state is StepState.LAID_OUT
    desk.queue.stop()
    assert not desk.queue.is_busy


def test_the_rest_of_a_row_goes_back(desk: Desk, tmp_path: Path) -> None:
    row = paint(tmp_path, "x", "y", "z")
    desk.wait("a")
    finish(desk.queue, desk.run(row))
    desk.queue.put_back()
    assert not desk.queue.is_busy and [job.names for job in desk.queue.waiting] == [("y", "z"), ("a",)]


def test_the_list_keeps_its_height_until_it_is_cleared_or_a_run_begins_without_it(desk: Desk, tmp_path: Path) -> None:
    desk.wait("a", "b", "c")
    finish(desk.queue, desk.run(desk.jobs["a"]))
    finish(desk.queue, desk.run(desk.jobs["b"], "run2"))
    assert desk.waiting == "c" and desk.queue.slots == 3
    desk.queue.move("id-c", -1)
    desk.queue.remove("id-c")
    assert desk.queue.slots == 3, "the mouse is over it"
    desk.queue.clear()
    assert desk.queue.slots == 0
    desk.wait("a")
    finish(desk.queue, desk.run(desk.jobs["a"], "run3"))
    assert desk.queue.slots == 1
    desk.run(make(tmp_path, "d"), "run4")
    assert desk.queue.slots == 0, "begun by a press while nothing waited"


def test_a_double_click_is_one_press(desk: Desk, tmp_path: Path) -> None:
    again = replace(make(tmp_path, "a"), id="another")
    assert desk.queue.press(desk.jobs["a"])
    desk.now += 3.0  # to begin it takes long
    desk.queue.pressed()
    desk.now += 0.3
    assert not desk.queue.press(again)
    desk.queue.pressed()
    assert desk.queue.press(desk.jobs["b"]), "something else"
    desk.queue.pressed()
    desk.now += 0.6
    assert desk.queue.press(again), "pressed anew"


def test_a_list_that_has_moved_by_itself_takes_no_press_for_a_moment(desk: Desk) -> None:
    desk.wait("a", "b")
    desk.queue.move("id-b", -1)
    assert not desk.queue.is_settling, "the artist's own"
    desk.queue.begin(desk.jobs["b"])
    assert desk.queue.is_settling
    desk.now += 0.6
    assert not desk.queue.is_settling


def test_what_was_left_by_another_blender_waits_for_the_artist(desk: Desk, tmp_path: Path) -> None:
    desk.wait("a")
    left = [make(tmp_path, "old"), desk.jobs["a"]]
    desk.queue.hold_on(left, "They waited.")
    assert [job.names[0] for job in desk.queue.waiting] == ["old", "a"], "no job twice"
    assert [job.names[0] for job in desk.queue.due] == ["a"] and desk.queue.hold == "They waited."
    desk.queue.remove("id-old")
    assert desk.queue.hold == "", "nothing is held any more"


def test_it_follows_the_file_that_it_was_asked_for_in(desk: Desk) -> None:
    desk.wait("a")
    desk.queue.follow("load-2", "/other.blend")
    assert desk.queue.waiting[0].where.file == "/home/me/kitchen.blend"
    desk.queue.follow("load-1", "/saved as.blend")
    assert desk.queue.waiting[0].where.file == "/saved as.blend"


def test_there_is_an_end_to_it(desk: Desk) -> None:
    for number in range(MOST_WAITING):
        desk.queue.add(replace(desk.jobs["a"], id=str(number)))
    with pytest.raises(Img23DError, match="are waiting already"):
        desk.wait("b")
    assert len(desk.queue.waiting) == MOST_WAITING


def test_a_picture_that_is_gone_or_another_one(tmp_path: Path) -> None:
    job = make(tmp_path, "a")
    check_picture(job.photo)
    photo = Path(job.photo.path)
    photo.write_bytes(b"b" * 100)
    with pytest.raises(Img23DError, match="“a.jpg” was changed while this waited"):
        check_picture(job.photo)
    photo.unlink()
    with pytest.raises(Img23DError, match="“a.jpg” is not there"):
        check_picture(job.photo)


def test_a_large_picture_that_was_edited_at_its_end(tmp_path: Path) -> None:
    job = make(tmp_path, "a")
    photo = Path(job.photo.path)
    photo.write_bytes(bytes(5_000_000))
    from blender_img23d.core.queue.queued_jobs import picture_now

    before = picture_now(str(photo))
    check_picture(before)
    photo.write_bytes(bytes(4_999_999) + b"x")
    with pytest.raises(Img23DError, match="was changed"):
        check_picture(before)
