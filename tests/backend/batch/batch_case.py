"""Photos for batches, and pools that do what a test says."""

from __future__ import annotations

import json
import queue
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from img23d_backend.batch.pool import Told
from img23d_backend.workers.pool import JobRequest
from img23d_protocol.messages import Cancelled, Failed, Finished, FromBackend


def write_photo(path: Path, number: int = 0) -> Path:
    picture = np.full((120, 160, 3), 230, np.uint8)
    cv2.circle(picture, (80, 60), 30 + number % 8, (20 + number, 30, 200), -1)
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imencode(path.suffix, picture)[1].tofile(path)
    return path


def photos(folder: Path, count: int) -> list[Path]:
    return [write_photo(folder / f"ball {number}.png", number) for number in range(count)]


def write_record(folder: Path, job: str, *, state: str = "finished", problem: str = "") -> None:
    """A run's folder as README and `jobs.runs` describe it: a thing with a mesh, or with a problem."""
    folder.mkdir(parents=True, exist_ok=True)
    results = [] if problem else [{"piece": {"kind": "mesh", "part": None}, "files": ["00_ball.glb"], "textured": True, "count": 12, "name": ""}]
    error = {"code": "no_region", "sentence": problem, "detail": ""} if problem else None
    target = {"name": "ball", "state": "painted", "files": {}, "results": results, "error": error}
    if results:
        (folder / "00_ball.glb").write_bytes(b"glTF")
    record = {"job": job, "state": state, "targets": [target], "seconds": {"shape": 1.5, "paint": 0.5}}
    (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")


Work = Callable[[JobRequest], FromBackend]


class ScriptedPool:
    """Does jobs at once, by a function that gives the last word of each."""

    def __init__(self, work: Work, capacity: int = 2) -> None:
        self.capacity = capacity
        self.requests: list[JobRequest] = []
        self.most_at_a_time = 0
        self._work, self._held = work, 0
        self._said: queue.SimpleQueue[Told] = queue.SimpleQueue()

    def submit(self, request: JobRequest) -> None:
        self.requests.append(request)
        self._held += 1
        self.most_at_a_time = max(self.most_at_a_time, self._held)
        self._said.put(Told(job=request.job, message=self._work(request)))

    def cancel(self, job: str, target: int = -1) -> None:
        self._said.put(Told(job=job, message=Cancelled(job=job)))

    def take(self, seconds: float) -> Told | None:
        try:
            told = self._said.get(timeout=seconds)
        except queue.Empty:
            return None
        self._held -= told.is_last
        return told

    def close(self) -> None:
        pass


def finishing(request: JobRequest) -> FromBackend:
    write_record(Path(request.run_folder), request.job)
    return Finished(job=request.job, made=1, failed=0, seconds=2.0)


def failing(code: str, sentence: str = "No.") -> Work:
    return lambda request: Failed(job=request.job, code=code, sentence=sentence)
