"""A file is there whole or not at all, whoever writes it, and whatever ends the writer."""

from __future__ import annotations

import errno
import multiprocessing
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from blender_img23d.shared.img23d_protocol.files.disk_errors import disk_error, folder_of, is_full
from blender_img23d.shared.img23d_protocol.files.whole_files import passing_for, whole_file, write_whole

ROOT = Path(__file__).resolve().parents[2]
SIZE = 300_000


def test_a_new_file_and_an_old_one(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    for data in (b"one", b"two, longer", b""):
        write_whole(path, data, durable=True)
        assert path.read_bytes() == data
    assert os.listdir(tmp_path) == ["record.json"]


@pytest.mark.parametrize("name", ["x" * 255, "ü" * 127, "走" * 85, "\udcff" * 3 + "y"])
def test_the_longest_names(tmp_path: Path, name: str) -> None:
    write_whole(tmp_path / name, b"data")
    assert os.listdir(tmp_path) == [name]


def test_where_the_writer_fails_nothing_is_left(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(b"before")
    with pytest.raises(KeyboardInterrupt), whole_file(path) as draft:
        draft.write_bytes(b"half")
        assert passing_for(draft.name) == "picture.png" and passing_for("picture.png") == ""
        raise KeyboardInterrupt
    assert path.read_bytes() == b"before" and os.listdir(tmp_path) == ["picture.png"]


def test_an_error_names_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(descriptor: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", refuse)
    with pytest.raises(OSError) as caught:
        write_whole(tmp_path / "a.glb", b"data")
    assert is_full(caught.value) and folder_of(caught.value) == str(tmp_path)
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has other rights")
def test_rights(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        write_whole(tmp_path / "shared", b"x")
        write_whole(tmp_path / "own", b"x", private=True)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "shared").stat().st_mode) == 0o644, "as any other program would make it"
    assert stat.S_IMODE((tmp_path / "own").stat().st_mode) == 0o600


def write_again_and_again(path: str, letter: int) -> None:
    for _ in range(200):
        write_whole(Path(path), bytes([letter]) * SIZE)


def test_two_processes_that_write_one_file_never_mix(tmp_path: Path) -> None:
    path = tmp_path / "clipboard.png"
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=write_again_and_again, args=(str(path), letter)) for letter in b"ab"]
    for writer in writers:
        writer.start()
    seen: set[bytes] = set()
    while any(writer.is_alive() for writer in writers):
        if path.exists():
            data = path.read_bytes()
            assert len(data) == SIZE and len(set(data)) == 1
            seen.add(data[:1])
    assert [writer.exitcode for writer in writers] == [0, 0] and seen
    assert os.listdir(tmp_path) == ["clipboard.png"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signal")
def test_a_writer_that_is_killed_leaves_the_old_file_whole(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\nfrom pathlib import Path\n"
        "from blender_img23d.shared.img23d_protocol.files.whole_files import write_whole\nprint('on', flush=True)\n"
        "while True:\n    write_whole(Path(sys.argv[2]), b'x' * 20_000_000)\n"
    )
    for wait in (0.05, 0.111, 0.173, 0.237):
        writer = subprocess.Popen([sys.executable, "-c", code, str(ROOT), str(path)], stdout=subprocess.PIPE)
        assert writer.stdout is not None and writer.stdout.readline()
        time.sleep(wait)
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        assert not path.exists() or path.stat().st_size == 20_000_000
    others = [name for name in os.listdir(tmp_path) if name != "run.json"]
    assert all(passing_for(name) == "run.json" for name in others), "what is left is known by its name"


def test_errors_that_are_not_the_disks(tmp_path: Path) -> None:
    assert disk_error(FileNotFoundError(errno.ENOENT, "gone", str(tmp_path / "x")), tmp_path) is None
    held = PermissionError(errno.EACCES, "in use", str(tmp_path / "x"))
    held.winerror = 32
    assert disk_error(held, tmp_path) is None, "held by another program, which has a sentence of its own"
    assert folder_of(OSError("no file")) == "" and folder_of(OSError(2, "relative", "a/b")) == ""
