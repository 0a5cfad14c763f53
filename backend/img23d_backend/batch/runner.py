"""The work of a batch: photos to the workers, what they made into its place, and how each ended into the manifest.

A job works in `unfinished/`. When it is done its folder is moved to `things/` in one step, and then the manifest says so. Whoever is killed between these
two steps finds the moved folder next time, and takes it for what it is; before them nothing of the photo counts, and it is made from the beginning.
"""

from __future__ import annotations

import logging
import shutil
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.files.filenames import safe_stem
from img23d_protocol.messages import Cancelled, Failed, Finished, FromBackend, Generate

from .made import Made, read_made
from .manifest import Manifest, PhotoState, Row
from .pool import Pool

log = logging.getLogger(__name__)

UNFINISHED, THINGS = "unfinished", "things"
MOST_LOSSES = 3  # workers that end while they make one photo, before it counts as the cause
CANCEL_SECONDS = 15.0  # for the workers to stop between two steps
_LOOK_SECONDS = 0.5  # between two looks whether it is cancelled
# The worker was lost, and not the photo
_LOST = {ErrorCode.BACKEND_DIED, ErrorCode.DEVICE_LOST}
# Every other photo would end in the same way
_STOPPING = {
    ErrorCode.BACKEND_START,
    ErrorCode.DISK_FULL,
    ErrorCode.FOLDER_UNWRITABLE,
    ErrorCode.ENGINE_UNKNOWN,
    ErrorCode.ENGINE_NOT_READY,
    ErrorCode.ENVIRONMENT_BROKEN,
    ErrorCode.DRIVER_TOO_OLD,
    ErrorCode.VERSION_MISMATCH,
    ErrorCode.WEIGHTS_MISSING,
    ErrorCode.WEIGHTS_DAMAGED,
    ErrorCode.WEIGHTS_UNFIT,
}

MakeRequest = Callable[[Row, str, Path], Generate]  # the photo's row, the job's id and its folder


@dataclass(frozen=True, kw_only=True)
class Listener:
    """Who is told that a photo has ended, and of every message."""

    ended: Callable[[Row], None] = lambda row: None
    heard: Callable[[FromBackend], None] = lambda message: None


class Runner:
    """Of one manifest and one pool."""

    def __init__(self, out: Path, manifest: Manifest, pool: Pool, make_request: MakeRequest, listener: Listener, is_cancelled: Callable[[], bool]) -> None:
        self._out, self._manifest, self._pool = out, manifest, pool
        self._make_request, self._listener, self._is_cancelled = make_request, listener, is_cancelled
        self._waiting: deque[int] = deque()
        self._active: dict[str, tuple[Row, Path]] = {}  # by the job's id

    def run(self) -> None:
        """Until every photo has ended, or it is cancelled: what was not finished then waits for the next time.

        Raises Img23DError where the next photo would end as the last one did, such as on a full disk.
        """
        shutil.rmtree(self._out / UNFINISHED, ignore_errors=True)
        for name in (UNFINISHED, THINGS):
            (self._out / name).mkdir(parents=True, exist_ok=True)
        self._waiting.extend(number for number in self._manifest.waiting() if not self._is_there(number))
        while (self._waiting or self._active) and not self._is_cancelled():
            while self._waiting and len(self._active) < self._pool.capacity:
                self._begin(self._manifest.row(self._waiting.popleft()))
            self._listen(_LOOK_SECONDS)
        if self._is_cancelled():
            self._stop()
        shutil.rmtree(self._out / UNFINISHED, ignore_errors=True)

    def _is_there(self, number: int) -> bool:
        """Whether it was finished by a command that was killed before it could say so; such a photo ends now."""
        row = self._manifest.row(number)
        made = read_made(self._place(row))
        if made is None or made.job != _job_id(row) or not made.is_finished:
            shutil.rmtree(self._place(row), ignore_errors=True)
            return False
        self._end(_ended(row, made, self._place(row).name))
        return True

    def _place(self, row: Row) -> Path:
        return self._out / THINGS / f"{row.number:06d}_{safe_stem(Path(row.path).stem)}"

    def _begin(self, row: Row) -> None:
        folder = self._out / UNFINISHED / f"{row.number:06d}_{row.losses}"
        shutil.rmtree(folder, ignore_errors=True)
        request = self._make_request(row, _job_id(row), folder)
        self._active[request.job] = (row, folder)
        self._pool.submit(request)

    def _listen(self, seconds: float) -> None:
        told = self._pool.take(seconds)
        if told is None or told.job not in self._active:
            return
        self._listener.heard(told.message)
        if told.is_last:
            row, folder = self._active.pop(told.job)
            self._take_last(row, folder, told.message)

    def _take_last(self, row: Row, folder: Path, last: FromBackend) -> None:
        match last:
            case Cancelled():
                pass  # it waits for the next time
            case Failed() if last.code in _LOST and self._manifest.lose(row.number) < MOST_LOSSES:
                log.warning("photo %d is made again: %s", row.number, last.sentence)
                self._waiting.append(row.number)
            case Failed() if last.code in _STOPPING:
                raise Img23DError(ErrorCode(last.code), last.sentence, last.detail)
            case Failed():
                made = read_made(folder)
                things = tuple(one for one in made.things if one.files) if made else ()
                row = replace(row, state=PhotoState.FAILED, code=last.code, sentence=last.sentence, things=things)
                self._end(self._moved(row, folder) if things else row)
                shutil.rmtree(folder, ignore_errors=True)
            case Finished():
                made = read_made(folder)
                if made is None:
                    self._end(replace(row, state=PhotoState.FAILED, code=ErrorCode.INTERNAL, sentence="The record of what was made cannot be read."))
                else:
                    self._end(_ended(self._moved(row, folder), made, self._place(row).name))

    def _moved(self, row: Row, folder: Path) -> Row:
        place = self._place(row)
        folder.rename(place)
        return replace(row, folder=place.name)

    def _end(self, row: Row) -> None:
        row = replace(row, ended=time.time())
        self._manifest.end(row)
        self._listener.ended(row)

    def _stop(self) -> None:
        for job in list(self._active):
            self._pool.cancel(job)
        deadline = time.monotonic() + CANCEL_SECONDS
        while self._active and time.monotonic() < deadline:
            self._listen(_LOOK_SECONDS)


def make_again(out: Path, manifest: Manifest) -> int:
    """Photos that failed wait once more, and what was made of them is deleted; how many these are."""
    for row in manifest.rows():
        if row.state is PhotoState.FAILED and row.folder:
            shutil.rmtree(out / THINGS / row.folder, ignore_errors=True)
    return manifest.wait_again(PhotoState.FAILED)


def _job_id(row: Row) -> str:
    """The same for each try: a record in the photo's folder is known by it."""
    return f"photo-{row.number}-{row.seed}"


def _ended(row: Row, made: Made, folder: str) -> Row:
    problems = [f"{thing.name}: {thing.problem}" for thing in made.things if thing.problem]
    count = sum(not thing.problem for thing in made.things)
    state = PhotoState.FAILED if not count else PhotoState.PARTLY if problems else PhotoState.MADE
    sentence = " ".join(problems[:3]) + (f" And {len(problems) - 3} more." if len(problems) > 3 else "")
    return replace(row, state=state, folder=folder, seconds=made.seconds, things=made.things, sentence=sentence)
