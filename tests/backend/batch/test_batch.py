"""What a batch is of, its manifest, and what becomes of each photo."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest
from batch_case import ScriptedPool, failing, finishing, photos, write_photo, write_record

from img23d_backend.batch.entries import Entry, entries_of
from img23d_backend.batch.manifest import FILE, Manifest, PhotoState, Row
from img23d_backend.batch.runner import MOST_LOSSES, THINGS, UNFINISHED, Listener, Runner, make_again
from img23d_backend.batch.throughput import Throughput, told
from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.messages import Finished, Generate


def run(out: Path, pool: ScriptedPool, *, cancelled_after: int = -1) -> list[Row]:
    """The manifest's rows after a run; cancelled when so many have ended."""
    ended: list[Row] = []
    manifest = Manifest(out)

    def request(row: Row, job: str, folder: Path) -> Generate:
        return Generate(job=job, photo=row.path, run_folder=str(folder), seed=row.seed)

    try:
        Runner(out, manifest, pool, request, Listener(ended=ended.append), lambda: len(ended) == cancelled_after).run()
        return manifest.rows()
    finally:
        manifest.close()


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """With five photos that wait."""
    manifest = Manifest(tmp_path / "out")
    manifest.add([Entry(photo=str(path), names="ball") for path in photos(tmp_path / "photos", 5)], 7)
    manifest.close()
    return tmp_path / "out"


# --- what it is of --------------------------------------------------------------------------------------------------


def test_pictures_of_a_folder(tmp_path: Path) -> None:
    for name in ("b.JPG", "a.png", "sub/c.webp", ".hidden/d.png", "notes.txt", ".e.png"):
        write_photo((tmp_path / name).with_suffix(".png")).rename(tmp_path / name)
    found = [str(Path(entry.photo).relative_to(tmp_path)) for entry in entries_of(tmp_path, "mug")]
    assert found == ["a.png", "b.JPG", str(Path("sub", "c.webp"))]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_rows_of_a_csv_file(tmp_path: Path, separator: str) -> None:
    lines = ["Photo,Names,Price", 'a.jpg,"red mug, book",3', "/elsewhere/b.jpg,,4", ",nothing,"]
    if separator != ",":
        lines = [lines[0].replace(",", separator), f"a.jpg{separator}red mug, book{separator}3", f"/elsewhere/b.jpg{separator}{separator}4", separator]
    table = tmp_path / "list.csv"
    table.write_bytes(b"\xef\xbb\xbf" + "\r\n".join(lines).encode())
    entries = list(entries_of(table, "things"))
    assert entries == [Entry(photo=str(tmp_path / "a.jpg"), names="red mug, book"), Entry(photo="/elsewhere/b.jpg", names="things")]


@pytest.mark.parametrize("data", [b"names,price\nmug,3\n", b"\xff\xfe\x00p\n", b"", b"photo\n" + b"a" * 200_000])
def test_what_is_no_table_is_said_so(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "list.csv").write_bytes(data)
    with pytest.raises(Img23DError) as caught:
        list(entries_of(tmp_path / "list.csv", ""))
    assert caught.value.code == ErrorCode.BAD_REQUEST and "list.csv" in caught.value.sentence


# --- the manifest ---------------------------------------------------------------------------------------------------


def test_a_photo_is_in_it_once_and_keeps_its_seed(tmp_path: Path) -> None:
    manifest = Manifest(tmp_path)
    one, other = Entry(photo="/a.jpg", names="mug"), Entry(photo=os.fsdecode(b"/\xff.jpg"), names="mug")
    assert manifest.add([one, other, one], -1) == 2 and manifest.add([one], -1) == 0
    before = manifest.rows()
    manifest.close()
    manifest = Manifest(tmp_path)
    assert manifest.rows() == before and [row.path for row in before] == ["/a.jpg", os.fsdecode(b"/\xff.jpg")]
    assert before[0].seed != before[1].seed and manifest.waiting() == [1, 2]
    manifest.close()


def test_another_choice_is_refused_by_its_name(tmp_path: Path) -> None:
    manifest = Manifest(tmp_path)
    manifest.agree_on({"engine": "preview", "settings": {"common": {"faces": 500, "texture_size": 1024}}})
    manifest.agree_on({"settings": {"common": {"faces": 500, "texture_size": 1024}}, "engine": "preview"})
    with pytest.raises(Img23DError) as caught:
        manifest.agree_on({"engine": "preview", "settings": {"common": {"faces": 900, "texture_size": 1024}}})
    assert "faces" in caught.value.sentence and "engine" not in caught.value.sentence
    manifest.close()


def test_two_commands_do_not_share_a_folder(tmp_path: Path) -> None:
    first = Manifest(tmp_path)
    with pytest.raises(Img23DError) as caught:
        Manifest(tmp_path)
    assert caught.value.code == ErrorCode.BUSY
    first.close()
    Manifest(tmp_path).close()


@pytest.mark.parametrize("data", [b"no database at all, and longer than one page's head" * 50, b""])
def test_a_file_that_is_no_manifest(tmp_path: Path, data: bytes) -> None:
    (tmp_path / FILE).write_bytes(data)
    if not data:
        return Manifest(tmp_path).close()  # SQLite's own beginning
    with pytest.raises(Img23DError) as caught:
        Manifest(tmp_path)
    assert caught.value.code == ErrorCode.BAD_REQUEST
    with pytest.raises(Img23DError, match="cannot be read"):  # and the lock was given back
        Manifest(tmp_path)


# --- the work -------------------------------------------------------------------------------------------------------


