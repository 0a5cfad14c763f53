"""The real backend spoken to in plain lines, with no help of the extension's client or of the protocol's codec."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from batch import ROOT

from blender_img23d.process import launch

ROOM = 6 * 2**30  # bytes of address space: what a line makes it take costs the backend, not the machine
LAST_WORDS = {"Finished", "Cancelled", "Failed", "Diagnosed"}


class RawBackend:
    """`heard` has every message since the last `forget`, as JSON objects."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        command, variables = launch.backend_command(
            interpreter=Path(sys.executable),
            backend=ROOT / "backend",
            protocol=ROOT / "blender_img23d" / "shared",
            packages=launch.package_folders(),
            log_path=folder / "backend.log",
            models=folder / "models",
        )
        self._errors = open(folder / "stderr.txt", "wb")
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            cwd=folder,
            env=variables,
            preexec_fn=_limited,
        )
        self.heard: list[dict[str, Any]] = []
        self.nonsense: list[bytes] = []  # lines that are no message
        self._lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()
        assert self.until(lambda message: message["kind"] == "Hello", 60) is not None, self.last_words()

    def send(self, data: bytes) -> None:
        """A dead backend is seen where it is waited for."""
        try:
            assert self.process.stdin is not None
            self.process.stdin.write(data)
            self.process.stdin.flush()
        except (BrokenPipeError, OSError):
            pass

    def say(self, **message: Any) -> None:
        self.send(json.dumps(message).encode() + b"\n")

    def until(self, is_it: Any, seconds: float) -> dict[str, Any] | None:
        """The first message from now on for which that holds, None where none comes or the backend has ended."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            try:
                line = self._lines.get(timeout=left)
            except queue.Empty:
                return None
            if line is None:
                return None
            message = self._heard(line)
            if message is not None and is_it(message):
                return message
        return None

    def answers(self, probe: dict[str, Any], seconds: float = 90.0) -> bool:
        """Whether a valid request gets done; what runs before it is cancelled after a while, as a person would.

        The first one reads the cut-out network, which took more than half a minute beside ten other programs on two processors.
        """
        end = time.monotonic() + seconds
        for number in range(10_000):
            name = f"probe {number} {id(probe)}"
            self.say(**probe, job=name)
            left = max(end - time.monotonic(), 0.1)
            last = self.until(lambda message: message.get("job") == name and message["kind"] in LAST_WORDS, left)
            if last is None or last["kind"] == "Finished":
                return last is not None
            if last.get("code") != "busy" or time.monotonic() > end:
                return False
            if number == 40:
                for message in [one for one in self.heard if one["kind"] == "Accepted"]:
                    self.say(kind="Cancel", job=message["job"])
            time.sleep(0.05)
        return False

    def forget(self) -> None:
        self.heard.clear()
        self.nonsense.clear()

    def last_words(self) -> str:
        files = [path for path in (self.folder / "backend.log", self.folder / "stderr.txt") if path.is_file()]
        return "\n".join(path.read_text("utf-8", "replace")[-1500:] for path in files)

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self._errors.close()

    def _heard(self, line: bytes) -> dict[str, Any] | None:
        try:
            message = json.loads(line)
            assert isinstance(message["kind"], str)
        except (ValueError, KeyError, TypeError, AssertionError):
            self.nonsense.append(line[:200])
            return None
        self.heard.append(message)
        return message

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put(None)


def _limited() -> None:
    if os.name == "posix" and sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (ROOM, ROOM))
