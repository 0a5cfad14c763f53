"""A backend that says what a test tells it to, so that things can happen in the middle of a run."""

from __future__ import annotations

import itertools
import shutil
import time
from collections import deque
from pathlib import Path

from conftest import part


class ScriptedLink:
    """A `BackendLink` in this process: `said` is what it was sent, `say` what it answers at the next tick."""

    def __init__(self) -> None:
        self.said: list = []
        self._answers: deque = deque()

    def start(self) -> None:
        messages = part("shared.img23d_protocol.messages")
        self.say(messages.Hello(protocol=messages.PROTOCOL_VERSION, backend="scripted", python="", pid=0))

    def send(self, message) -> None:
        self.said.append(message)

    def say(self, *answers) -> None:
        self._answers.extend(answers)

    def receive(self) -> list:
        items = list(self._answers)
        self._answers.clear()
        return items

    def close(self) -> None:
        pass

    kill = close


class Rehearsal:
    """A job whose story the test tells step by step."""

    def __init__(self, owner, monkeypatch) -> None:
        self.owner = owner
        self.link = ScriptedLink()
        self._numbers = itertools.count()
        self.messages = part("shared.img23d_protocol.messages")
        owner.session.shutdown()
        owner.session.tick()
        monkeypatch.setattr(owner.session, "_make_link", lambda: self.link)

    @property
    def job(self):
        return self.owner.session.jobs[0]

    def tick(self, times: int = 3) -> None:
        for _ in range(times):
            self.owner.pump.tick()

    def locate(self, *names: str) -> None:
        m = self.messages
        width = 1 / len(names)
        boxes = [m.Box(left=i * width, top=0.1, right=(i + 0.9) * width, bottom=0.9) for i in range(len(names))]
        targets = tuple(m.LocatedTarget(name=name, box=box) for name, box in zip(names, boxes, strict=True))
        self.link.say(m.Located(job=self.job.id, targets=targets, photo_width=100, photo_height=100))
        self.tick()

    def mesh(self, target: int, path, *, textured: bool) -> None:
        self.result(target, path, textured=textured)

    def result(self, target: int, *paths, textured: bool = True, **more) -> None:
        """The backend has written these files into the run's folder."""
        m, files = self.messages, tuple(map(self.in_run, paths))
        stage = m.Stage.PAINT if textured else m.Stage.SHAPE
        self.link.say(m.ResultReady(**{"job": self.job.id, "target": target, "files": files, "stage": stage, "textured": textured, "count": 100} | more))
        self.tick(1)
        while self.owner.applier.importers.is_reading(self.job.file(files[0])):
            time.sleep(0.001)
        self.tick()

    def in_run(self, path) -> str:
        """The name of a copy in the run's folder."""
        path, folder = Path(path), Path(self.job.request.run_folder)
        folder.mkdir(parents=True, exist_ok=True)
        name = f"{next(self._numbers)}_{path.name}"
        if path.is_file():  # a test may speak of one that is gone
            shutil.copyfile(path, folder / name)
        return name

    def arrange(self, *poses, **camera) -> None:
        """Each pose is (x, y, yaw, scale) or None; the camera as in `PhotoCamera`."""
        m = self.messages
        row_scale = camera.pop("row_scale", 1.0)
        view = m.PhotoCamera(**({"focal": 1.0, "pitch": 0.25, "height": 1.5} | camera))
        stand = tuple(None if p is None else m.Pose(**dict(zip(("x", "y", "yaw", "scale"), p, strict=True))) for p in poses)
        self.link.say(m.Arranged(job=self.job.id, camera=view, poses=stand, row_scale=row_scale))
        self.tick()

    def finish(self, made: int = 1, **more: int) -> None:
        self.link.say(self.messages.Finished(job=self.job.id, made=made, failed=0, seconds=1.0, **more))
        self.tick()
