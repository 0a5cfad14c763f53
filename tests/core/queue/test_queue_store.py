"""The list of what waits, on disk: whole after a restart, never two Blenders' at once, and nothing lost by damage but what is damaged."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from queue_rig import make, paint

from blender_img23d.core.queue.queued_jobs import Kind, QueuedJob
from blender_img23d.core.queue.store import FOLDER, QueueStore
from blender_img23d.core.runs import owned_files

ROOT = Path(__file__).resolve().parents[3]

# Keeps two jobs, says so, and lives until it is ended
_OTHER_BLENDER = """
import sys
from pathlib import Path
sys.path[:0] = [{root!r}, {rig!r}]
from queue_rig import make
from blender_img23d.core.queue.store import QueueStore
folder = Path({folder!r})
store = QueueStore(folder)
if {takes}:
    print(len(store.take_over([]).jobs), flush=True)
else:
    store.keep([make(folder, name) for name in "xy"])
    print("kept", flush=True)
sys.stdin.read()
"""


def other_blender(folder: Path, *, takes: bool = False) -> subprocess.Popen:
    code = _OTHER_BLENDER.format(root=str(ROOT), rig=str(Path(__file__).parents[1]), folder=str(folder), takes=takes)
    return subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def end(process: subprocess.Popen) -> None:
    process.kill()
    process.wait()
    process.stdin.close()
    process.stdout.close()


@pytest.fixture
def jobs(tmp_path: Path) -> list[QueuedJob]:
    return [make(tmp_path, "a"), make(tmp_path, "b", kind=Kind.AGAIN), paint(tmp_path, "m", "n")]


def leave(base: Path, jobs: list[QueuedJob]) -> Path:
    """A Blender that has ended; the path of its list."""
    store = QueueStore(base)
    store.keep(jobs)
    store.close()
    (path,) = (base / FOLDER).glob("*.json")
    return path


def names(base: Path) -> list[str]:
    return sorted(path.suffix for path in (base / FOLDER).iterdir())


def test_a_restart_finds_all_of_it_in_its_order(tmp_path: Path, jobs: list[QueuedJob]) -> None:
    leave(tmp_path, jobs)
    left = QueueStore(tmp_path).take_over([])
    assert [job.id for job in left.jobs] == [job.id for job in jobs] and not left.lists and not left.unread
    for before, after in zip(jobs, left.jobs, strict=True):
        where = replace(before.where, file_key="")
        folder = replace(before.making, run_folder=after.making.run_folder) if before.making else None
        assert after == replace(before, where=where, making=folder)
        assert after.making is None or after.making.run_folder != before.making.run_folder
    assert left.jobs[0].making.run_folder.startswith(str(tmp_path / "runs"))


def test_nothing_is_made_before_something_waits_and_nothing_is_left_after(tmp_path: Path, jobs: list[QueuedJob]) -> None:
    store = QueueStore(tmp_path)
    store.keep([])
    assert store.take_over([]).jobs == () and not (tmp_path / FOLDER).exists()
    store.keep(jobs)
    store.keep([])
    store.close()
    assert names(tmp_path) == []


def test_it_becomes_ones_own_and_comes_before_what_is_there(tmp_path: Path, jobs: list[QueuedJob]) -> None:
    path = leave(tmp_path, jobs[:2])
    store = QueueStore(tmp_path)
    store.keep(jobs[2:])
    assert [job.id for job in store.take_over(jobs[2:]).jobs] == ["id-a", "id-b"]
    assert not path.exists(), "the old list is gone"
    (own,) = (tmp_path / FOLDER).glob("*.json")
    assert [job["id"] for job in json.loads(own.read_text())["jobs"]] == ["id-a", "id-b", "id-m-n"]
    assert QueueStore(tmp_path).take_over([]).jobs == (), "this one lives"
    store.close()
    assert len(QueueStore(tmp_path).take_over([]).jobs) == 3


def test_a_living_blenders_list_is_its_own_and_a_killed_ones_is_found(tmp_path: Path) -> None:
    other = other_blender(tmp_path)
    try:
        assert other.stdout.readline() == "kept\n"
        assert QueueStore(tmp_path).take_over([]).jobs == ()
    finally:
        end(other)
    store = QueueStore(tmp_path)
    assert [job.id for job in store.take_over([]).jobs] == ["id-x", "id-y"]
    store.close()


def test_of_many_that_start_at_once_one_takes_it(tmp_path: Path, jobs: list[QueuedJob]) -> None:
    leave(tmp_path, jobs)
    others = [other_blender(tmp_path, takes=True) for _ in range(4)]
    try:
        counts = [int(other.stdout.readline()) for other in others]
    finally:
        for other in others:
            end(other)
    assert sorted(counts) == [0, 0, 0, 3]
    store = QueueStore(tmp_path)
    assert len(store.take_over([]).jobs) == 3, "that one was killed with it"
    store.close()


def test_killed_while_it_took_over_no_job_comes_twice(tmp_path: Path, jobs: list[QueuedJob]) -> None:
    leave(tmp_path, jobs)
    second = QueueStore(tmp_path)
    second.keep(jobs)  # written, and killed before the first list was removed
    second.close()
    left = QueueStore(tmp_path).take_over([])
    assert sorted(job.id for job in left.jobs) == sorted(job.id for job in jobs)


@pytest.mark.parametrize("damage", [b"", b"{half", b"[]", b"\xff\xfe\x00", b'{"jobs": 3}', b"[" * 100_000, None])
def test_a_damaged_list_is_set_aside_and_the_others_are_read(tmp_path: Path, jobs: list[QueuedJob], damage: bytes | None) -> None:
    path = leave(tmp_path, jobs[:1])
    path.write_bytes(damage if damage is not None else path.read_bytes()[:-40])
    text = path.read_bytes()
    second = QueueStore(tmp_path)
    second.keep(jobs[1:])
    second.close()
    store = QueueStore(tmp_path)
    left = store.take_over([])
    assert left.lists == 1 and [job.id for job in left.jobs] == ["id-b", "id-m-n"]
    assert path.with_suffix(".damaged").read_bytes() == text and not path.exists()
    store.close()
    assert QueueStore(tmp_path).take_over([]).lists == 0, "it is said once"


DAMAGES = {
    "kind": "dance",
    "photo": None,
    "host": {"name": "cup"},  # of one that is not made again
    "asked": 1e300,
    "base_folder": "not/absolute",
    "where": [],
    "making": {"job": "j"},
    "id": 5,
}


@pytest.mark.parametrize("key", DAMAGES)
def test_one_job_that_is_damaged_does_not_take_the_others(tmp_path: Path, jobs: list[QueuedJob], key: str) -> None:
    path = leave(tmp_path, jobs)
    data = json.loads(path.read_text())
    data["jobs"][0][key] = DAMAGES[key]
    path.write_text(json.dumps(data))
    left = QueueStore(tmp_path).take_over([])
    assert left.unread == 1 and [job.id for job in left.jobs] == ["id-b", "id-m-n"] and path.with_suffix(".damaged").is_file()


@pytest.mark.parametrize(
    ("path_of", "value"),
    [
        (("making", "photo"), "/etc/passwd"),  # not the picture that was stamped
        (("making", "seed"), 2**40),
        (("making", "wanted", 0, "box", "left"), 0.9),
        (("making", "wanted", 0, "height"), -1.0),
        (("making", "settings", "common", "texture_size"), 7),
        (("making", "settings", "hunyuan3d", "shape", "steps"), -3),
        (("where", "scene"), "a\0b"),
        (("where", "cursor"), ["x"]),
    ],
)
def test_what_no_button_asks_for_is_not_begun(tmp_path: Path, jobs: list[QueuedJob], path_of: tuple, value: object) -> None:
    path = leave(tmp_path, jobs[:1])
    data = json.loads(path.read_text())
    inner = data["jobs"][0]
    for key in path_of[:-1]:
        inner = inner[key]
    inner[path_of[-1]] = value
    path.write_text(json.dumps(data))
    left = QueueStore(tmp_path).take_over([])
    assert left.unread == 1 and not left.jobs


def test_an_older_versions_list_lacks_fields_and_a_newer_ones_has_more(tmp_path: Path, jobs: list[QueuedJob]) -> None:
    path = leave(tmp_path, jobs[:1])
    data = json.loads(path.read_text())
    del data["jobs"][0]["where"]["cursor"], data["jobs"][0]["painting"], data["jobs"][0]["making"]["settings"]["hunyuan3d"]
    data["jobs"][0]["mood"] = data["mood"] = "good"
    path.write_text(json.dumps(data))
    (job,) = QueueStore(tmp_path).take_over([]).jobs
    assert job.making.wanted == jobs[0].making.wanted and job.where.cursor == ()


@pytest.mark.skipif(os.name == "nt", reason="named pipes in folders")
def test_a_pipe_in_the_place_of_the_list_is_not_waited_for(tmp_path: Path, jobs: list[QueuedJob]) -> None:
    path = leave(tmp_path, jobs)
    path.unlink()
    os.mkfifo(path)
    assert QueueStore(tmp_path).take_over([]).lists == 1


def test_a_disk_without_locks_keeps_nothing_and_says_so(tmp_path: Path, jobs: list[QueuedJob], monkeypatch: pytest.MonkeyPatch) -> None:
    leave(tmp_path, jobs[:1])
    monkeypatch.setattr(owned_files, "try_lock", lambda descriptor: owned_files.LockState.UNKNOWN)
    store = QueueStore(tmp_path)
    with pytest.raises(OSError, match="[Ll]ock"):
        store.keep(jobs)
    assert store.take_over([]).jobs == (), "nobody knows whose it is"


def test_a_folder_that_cannot_be_written_loses_no_job(tmp_path: Path, jobs: list[QueuedJob], monkeypatch: pytest.MonkeyPatch) -> None:
    path = leave(tmp_path, jobs)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(owned_files, "write_whole", full)
    with pytest.raises(OSError, match="No space"):
        QueueStore(tmp_path).take_over([])
    monkeypatch.undo()
    assert path.exists() and len(QueueStore(tmp_path).take_over([]).jobs) == 3
