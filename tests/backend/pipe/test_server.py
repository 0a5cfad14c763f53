"""The process beside Blender, through its pipes: jobs, cancel, bad lines, and its end however that comes."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from img23d_protocol import PROTOCOL_VERSION, ErrorCode, decode, encode
from img23d_protocol.messages import (
    Accepted,
    Cancel,
    Cancelled,
    Diagnose,
    Diagnosed,
    Failed,
    Finished,
    Generate,
    Hello,
    Log,
    Message,
    Ping,
    Pong,
    ResultReady,
    Settings,
    Shutdown,
    Status,
    Unload,
    Unloaded,
)
from img23d_protocol.options.preview import LIGHT_CUTTER

ROOT = Path(__file__).resolve().parents[3]
PATHS = os.pathsep.join([str(ROOT / "backend"), str(ROOT / "blender_img23d" / "shared"), str(ROOT / "tests" / "backend")])
# A backend whose engine is stuck in one long OpenCV call, as a stage of the preview engine may be for a while.
STUCK = """
import sys
from img23d_backend.pipe.channel import take_channel
channel = take_channel(None)
from pathlib import Path
from img23d_backend.engines import Engines
from img23d_backend.pipe.server import Server
from small_engine import SmallEngine
def trap(stage, count):
    import cv2, numpy as np
    print("noise on stdout")
    noise = np.random.default_rng(0).integers(0, 255, (600, 600, 3), np.uint8)
    if stage == "matte":
        cv2.fastNlMeansDenoisingColored(noise, None, 10, 10, 21, 61)  # half a minute
