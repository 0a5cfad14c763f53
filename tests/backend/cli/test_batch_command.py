"""`img23d_backend batch` as a program with real workers: killed, cancelled, and gone on with."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import cv2
import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[3]
PATHS = os.pathsep.join([str(ROOT / "backend"), str(ROOT / "blender_img23d" / "shared")])
PHOTOS = 6
needs_signals = pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")


def command(*arguments: str | Path) -> list[str]:
    options = ["--names", "ball", "--cutter", "light", "--faces", "500", "--texture-size", "1024", "--seed", "3"]
    return [sys.executable, "-s", "-m", "img23d_backend", "batch", *map(str, arguments), *options]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": PATHS, "OMP_NUM_THREADS": "1", "OPENCV_FOR_THREADS_NUM": "1"}


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*arguments), env=environment(), capture_output=True, text=True, encoding="utf-8", timeout=120)


@contextlib.contextmanager
def started(*arguments: str | Path) -> Iterator[subprocess.Popen[str]]:
    program = subprocess.Popen(command(*arguments), env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8")
    try:
        yield program
    finally:
        program.kill()
        program.communicate()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Photos of balls, and below them what is none."""
    made = tmp_path / "фото"
    made.mkdir()
    for number in range(PHOTOS):
        picture = np.full((240, 320, 3), 230, np.uint8)
        cv2.circle(picture, (160, 120), 60 + 5 * number, (20 + 9 * number, 30, 200), -1)
        cv2.imencode(".png", picture)[1].tofile(made / f"ball {number}.png")
    return made


def states(out: Path) -> dict[str, str]:
    """By the photo's name, read with another connection while the command may write."""
    if not (out / "batch.sqlite").is_file():
        return {}
    with contextlib.closing(sqlite3.connect(f"file:{out / 'batch.sqlite'}?mode=ro", uri=True, timeout=10)) as data:
        try:
            return {Path(path).name: state for path, state in data.execute("SELECT path, state FROM photo")}
        except sqlite3.OperationalError:  # its tables are being made
            return {}


def wait_until_made(out: Path, count: int, program: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 60
    while list(states(out).values()).count("made") < count:
        assert program.poll() is None and time.monotonic() < deadline, program.communicate()
        time.sleep(0.02)


def records(out: Path) -> dict[str, str]:
    """When each job was begun, by the folder of its results."""
    return {path.parent.name: json.loads(path.read_bytes())["started"] + path.parent.name for path in (out / "things").glob("*/run.json")}


def stamps(out: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in (out / "things").rglob("*") if path.is_file()}


class Links(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if name in ("href", "src") and value]


@needs_signals
def test_killed_in_the_middle_it_goes_on_and_makes_nothing_twice(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with started(folder, "--out", out, "--workers", "2") as program:
        wait_until_made(out, 2, program)
        program.send_signal(signal.SIGKILL)
        program.wait()
    finished = {name for name, state in states(out).items() if state == "made"}
    before, begun = stamps(out), records(out)
    assert 2 <= len(finished) < PHOTOS
    done = run(folder, "--out", out, "--workers", "2")
    assert done.returncode == 0, done.stderr
    assert set(states(out).values()) == {"made"} and len(list((out / "things").iterdir())) == PHOTOS
    after = stamps(out)
    assert {path: after.get(path) for path in before} == before  # what was finished was not touched
    assert {name: records(out)[name] for name in begun} == begun
    made_now = re.findall(r"ball \d\.png: 1 made", done.stderr)
    assert len(made_now) == PHOTOS - len(begun) and not (out / "unfinished").exists()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the workers are found in /proc")
def test_workers_that_are_killed_cost_nothing_but_time(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with started(folder, "--out", out, "--workers", "2", "--verbose") as program:
        wait_until_made(out, 1, program)
        workers = [int(pid) for task in Path(f"/proc/{program.pid}/task").iterdir() for pid in (task / "children").read_text().split()]
        assert len(workers) == 2
        for pid in workers:
            os.kill(pid, signal.SIGKILL)
        _, said = program.communicate(timeout=120)
        assert program.returncode == 0, said
    assert set(states(out).values()) == {"made"} and len(records(out)) == len(list((out / "things").iterdir())) == PHOTOS
    assert said.count("has ended with status -9") >= 1 and f"{PHOTOS} of {PHOTOS}" in said


@needs_signals
def test_an_interrupt_keeps_what_is_done(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with started(folder, "--out", out, "--workers", "1") as program:
        wait_until_made(out, 1, program)
        program.send_signal(signal.SIGINT)
        _, said = program.communicate(timeout=60)
        assert program.returncode == 130 and "goes on where it stopped" in said
    assert set(states(out).values()) == {"made", "waiting"}
    assert (out / "report.html").is_file() and not (out / "unfinished").exists()


def test_bad_files_are_rows_and_the_report_leads_to_everything(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    (folder / "torn.jpg").write_bytes(b"\xff\xd8\xff\xe0 no picture")
    (folder / "empty <b>.png").write_bytes(b"")
    for number in range(2, PHOTOS):
        (folder / f"ball {number}.png").unlink()
    done = run(folder, "--out", out)
    assert done.returncode == 1 and done.stdout.strip() == str(out / "report.html")
    assert states(out) == {"ball 0.png": "made", "ball 1.png": "made", "empty <b>.png": "failed", "torn.jpg": "failed"}
    text = (out / "report.html").read_text(encoding="utf-8")
    links = Links(text).found
    inside = [link for link in links if not link.startswith("file:")]
    assert len([link for link in inside if link.endswith(".glb")]) == 2 and all((out / re.sub("%20", " ", link)).is_file() for link in inside)
    assert not re.search(r"https?://|<script", text) and "<b>.png" not in text and "&lt;b&gt;.png" in text
    for name in ("torn.jpg", "empty &lt;b&gt;.png"):
        assert re.search(rf"{re.escape(name)}</a></td><td class=problem>[^<]+", text)
    pictures = [out / link for link in inside if link.endswith(".jpg")]
    assert len(pictures) == 2 and all(0 < picture.stat().st_size < 20_000 for picture in pictures)
    assert all(cv2.imread(str(picture)).shape == (96, 192, 3) for picture in pictures)  # the photo and the thing


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("no such folder", "--out", "out"), "is neither a folder nor a CSV file."),
        ((".", "--out", "out", "--engine", "teleport"), "There is no engine called “teleport”"),
        ((".", "--out", "out", "--variants", "9"), "The number of variants must be 1 to 4"),
    ],
)
def test_what_makes_no_sense_is_one_sentence_and_writes_nothing(tmp_path: Path, arguments: tuple[str, ...], sentence: str) -> None:
    done = subprocess.run(command(*arguments), env=environment(), capture_output=True, text=True, encoding="utf-8", cwd=tmp_path)
    assert done.returncode == 2 and sentence in done.stderr and done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(importlib.util.find_spec("ray") is not None, reason="Ray is installed here")
def test_without_ray_its_option_says_what_to_install(folder: Path, tmp_path: Path) -> None:
    done = run(folder, "--out", tmp_path / "out", "--ray", "auto")
    assert done.returncode == 2 and "Ray is not installed in this Python" in done.stderr
