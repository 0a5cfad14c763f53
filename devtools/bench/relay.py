"""What another machine's work costs beside the work itself: one photo through the relay and a server on this machine's own loopback, and
through the local pipe.

Runs in the plain environment: python -m devtools.bench.relay FIGURES MACHINE
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any

from ..places import BACKEND, EXTENSION, ROOT
from ..running import clean_environment, run
from .machine import LoadMeter, has_priority
from .rows import text_line

FIGURES = ROOT / "docs" / "figures" / "relay.json"
PHOTO = ROOT / "demo" / "photo.jpg"
DESKS = ("service", "workers")  # below tests/backend: the server
ROUNDS = 3
_GOAL_SECONDS = 0.3
_WORDS = (
    "The demo photo, two boxes, the preview engine with the quick cut-out: from the message that asks for them until the one that says they are there, with every file in its "
    "folder. The server, its worker, the relay and the local backend are processes of their own on this machine, asked in turn; each did the "
    "job once before. The relay's difference is upload, queue, events and the files' way back over loopback; a real network adds the bytes."
)


def measure_relay(python: Path, machine: str) -> None:
    """Raises CalledProcessError."""
    folders = [BACKEND, EXTENSION / "shared", *(ROOT / "tests" / "backend" / name for name in DESKS)]
    run([python, "-s", "-m", "devtools.bench.relay", FIGURES, machine], env=clean_environment(PYTHONPATH=os.pathsep.join(map(str, folders))), cwd=ROOT)


class Asked:
    """A backend's process, whichever, and the seconds of its jobs."""

    def __init__(self, command: Sequence[str], log: Path) -> None:
        from img23d_protocol import decode
        from img23d_protocol.messages import Hello

        self._decode = decode
        self._process = subprocess.Popen([*command, "--log", str(log)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._until(Hello)
        self.seconds: list[float] = []

    def __enter__(self) -> Asked:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()

    def do(self, folder: Path, number: int) -> None:
        """Once; the bytes of its results are checked to be there."""
        from img23d_protocol import encode
        from img23d_protocol.messages import Box, Finished, Generate, Settings, Wanted
        from img23d_protocol.options.preview import LIGHT_CUTTER

        boxes = (Box(left=0.05, top=0.3, right=0.5, bottom=0.95), Box(left=0.5, top=0.3, right=0.95, bottom=0.95))
        wanted = tuple(Wanted(name=f"thing {index}", box=box) for index, box in enumerate(boxes))
        folder.mkdir(parents=True)
        settings = Settings.of(cutter=LIGHT_CUTTER)
        request = Generate(job=f"{folder.parent.name}-{number}", photo=str(PHOTO), run_folder=str(folder), wanted=wanted, settings=settings)
        assert self._process.stdin is not None
        begun = time.perf_counter()
        self._process.stdin.write(encode(request).encode() + b"\n")
        self._process.stdin.flush()
        last = self._until(Finished)
        self.seconds.append(time.perf_counter() - begun)
        assert last.made == len(boxes) and len(list(folder.glob("*.glb"))) >= len(boxes), "the job was not done"

    def _until(self, kind: type) -> Any:
        from img23d_protocol.messages import Failed

        assert self._process.stdout is not None
        for line in self._process.stdout:
            message = self._decode(line)
            assert not isinstance(message, Failed), message
            if isinstance(message, kind):
                return message
        raise RuntimeError("the backend has ended")


def measure_all(figures: Path, machine: str) -> None:
    meter = LoadMeter()
    report = {"date": date.today().isoformat(), "machine": machine, **overhead(), "load": meter.load().text(), "has_priority": has_priority()}
    figures.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", encoding="utf-8", newline="\n")


def overhead() -> dict[str, Any]:
    """Seconds of each round."""
    from service_desk import Server

    program = [sys.executable, "-s", "-m", "img23d_backend"]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = Server(folder, small=False).start().ready()
        stack.callback(server.stop)
        local = stack.enter_context(Asked([*program, "backend"], folder / "local.log"))
        relay = stack.enter_context(Asked([*program, "relay", "--address", f"http://127.0.0.1:{server.port}"], folder / "relay.log"))
        for number in range(ROUNDS + 1):
            local.do(folder / "local" / str(number), number)
            relay.do(folder / "relay" / str(number), number)
        size = sum(path.stat().st_size for path in (folder / "relay" / "1").iterdir())
    found = {"local": local.seconds[1:], "relay": relay.seconds[1:], "bytes": size}
    print(f"local {_middle(found['local']):.2f} s, relay {_middle(found['relay']):.2f} s: {_difference(found):+.2f} s", flush=True)
    return found


def _middle(seconds: Sequence[float]) -> float:
    return statistics.median(seconds)


def _difference(found: dict[str, Any]) -> float:
    """Of the rounds, each with the one beside it."""
    return statistics.median(relay - local for relay, local in zip(found["relay"], found["local"], strict=True))


def relay_part() -> list[str]:
    if not FIGURES.is_file():
        return []
    data = json.loads(FIGURES.read_text(encoding="utf-8"))
    lines = [text_line(("what", "seconds", "of each round")), "|---|---:|---|"]
    for name, words in (("local", "the local pipe"), ("relay", "the relay and a server")):
        lines.append(text_line((words, f"{_middle(data[name]):.2f}", ", ".join(f"{one:.2f}" for one in data[name]))))
    difference = _difference(data)
    verdict = "met" if difference <= _GOAL_SECONDS else "missed"
    said = f"The relay's difference a photo is {difference:+.2f} s (the goal of {_GOAL_SECONDS:g} s is {verdict}); {data['bytes'] / 1e6:.1f} MB of files come back."
    said += " Run with real-time priority (chrt), so that it did not wait for the other programs." if data["has_priority"] else ""
    return ["## Another machine", _WORDS, "\n".join(lines), said, f"{data['date']}, {data['machine']}; {data['load']}."]


if __name__ == "__main__":
    measure_all(Path(sys.argv[1]), sys.argv[2])