Engines.load = lambda self, engine_id: SmallEngine(trap).as_engine()
Server(channel, Engines(Path("no such folder"))).serve()
"""


class Backend:
    def __init__(self, *command: str) -> None:
        environment = {**os.environ, "PYTHONPATH": PATHS}
        self.started = time.monotonic()
        self.status: Status | None = None  # the last one that came
        self.process = subprocess.Popen([sys.executable, "-s", *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)

    def send(self, *messages: Message) -> None:
        self.send_raw("".join(encode(message) + "\n" for message in messages).encode())

    def send_raw(self, data: bytes) -> None:
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def receive(self) -> Message:
        """The next message but `Status`, which comes whenever the machine is known."""
        while True:
            line = self.process.stdout.readline()
            assert line, "the backend ended"
            message = decode(line)
            if type(message) is Status:
                self.status = message
            else:
                return message

    def until(self, kind: type) -> Message:
        while True:
            message = self.receive()
            if type(message) is kind:
                return message
            assert not isinstance(message, Failed | Finished | Cancelled), message

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError):  # a line was left in a pipe that is gone
                pipe.close()


@pytest.fixture
def backend(tmp_path: Path) -> Iterator[Backend]:
    backend = Backend("-m", "img23d_backend", "backend", "--log", str(tmp_path / "logs" / "бэкенд.log"))
    yield backend
    backend.close()


@pytest.fixture
def stuck() -> Iterator[Backend]:
    backend = Backend("-c", STUCK)
    yield backend
    backend.close()


@pytest.fixture
def job(tmp_path: Path) -> Generate:
    picture = np.full((160, 160, 3), 230, np.uint8)
    cv2.circle(picture, (80, 80), 50, (20, 30, 200), -1)
    path = tmp_path / "мяч.png"
    cv2.imencode(".png", picture)[1].tofile(path)
    return Generate(job="a", photo=str(path), run_folder=str(tmp_path / "run"), settings=Settings.of(faces=500))


def test_hello_then_a_whole_job(backend: Backend, job: Generate, tmp_path: Path) -> None:
    hello = backend.receive()
    assert type(hello) is Hello and hello.protocol == PROTOCOL_VERSION and hello.pid == backend.process.pid
    assert [engine.id for engine in hello.engines if engine.ready] == ["preview"]
    backend.send(job)
    assert type(backend.receive()) is Accepted
    assert Path(job.run_folder, backend.until(ResultReady).files[0]).is_file()
    assert backend.until(Finished).made == 1
    backend.send(Unload(), Shutdown())
    assert backend.until(Unloaded).freed >= 0
    assert backend.process.wait(5) == 0
    assert "job a: Generate" in (tmp_path / "logs" / "бэкенд.log").read_text(encoding="utf-8")


def test_bad_lines_and_messages_are_never_fatal(backend: Backend) -> None:
    backend.send_raw(b"\n\xff\xfe\x00garbage\n" + b"[" * 100_000 + b"\n" + b'{"kind":"Teleport"}\n{"kind":"Generate"}\n')
    backend.send(Finished(job="x", made=1, failed=0, seconds=1.0), Cancel(job="never begun"))
    backend.send(Generate(job="bad", photo="", run_folder="x"))
    heard = _until_end(backend)
    assert any("Teleport" in message.text for message in heard if type(message) is Log)
    assert (heard[-1].job, heard[-1].code) == ("bad", ErrorCode.PHOTO_MISSING)
    backend.send(Diagnose(job="d"))
    diagnosed = backend.until(Diagnosed)
    assert "cv2: 4." in diagnosed.report and "Folder for models" in {finding.what for finding in diagnosed.findings}


def test_a_second_job_is_refused_while_one_runs(stuck: Backend, job: Generate) -> None:
    stuck.send(job)
    stuck.until(Accepted)
    stuck.send(Generate(job="b", photo=job.photo, run_folder=job.run_folder))
    failed = stuck.until(Failed)
    assert (failed.job, failed.code) == ("b", ErrorCode.BUSY)


def test_it_answers_while_a_stage_computes(stuck: Backend, job: Generate) -> None:
    stuck.send(job)
    stuck.until(Accepted)
    time.sleep(0.5)
    for _ in range(3):
        asked = time.monotonic()
        stuck.send(Ping())
        stuck.until(Pong)
        assert time.monotonic() - asked < 2.0


def test_the_end_of_stdin_ends_a_long_opencv_call(stuck: Backend, job: Generate) -> None:
    stuck.send(job)
    stuck.until(Accepted)
    time.sleep(1.5)  # until it is in the call
    assert stuck.process.poll() is None
    stuck.process.stdin.close()
    start = time.monotonic()
    assert stuck.process.wait(5) == 0
    assert time.monotonic() - start < 1


def test_the_end_of_stdin_ends_an_idle_backend(backend: Backend) -> None:
    backend.until(Hello)
    backend.process.stdin.close()
    assert backend.process.wait(5) == 0


def test_prints_stay_off_the_channel(stuck: Backend, job: Generate) -> None:
    stuck.send(job)
    stuck.until(Accepted)
    assert type(stuck.receive()).__name__ in ("Progress", "Log")  # and every line could be decoded


def test_cancel_ends_the_job_and_the_next_one_works(backend: Backend, job: Generate) -> None:
    backend.send(job)
    backend.until(Accepted)
    backend.send(Cancel(job="another"), Cancel(job=job.job))
    assert type(_until_end(backend)[-1]) is Cancelled
    backend.send(Generate(job="b", photo=job.photo, run_folder=job.run_folder, settings=job.settings.changed(cutter=LIGHT_CUTTER)))
    assert _until_end(backend)[-1].made == 1


def test_shutdown_cancels_what_runs(backend: Backend, job: Generate) -> None:
    backend.send(job)
    backend.until(Accepted)
    backend.send(Shutdown())
    assert backend.process.wait(10) == 0


def test_a_log_that_cannot_be_written_costs_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    backend = Backend("-m", "img23d_backend", "backend", "--log", str(tmp_path / "file" / "backend.log"))
    try:
        assert type(backend.receive()) is Hello
    finally:
        backend.close()


def test_hello_needs_neither_opencv_nor_the_engine() -> None:
    code = (
        "import sys, img23d_backend.pipe.server; "
        "print([m for m in sys.modules if m == 'cv2' or m.startswith('img23d_backend.engines.preview') or m.endswith('pipeline')])"
    )
    done = subprocess.run([sys.executable, "-s", "-c", code], env={**os.environ, "PYTHONPATH": PATHS}, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def _until_end(backend: Backend) -> list[Message]:
    heard = [backend.receive()]
    while not isinstance(heard[-1], Failed | Finished | Cancelled):
        heard.append(backend.receive())
    return heard
