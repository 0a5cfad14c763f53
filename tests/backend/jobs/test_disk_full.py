"""A disk that is full, read-only or forbidden: nothing half written stays, the record says so, and the sentence names the folder."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pipeline_case import TWO, files, only, photo, request, run  # noqa: F401  (photo is a fixture)
from small_engine import SmallEngine

from img23d_backend.images.png_files import write_png
from img23d_backend.jobs.failures import as_known
from img23d_backend.jobs.runs import RunState, TargetRecord, open_run
from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.messages import Failed, Generate, PreviewReady, ResultReady, Settings
from tests.small_disk import fill, mounted

NOISE = np.random.default_rng(1).integers(0, 255, (400, 400, 3), np.uint8)  # as a PNG 480 KB


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    with mounted(tmp_path / "disk", 1) as folder:
        yield folder


def filling(folder: Path, stage: str, leaving: int = 0):
    """A trap for the small engine: the disk is filled when the stage is entered for the first time."""

    def trap(entered: str, count: int) -> None:
        if entered == stage and count == 0:
            fill(folder, leaving=leaving)

    return trap


def files_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def record_in(folder: Path) -> dict[str, object]:
    return json.loads((folder / "run.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("leaving", [0, 4096, 16384], ids=lambda count: f"{count}_bytes_free")
@pytest.mark.parametrize("stage", ["matte", "shape", "paint"])
def test_a_run_on_a_disk_that_fills_up_ends_as_failed(photo: Path, small_disk: Path, stage: str, leaving: int) -> None:
    folder = small_disk / "runs" / "one"
    engine = SmallEngine(trap=filling(small_disk, stage, leaving))
    job = request(photo, *TWO, run_folder=str(folder), settings=Settings.of(texture_size=1024))
    (failed,) = only(run(job, engine), Failed)
    assert failed.code == ErrorCode.DISK_FULL
    assert f"“{folder}”" in failed.sentence and "make room" in failed.sentence
    record = record_in(folder)
    assert record["state"] == "failed", "the record must not say that the run goes on"
    assert record["error"]["code"] == "disk_full" and str(folder) in record["error"]["sentence"]
    named = {name for target in record["targets"] for name in target["files"].values()}
    assert files_in(folder) == named | {"run.json"}, "what no record names is half a file"
    for name in named - {"run.json"}:
        assert is_whole(folder / name), name


def is_whole(path: Path) -> bool:
    """By the formats' own marks: PNG ends with an IEND chunk (PNG specification 11.2.5), a GLB says its length (glTF 2.0, 4.4.2)."""
    data = path.read_bytes()
    if path.suffix == ".png":
        return data.startswith(b"\x89PNG\r\n\x1a\n") and data.endswith(b"\0\0\0\0IEND\xaeB`\x82")
    return data[:4] == b"glTF" and int.from_bytes(data[8:12], "little") == len(data)


def test_a_run_that_cannot_be_begun_leaves_nothing(small_disk: Path) -> None:
    (small_disk / "runs").mkdir()
    fill(small_disk)
    with pytest.raises(Img23DError) as caught:
        open_run(Generate(job="j", photo="p", run_folder=str(small_disk / "runs" / "one")))
    assert caught.value.code == ErrorCode.DISK_FULL and f"“{small_disk / 'runs' / 'one'}”" in caught.value.sentence
    assert files_in(small_disk / "runs") == set()


def test_a_finished_run_whose_record_does_not_fit_any_more_is_written_into_the_old_one(small_disk: Path) -> None:
    opened = open_run(Generate(job="j", photo="p", run_folder=str(small_disk / "one")))
    opened.record.targets = [TargetRecord(name="cup")]
    opened.save()
    fill(small_disk)
    opened.end(RunState.FINISHED)
    record = record_in(small_disk / "one")
    assert record["state"] == "finished" and record["targets"][0]["name"] == "cup"


def test_a_record_that_has_grown_beyond_the_room_ends_as_failed_all_the_same(small_disk: Path) -> None:
    opened = open_run(Generate(job="j", photo="p", run_folder=str(small_disk / "one")))
    opened.record.targets = [TargetRecord(name=f"thing {number}") for number in range(200)]
    fill(small_disk)
    opened.end(RunState.FAILED, Img23DError(ErrorCode.DISK_FULL, "The disk is full: make room.", "x" * 100_000))
    record = record_in(small_disk / "one")
    assert record["state"] == "failed" and record["error"]["sentence"] == "The disk is full: make room."