def test_every_photo_is_made_once(out: Path) -> None:
    pool = ScriptedPool(finishing)
    rows = run(out, pool)
    assert {row.state for row in rows} == {PhotoState.MADE} and pool.most_at_a_time == 2
    assert [row.folder for row in rows] == [f"{n:06d}_ball_{n - 1}" for n in range(1, 6)]
    assert all((out / THINGS / row.folder / "00_ball.glb").is_file() and row.seconds == 2.0 and row.seed == 7 for row in rows)
    assert not (out / UNFINISHED).exists()
    again = ScriptedPool(finishing)
    assert run(out, again) == rows and again.requests == []


def test_what_ends_badly_has_a_sentence_and_the_rest_goes_on(out: Path) -> None:
    def work(request: Generate):
        if "ball 1" in request.photo:
            return failing(ErrorCode.PHOTO_UNREADABLE, "It is no picture.")(request)
        if "ball 2" in request.photo:
            write_record(Path(request.run_folder), request.job, problem="Nothing is left.")
            return Finished(job=request.job, made=0, failed=1, seconds=1.0)
        return finishing(request)

    rows = run(out, ScriptedPool(work))
    assert [row.state for row in rows] == ["made", "failed", "failed", "made", "made"]
    assert [row.sentence for row in rows] == ["", "It is no picture.", "ball: Nothing is left.", "", ""]
    manifest = Manifest(out)
    assert make_again(out, manifest) == 2
    manifest.close()
    assert [row.state for row in run(out, ScriptedPool(finishing))] == ["made"] * 5


def test_a_record_that_cannot_be_read_is_told(out: Path) -> None:
    rows = run(out, ScriptedPool(lambda request: Finished(job=request.job, made=1, failed=0, seconds=1.0)))
    assert {(row.state, row.sentence) for row in rows} == {("failed", "The record of what was made cannot be read.")}


def test_a_lost_workers_photo_is_made_again_but_not_for_ever(out: Path) -> None:
    def work(request: Generate):
        if "ball 3" in request.photo or ("ball 0" in request.photo and request.run_folder.endswith("_0")):
            return failing(ErrorCode.BACKEND_DIED)(request)
        return finishing(request)

    pool = ScriptedPool(work)
    rows = run(out, pool)
    assert [row.state for row in rows] == ["made", "made", "made", "failed", "made"]
    tries = [sum(f"ball {n}" in request.photo for request in pool.requests) for n in range(5)]
    assert tries == [2, 1, 1, MOST_LOSSES, 1] and [row.losses for row in rows] == [1, 0, 0, MOST_LOSSES, 0]


@pytest.mark.parametrize("code", [ErrorCode.DISK_FULL, ErrorCode.ENGINE_NOT_READY])
def test_what_every_photo_would_meet_ends_the_batch_and_loses_nothing(out: Path, code: ErrorCode) -> None:
    count = 0

    def work(request: Generate):
        nonlocal count
        count += 1
        return finishing(request) if count < 3 else failing(code, "Not now.")(request)

    with pytest.raises(Img23DError, match=r"Not now\."):
        run(out, ScriptedPool(work, capacity=1))
    rows = run(out, ScriptedPool(finishing))
    assert [row.state for row in rows] == ["made"] * 5


def test_a_cancelled_batch_goes_on_later(out: Path) -> None:
    first = run(out, ScriptedPool(finishing, capacity=1), cancelled_after=2)
    assert [row.state for row in first] == ["made", "made", "waiting", "waiting", "waiting"]
    pool = ScriptedPool(finishing)
    second = run(out, pool)
    assert second[:2] == first[:2] and len(pool.requests) == 3 and {row.state for row in second} == {"made"}


def test_what_was_finished_when_the_command_was_killed_is_taken_as_it_is(out: Path) -> None:
    """Killed after the folder was moved to its place, and before the manifest said so; another one was still being written."""
    run(out, ScriptedPool(finishing), cancelled_after=0)
    write_record(out / THINGS / "000002_ball_1", "photo-2-7")
    write_record(out / THINGS / "000003_ball_2", "somebody else's")
    (out / UNFINISHED / "000001_0").mkdir(parents=True)
    (out / UNFINISHED / "000001_0" / "half.glb").write_bytes(b"gl")
    pool = ScriptedPool(finishing)
    rows = run(out, pool)
    assert {row.state for row in rows} == {"made"}
    assert sorted(request.job for request in pool.requests) == ["photo-1-7", "photo-3-7", "photo-4-7", "photo-5-7"]
    assert not (out / THINGS / "000001_ball_0" / "half.glb").exists()


def test_a_change_is_whole_or_not_there(out: Path) -> None:
    """A writer that ends in the middle of a transaction leaves the rows as they were: SQLite's journal takes it back."""
    before = run(out, ScriptedPool(finishing), cancelled_after=1)
    data = sqlite3.connect(out / FILE, isolation_level=None)
    data.execute("BEGIN IMMEDIATE")
    data.execute("UPDATE photo SET state = 'made', folder = 'nowhere'")
    data.close()
    manifest = Manifest(out)
    assert manifest.rows() == before
    manifest.close()


# --- how fast -------------------------------------------------------------------------------------------------------


def test_throughput() -> None:
    throughput = Throughput(100.0)
    assert throughput.a_minute(130.0) == 0.0 and throughput.seconds_left(10, 130.0) is None
    for now in (110.0, 120.0, 130.0):
        throughput.count(now)
    assert throughput.a_minute(130.0) == pytest.approx(6.0) and throughput.seconds_left(10, 130.0) == pytest.approx(100.0)
    assert [told(seconds) for seconds in (None, 12.4, 100.0, 5400.0, 36_300.0)] == ["?", "12 s", "2 min", "1 h 30 min", "10 h 05 min"]
