"""`img23d_backend batch --ray`: a machine and then the command itself are killed in the middle, and nothing is lost or made twice."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from raylets import PATHS, add_machine, kill_machine

pytest.importorskip("ray", reason="Ray is in an environment of its own: build_addon.py test --cluster")

PHOTOS = 8


def command(folder: Path, out: Path, address: str, *more: str) -> list[str]:
    options = ["--names", "ball", "--cutter", "light", "--faces", "500", "--seed", "3", "--ray", address, "--verbose", *more]
    return [sys.executable, "-s", "-m", "img23d_backend", "batch", str(folder), "--out", str(out), *options]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "photos"
    made.mkdir()
    for number in range(PHOTOS):
        picture = np.full((240, 320, 3), 230, np.uint8)
        cv2.circle(picture, (160, 120), 50 + 5 * number, (20 + 9 * number, 30, 200), -1)
        cv2.imwrite(str(made / f"ball {number}.png"), picture)
    (made / "torn.jpg").write_bytes(b"no picture")
    return made


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(PATHS)}


def states(out: Path) -> list[str]:
    if not (out / "batch.sqlite").is_file():
        return []
    with contextlib.closing(sqlite3.connect(f"file:{out / 'batch.sqlite'}?mode=ro", uri=True, timeout=10)) as data:
        try:
            return [state for (state,) in data.execute("SELECT state FROM photo")]
        except sqlite3.OperationalError:  # its tables are being made
            return []


def wait_until_made(out: Path, count: int, program: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 120
    while states(out).count("made") < count:
        assert program.poll() is None and time.monotonic() < deadline, program.communicate()
        time.sleep(0.02)


def test_a_machine_and_the_command_are_killed_in_the_middle(cluster, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    program = subprocess.Popen(
        command(folder, out, cluster.address, "--workers", "2"), env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        wait_until_made(out, 1, program)
        kill_machine(cluster, busy_machine(cluster))
        add_machine(cluster)
        wait_until_made(out, 3, program)
        program.send_signal(signal.SIGKILL)
    finally:
        program.kill()
        program.communicate()
    before = {path: path.stat().st_mtime_ns for path in (out / "things").rglob("*") if path.is_file()}
    assert 3 <= states(out).count("made") < PHOTOS
    done = subprocess.run(command(folder, out, cluster.address, "--workers", "2"), env=environment(), capture_output=True, text=True, timeout=200)
    assert done.returncode == 1, done.stderr  # of the one that is no picture
    assert sorted(states(out)) == ["failed"] + ["made"] * PHOTOS
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert len(list((out / "things").glob("*/00_ball.glb"))) == PHOTOS
    assert not list(out.glob(".*")) and not (out / "unfinished").exists()


def busy_machine(cluster) -> str:
    """One that an actor runs on, by the processes that its raylet has started."""
    raylets = {process.process.pid: node.node_id for node in cluster.list_all_nodes() for process in node.all_processes["raylet"]}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if parent in raylets and b"PhotoActor" in (folder / "cmdline").read_bytes():
                return raylets[parent]
    raise AssertionError("no actor runs")


def test_an_address_without_a_cluster_is_one_sentence(folder: Path, tmp_path: Path) -> None:
    done = subprocess.run(command(folder, tmp_path / "out", "127.0.0.1:1"), env=environment(), capture_output=True, text=True, timeout=200)
    assert done.returncode == 1 and "There is no Ray cluster at" in done.stderr
