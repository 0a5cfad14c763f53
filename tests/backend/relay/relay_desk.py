"""A relay in a process of its own, as the extension starts it, and what is asked of it."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from service_desk import ROOT, picture

from img23d_protocol import decode, encode
from img23d_protocol.messages import Box, Cancel, Cancelled, Diagnosed, Failed, Finished, Generate, Hello, Log, Wanted

TOKEN = "tok-5f1e9c47d2ab-relay"
LAST = (Finished, Cancelled, Failed, Diagnosed)
PATHS = os.pathsep.join(map(str, (ROOT / "backend", ROOT / "blender_img23d" / "shared")))


class Relay:
    """`-S` leaves out site-packages: what it needs is the standard library and the contract."""

    def __init__(self, folder: Path, address: str, *, token: str = "", certificate: Path | None = None) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.log = folder / "relay.log"
        self.command = [sys.executable, "-s", "-S", "-m", "img23d_backend", "relay", "--address", address, "--log", str(self.log)]
        if token:
            (folder / "token").write_text(token + "\n", encoding="ascii")
            self.command += ["--token-file", str(folder / "token")]
        if certificate is not None:
            self.command += ["--certificate", str(certificate)]
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={"PYTHONPATH": PATHS, "PATH": os.environ["PATH"]}, cwd=folder
        )
        self._said: queue.Queue[Any] = queue.Queue()
        self.heard: list[Any] = []
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self) -> Relay:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.stdin.close()
        try:
            self.process.wait(10)
        finally:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()

    def _read(self) -> None:
        for line in self.process.stdout:
            self._said.put(decode(line))
        self._said.put(None)

    def send(self, message: Any) -> None:
        self.process.stdin.write(encode(message).encode() + b"\n")
        self.process.stdin.flush()

    def until(self, wanted: Callable[[Any], bool], seconds: float = 40) -> Any:
        """The first message that fits, with all before it in `heard`."""
        end = time.monotonic() + seconds
        while True:
            message = self._said.get(timeout=max(0.01, end - time.monotonic()))
            assert message is not None, f"the relay has ended: {self.log.read_text(encoding='utf-8', errors='replace')[-3000:]}"
            self.heard.append(message)
            if wanted(message):
                return message

    def until_kind(self, kind: type, seconds: float = 40) -> Any:
        return self.until(lambda message: isinstance(message, kind), seconds)

    def hello(self) -> Hello:
        return self.until_kind(Hello)

    def last(self, job: str, seconds: float = 60) -> Any:
        """Its last word."""
        return self.until(lambda message: isinstance(message, LAST) and message.job == job, seconds)

    def about(self, job: str) -> list[Any]:
        """What was said of a job so far."""
        return [message for message in self.heard if getattr(message, "job", None) == job and not isinstance(message, Log)]

    def job(self, name: str = "job-1", things: int = 2, **changes: Any) -> Generate:
        """Of the small picture, in a folder of its own."""
        photo = self.folder / "photos" / "der Ball.png"
        photo.parent.mkdir(exist_ok=True)
        photo.write_bytes(picture())
        box = Box(left=0.0, top=0.0, right=1.0, bottom=1.0)
        wanted = tuple(Wanted(name=f"ball {number}", box=box) for number in range(things))
        folder = self.folder / "runs" / name
        folder.mkdir(parents=True)
        return Generate(job=name, photo=str(photo), run_folder=str(folder), wanted=wanted, seed=3, **changes)

    def cancel(self, job: str, target: int = -1) -> None:
        self.send(Cancel(job=job, target=target))