def test_a_picture_that_does_not_fit_leaves_the_old_one(small_disk: Path) -> None:
    path = small_disk / "picture.png"
    write_png(path, NOISE[:50, :50])
    before = path.read_bytes()
    fill(small_disk, leaving=8192)
    with pytest.raises(OSError) as caught:
        write_png(path, NOISE)
    assert caught.value.errno == errno.ENOSPC and Path(str(caught.value.filename)).parent == small_disk
    assert path.read_bytes() == before and files_in(small_disk) == {"picture.png", "somebody's video"}


def test_a_layout_that_does_not_fit_leaves_nothing(small_disk: Path) -> None:
    from img23d_backend.jobs.pipeline import _save_uv

    (small_disk / "one").mkdir()
    fill(small_disk, leaving=8192)
    with pytest.raises(OSError) as caught:
        _save_uv(small_disk / "one" / "layout_uv.npy", np.ones((10_000, 3, 2), np.float32))
    assert as_known(caught.value).code == ErrorCode.DISK_FULL and files_in(small_disk / "one") == set()


# --- where no small disk can be mounted: faults of the system's own calls ------------------------------------------------

FAULTS = [
    (errno.ENOSPC, ErrorCode.DISK_FULL, "is full"),
    (errno.EDQUOT, ErrorCode.DISK_FULL, "Your share"),
    (errno.EROFS, ErrorCode.FOLDER_UNWRITABLE, "read-only"),
    (errno.EACCES, ErrorCode.FOLDER_UNWRITABLE, "may not write"),
    (errno.EPERM, ErrorCode.FOLDER_UNWRITABLE, "may not write"),
    (errno.EIO, ErrorCode.FOLDER_UNWRITABLE, "does not answer"),
]


class FaultyDisk:
    """Lets so many bytes be written below a folder, and then answers every call that writes with an error."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, budget: int, number: int, call: str = "write") -> None:
        self._left, self._number = budget, number
        real = {name: getattr(os, name) for name in ("write", "replace", "fsync")}

        def write(descriptor: int, data: bytes) -> int:
            if self._left <= 0:
                raise OSError(self._number, os.strerror(self._number))  # as the system does it: without a file's name
            self._left -= (count := real["write"](descriptor, memoryview(data)[: self._left]))
            return count

        def refuse(*arguments: object, **named: object) -> None:
            raise OSError(self._number, os.strerror(self._number))

        monkeypatch.setattr(os, call, write if call == "write" else refuse)


@pytest.mark.parametrize(("number", "code", "words"), FAULTS, ids=[errno.errorcode[number] for number, *_ in FAULTS])
@pytest.mark.parametrize("call", ["write", "replace"])
def test_every_refusal_of_the_disk_has_its_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, code: ErrorCode, words: str, call: str
) -> None:
    path = tmp_path / "00_cup_cutout.png"
    with monkeypatch.context() as inside:
        FaultyDisk(inside, 5000, number, call)
        with pytest.raises(OSError) as caught:
            write_png(path, NOISE)
    assert files_in(tmp_path) == set(), "half a picture was left"
    known = as_known(caught.value)
    assert known.code == code and words in known.sentence and f"“{tmp_path}”" in known.sentence
    assert ": " in known.sentence and known.sentence.endswith((".", "?")), "what to do about it"


@pytest.mark.parametrize("budget", [0, 300, 20_000, 60_000])
def test_a_run_on_a_faulty_disk_ends_as_failed(photo: Path, monkeypatch: pytest.MonkeyPatch, budget: int) -> None:
    folder = photo.parent / "run"

    def trap(entered: str, count: int) -> None:
        if entered == "matte" and count == 0:
            FaultyDisk(monkeypatch, budget, errno.ENOSPC)

    told = run(request(photo, *TWO), SmallEngine(trap=trap))
    monkeypatch.undo()
    assert only(told, Failed)[0].code == ErrorCode.DISK_FULL
    kept = {path for kind in (ResultReady, PreviewReady) for path in files(told, kind)}
    assert all(is_whole(Path(path)) for path in kept)
    assert not [name for name in files_in(folder) if name.endswith(".part")]
    assert all(is_whole(folder / name) for name in files_in(folder) if name.endswith((".png", ".glb")))
