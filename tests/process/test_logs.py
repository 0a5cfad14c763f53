"""Logs are their owner's only, and stay small however much a backend says."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from desk import ROOT, SHARED, Desk

from blender_img23d.process import launch
from blender_img23d.process.launch import child_environment

CODE = """
import os, sys, time
from pathlib import Path
from img23d_backend.pipe import log_file
log_file.LIMIT, log_file.LOOK_SECONDS = 20_000, 0.05
from img23d_backend.pipe.channel import take_channel
take_channel(Path(sys.argv[1]))
for number in range(int(sys.argv[2])):
    os.write(1, b"line %06d of a library that is no Python\\n" % number)
    print(f"line {number:06d} of Python", file=sys.stderr)
    if number % 50 == 0:
        time.sleep(0.02)
until = time.monotonic() + 20
while Path(sys.argv[1]).stat().st_size > log_file.LIMIT and time.monotonic() < until:
    time.sleep(0.05)  # the log is emptied last, so that nothing is being moved any more when it is short
"""


def talk(log: Path, lines: int, code: str = CODE) -> None:
    environment = child_environment([ROOT / "backend", SHARED], os.environ)
    subprocess.run([sys.executable, "-c", code, str(log), str(lines)], env=environment, check=True, stdin=subprocess.DEVNULL, timeout=60)


@pytest.mark.skipif(os.name == "nt", reason="Windows has other rights")
def test_a_log_is_its_owners_only(tmp_path: Path) -> None:
    log = tmp_path / "backend.log"
    before = os.umask(0o022)
    try:
        desk = Desk(log)
        desk.run()
        desk.close()
    finally:
        os.umask(before)
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


@pytest.mark.skipif(os.name == "nt", reason="Windows has other rights")
def test_a_log_of_an_older_version_becomes_private(tmp_path: Path) -> None:
    log = tmp_path / "backend.log"
    log.write_text("old\n")
    log.chmod(0o644)
    talk(log, 1)
    assert stat.S_IMODE(log.stat().st_mode) == 0o600 and log.read_text().startswith("old\n")


def test_a_talkative_backend_fills_no_disk(tmp_path: Path) -> None:
    log = tmp_path / "backend.log"
    talk(log, 4000)
    names = sorted(os.listdir(tmp_path))
    assert names == ["backend.log", "backend.log.1", "backend.log.2"]
    assert all((tmp_path / name).stat().st_size < 60_000 for name in names), "the limit, and what comes between two looks"
    if os.name != "nt":
        assert {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in names} == {0o600}
    said = "".join((tmp_path / name).read_text() for name in reversed(names))
    assert "line 003999 of Python" in said and "line 003999 of a library" in said, "the last words are there"
    assert "line 000000" not in said


def test_a_long_log_of_an_earlier_start_is_kept_as_the_one_before(tmp_path: Path) -> None:
    log = tmp_path / "backend.log"
    log.write_text("early\n" * 10_000)
    talk(log, 1)
    assert "early" not in log.read_text() and (tmp_path / "backend.log.1").read_text() == "early\n" * 10_000


def test_where_no_old_log_can_be_kept_the_new_one_still_begins(tmp_path: Path) -> None:
    log = tmp_path / "backend.log"
    log.write_text("early\n" * 10_000)
    (tmp_path / "backend.log.1").mkdir()
    (tmp_path / "backend.log.1" / "inside").touch()
    talk(log, 1)
    assert "early" not in log.read_text() and "line 000000" in log.read_text()


def test_the_older_parts_of_a_log_go_with_it(tmp_path: Path) -> None:
    for number in range(30):
        for end in ("", ".1", ".2"):
            log = tmp_path / f"backend-{number}.log{end}"
            log.touch()
            os.utime(log, (number, number))
    launch.new_log_path(tmp_path)
    assert {path.name.partition(".")[0] for path in tmp_path.iterdir()} == {f"backend-{number}" for number in range(21, 30)}


def test_a_log_that_is_being_written_is_not_dropped(tmp_path: Path) -> None:
    """Of another Blender: its backend says nothing for hours."""
    code = "import sys, time\nfrom pathlib import Path\nfrom img23d_backend.pipe.channel import take_channel\n"
    code += "take_channel(Path(sys.argv[1]))\nprint('here', flush=True)\ntime.sleep(60)"
    live = tmp_path / "backend-1.log"
    other = subprocess.Popen([sys.executable, "-c", code, str(live)], env=child_environment([ROOT / "backend", SHARED], os.environ))
    try:
        begun = time.monotonic()
        while not live.exists() or b"here" not in live.read_bytes():
            assert time.monotonic() - begun < 20
            time.sleep(0.05)
        os.utime(live, (0, 0))
        for number in range(10, 40):
            (tmp_path / f"backend-{number}.log").touch()
        launch.new_log_path(tmp_path)
        assert live.exists()
    finally:
        other.kill()
        other.wait()
    launch.new_log_path(tmp_path)
    assert not live.exists(), "nobody writes it any more"


def test_a_log_that_cannot_be_written_costs_no_backend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk for logs that is full: the results may lie on another one."""
    from blender_img23d.process import client

    def refuse(path: str, flags: int) -> int:
        raise OSError(errno.ENOSPC, "No space left on device", path)

    monkeypatch.setattr(client, "_private", refuse, raising=False)
    (tmp_path / "backend.log").mkdir()  # for a backend that opens it in another way
    desk = Desk(tmp_path / "backend.log")
    assert desk.run().state.name == "DONE"
    desk.close()
