"""The run's folder: whole records only, and names that every file system takes."""

from __future__ import annotations

import json
import mmap
import os
import sys
from pathlib import Path

import pytest

from img23d_backend.jobs import runs
from img23d_backend.jobs.runs import RunState, TargetRecord, TargetState, open_run
from img23d_backend.machine import memory
from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.messages import Generate, Wanted

NASTY = ["cup", "cup", "a/b\\c", 'quote"s’', "new\nline", "CON", "nul.txt", "🥄", "x" * 500, "чашка" * 60, "..", "\udcff"]


def new_run(folder: Path, names: list[str]) -> runs.Run:
    run = open_run(Generate(job="j", photo="p", run_folder=str(folder), wanted=tuple(Wanted(name=n) for n in names)))
    run.record.targets = [TargetRecord(name=name) for name in names]
    return run


def test_every_name_makes_a_file_of_its_own(tmp_path: Path) -> None:
    run = new_run(tmp_path / "läuft 走", NASTY)
    paths = [run.path_for(index, "_cutout.png") for index in range(len(NASTY))]
    for path in paths:
        assert path.parent == run.folder
        path.write_bytes(b"x")
    assert len({path.name.lower() for path in paths}) == len(NASTY)
    assert all(len(path.name.encode()) < 250 and not set(path.name) & set('<>:"/\\|?*\n') for path in paths)


def test_the_record_is_whole_and_readable_at_any_time(tmp_path: Path) -> None:
    run = new_run(tmp_path / "run", NASTY)
    for index in range(len(NASTY)):
        run.record.targets[index].add_file(TargetState.CUT, "a note", "", cutout=run.path_for(index, ".png"))
        run.save()
        data = json.loads((run.folder / "run.json").read_text(encoding="utf-8"))
        assert data["targets"][index]["state"] == "cut" and data["targets"][index]["notes"] == ["a note"]
    run.end(RunState.FAILED, Img23DError(ErrorCode.INTERNAL, "sentence", "detail"))
    data = json.loads((run.folder / "run.json").read_text(encoding="utf-8"))
    assert data["state"] == "failed" and data["error"] == {"code": "internal", "sentence": "sentence", "detail": "detail"}
    assert data["versions"]["opencv"] and data["started"]
    assert os.listdir(run.folder) == ["run.json"]


def test_a_failed_save_leaves_the_last_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = new_run(tmp_path / "run", ["cup"])
    before = (run.folder / "run.json").read_bytes()

    def fail(source: Path, target: Path) -> None:
        raise PermissionError("in use")

    monkeypatch.setattr(runs.os, "replace", fail)
    with pytest.raises(PermissionError):
        run.save()
    assert (run.folder / "run.json").read_bytes() == before
    run.end(RunState.CANCELLED)  # does not raise: the reason of the end comes first
    after = (run.folder / "run.json").read_bytes()
    assert len(after) == len(before) and json.loads(after)["state"] == "cancelled", "written over the last one"
    assert os.listdir(run.folder) == ["run.json"]


@pytest.mark.parametrize("where", ["file/run", "file", "null\0folder"])
def test_folders_that_cannot_be_made(tmp_path: Path, where: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(Img23DError) as caught:
        new_run(tmp_path / where, [])
    assert caught.value.code == ErrorCode.FOLDER_UNWRITABLE


def test_peak_memory_is_measured_anew_each_run() -> None:
    memory.reset_peak()  # other tests may have taken more
    with mmap.mmap(-1, 200_000_000) as block:  # not of the heap, which keeps what was freed
        block[:: mmap.PAGESIZE] = bytes(len(block[:: mmap.PAGESIZE]))  # takes each page
        with_block = memory.peak_bytes()
    assert with_block > 200_000_000
    memory.reset_peak()
    if sys.platform == "linux":
        assert memory.peak_bytes() < with_block - 150_000_000
