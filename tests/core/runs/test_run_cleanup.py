"""Old runs make room by age and size; what is in use, running, or an artist's own stays, whoever's Blender it is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from blender_img23d.core.runs.cleanup import Keeping, clean_up
from blender_img23d.core.runs.folder_marks import FolderMarks, used_elsewhere
from blender_img23d.core.runs.searches import delete_old_searches
from img23d_backend.jobs.runs import RunState, TargetRecord, open_run
from img23d_protocol import messages as m

ROOT = Path(__file__).resolve().parents[3]
NOW = datetime(2026, 6, 1).timestamp()
KEEPING = Keeping(runs=5, days=90, size=10_000_000)
DAY = 86400.0


def made_run(base: Path, days_ago: float, *, size: int = 1000, state: RunState = RunState.FINISHED) -> Path:
    began = datetime.fromtimestamp(NOW) - timedelta(days=days_ago)
    folder = base / "runs" / f"{began:%Y%m%d-%H%M%S}-desk-{int(days_ago * 7) % 65536:04x}"
    run = open_run(m.Generate(job=f"j{days_ago}", photo="/p.png", run_folder=str(folder)))
    run.record.targets = [TargetRecord(name="red cup")]
    run.path_for(0, ".glb").write_bytes(b"x" * size)
    run.end(state)
    os.utime(folder / "run.json", (NOW - days_ago * DAY,) * 2)
    return folder


def left(base: Path) -> set[str]:
    return set(os.listdir(base / "runs"))


def names(folders: list[Path]) -> set[str]:
    return {folder.name for folder in folders}


def test_the_newest_runs_stay_however_old_and_large_they_are(tmp_path: Path) -> None:
    folders = [made_run(tmp_path, 400 + number, size=30_000_000 if number == 4 else 10) for number in range(5)]
    cleaned = clean_up(tmp_path, KEEPING, now=NOW)
    assert left(tmp_path) == names(folders) and cleaned.runs == cleaned.size == 0


def test_beyond_them_old_ones_go_and_young_ones_stay(tmp_path: Path) -> None:
    folders = [made_run(tmp_path, days) for days in (1, 2, 3, 4, 5, 60, 89, 91, 200)]
    cleaned = clean_up(tmp_path, KEEPING, now=NOW)
    assert left(tmp_path) == names(folders[:7])
    assert cleaned.runs == 2 and cleaned.size > 2000


def test_beyond_them_the_oldest_go_until_the_rest_is_small_enough(tmp_path: Path) -> None:
    folders = [made_run(tmp_path, days, size=4_000_000) for days in (1, 2, 3, 4, 5, 6, 7, 8, 9)]
    clean_up(tmp_path, KEEPING, now=NOW)
    assert left(tmp_path) == names(folders[:7]), "two of 4 MB fit into 10 MB"


def test_nothing_of_the_last_day_goes_for_its_size(tmp_path: Path) -> None:
    folders = [made_run(tmp_path, number / 30, size=4_000_000) for number in range(1, 12)]
    clean_up(tmp_path, KEEPING, now=NOW)
    assert left(tmp_path) == names(folders)


def test_an_artist_who_wants_to_keep_all_keeps_all(tmp_path: Path) -> None:
    folders = [made_run(tmp_path, 300 + number, size=4_000_000) for number in range(9)]
    clean_up(tmp_path, Keeping(runs=5, days=0, size=0), now=NOW)
    assert left(tmp_path) == names(folders)


@pytest.mark.parametrize("name", ["my render.png", "scene.blend", "01_blue_cup.glb", "00_red_cup_cutout_edited.png", "notes"])
def test_a_run_that_holds_something_of_the_artists_is_left_alone(tmp_path: Path, name: str) -> None:
    folders = [made_run(tmp_path, 300 + number) for number in range(7)]
    (folders[5] / name).mkdir() if name == "notes" else (folders[5] / name).write_bytes(b"mine")
    clean_up(tmp_path, KEEPING, now=NOW)
    assert left(tmp_path) == names(folders[:6]) and len(os.listdir(folders[5])) == 3


def test_what_is_in_use_stays(tmp_path: Path) -> None:
    folders = [made_run(tmp_path, 300 + number) for number in range(8)]
    clean_up(tmp_path, KEEPING, in_use={folders[6]}, now=NOW)
    assert left(tmp_path) == names([*folders[:5], folders[6]])


def test_what_is_in_use_by_way_of_a_link_stays(tmp_path: Path) -> None:
    """A .blend remembers the folder as its Blender knew it: by a link, or by another name of the same disk."""
    folders = [made_run(tmp_path / "base", 300 + number) for number in range(8)]
    spelled = tmp_path / "other name of it" / "runs"
    with OtherBlender(tmp_path / "base", spelled / folders[7].name):
        clean_up(tmp_path / "base", KEEPING, in_use={spelled / folders[6].name}, now=NOW)
    assert left(tmp_path / "base") == names([*folders[:5], folders[6], folders[7]])


def test_what_no_record_describes_stays(tmp_path: Path) -> None:
    folders = [made_run(tmp_path, 300 + number) for number in range(8)]
    (folders[5] / "run.json").unlink()
    (folders[6] / "run.json").write_text("{}")
    clean_up(tmp_path, KEEPING, now=NOW)
    assert left(tmp_path) == names(folders[:7])


def test_a_deletion_that_was_cut_off_is_finished(tmp_path: Path) -> None:
    folder = made_run(tmp_path, 1)
    half = folder.rename(folder.with_name(f".deleted-{folder.name}"))
    mine = made_run(tmp_path, 2)
    (mine / "mine.png").write_bytes(b"x")
    mine = mine.rename(mine.with_name(f".deleted-{mine.name}"))
    clean_up(tmp_path, KEEPING, now=NOW)
    assert not half.exists() and os.listdir(mine) == ["mine.png"]


def test_what_a_killed_blender_left_half_written_goes(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    old, young, mine, whole = (tmp_path / "photos" / name for name in (".picture.0123abcd.part", ".ball_1a.png.0123abcd.part", "film.part", "ball_1a.png"))
    for path in (old, mine, whole, young):
        path.write_bytes(b"half")
        os.utime(path, (NOW - 2 * DAY,) * 2)
    os.utime(young, (NOW - 60, NOW - 60))
    clean_up(tmp_path, KEEPING, now=NOW)
    assert set(os.listdir(tmp_path / "photos")) == {young.name, mine.name, whole.name}


@pytest.mark.parametrize("extra", ["", "mine.png", "run.json"])
def test_a_mesh_whose_painting_never_began_goes(tmp_path: Path, extra: str) -> None:
    """The scene wrote it for the backend, which then refused the picture: there is no record."""
    folder = tmp_path / "runs" / "20250101-000000-wood-01234567"
    young, named = folder.with_name("20250102-000000-wood-01234567"), folder.with_name("my meshes")
    for one in (folder, young, named):
        one.mkdir(parents=True)
        (one / "mesh.npz").write_bytes(b"x" * 1000)
        os.utime(one / "mesh.npz", (NOW - 2 * DAY,) * 2)
    os.utime(young / "mesh.npz", (NOW - 60,) * 2)
    if extra:
        (folder / extra).write_bytes(b"{}")
    clean_up(tmp_path, KEEPING, now=NOW)
    assert folder.exists() == bool(extra) and young.exists() and named.exists()


# --- two Blenders -----------------------------------------------------------------------------------------------------

OTHER = """
import sys, time
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from blender_img23d.core.runs.folder_marks import FolderMarks
marks = FolderMarks(Path(sys.argv[2]))
marks.tell([Path(name) for name in sys.argv[3:]])
print("told", flush=True)
time.sleep(60)
"""


class OtherBlender:
    """A process of its own that uses folders below a base until it is killed."""

    def __init__(self, base: Path, *folders: Path) -> None:
        self.process = subprocess.Popen([sys.executable, "-c", OTHER, str(ROOT), str(base), *map(str, folders)], stdout=subprocess.PIPE)
        assert self.process.stdout is not None and self.process.stdout.readline() == b"told\n"

    def __enter__(self) -> OtherBlender:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def test_what_another_blender_uses_stays_until_that_one_is_gone(tmp_path: Path) -> None:
    folders = [made_run(tmp_path, 300 + number) for number in range(8)]
    with OtherBlender(tmp_path, folders[6]) as other:
        assert used_elsewhere(tmp_path) == {folders[6]}
        clean_up(tmp_path, KEEPING, now=NOW)
        assert left(tmp_path) == names([*folders[:5], folders[6]])
        other.process.send_signal(signal.SIGKILL) if os.name != "nt" else other.process.kill()
        other.process.wait()
        clean_up(tmp_path, KEEPING, now=NOW)
        assert left(tmp_path) == names(folders[:5]), "a dead one's mark must not hold for ever"
    assert os.listdir(tmp_path / ".in-use") == []


def made_search(base: Path, number: int) -> Path:
    folder = base / "searches" / f"{datetime(2026, 3, 4) + timedelta(minutes=number):%Y%m%d-%H%M%S}-cup-{number:04x}"
    run = open_run(m.Locate(job=f"s{number}", photo="/p.png", run_folder=str(folder)))
    run.record.targets = [TargetRecord(name="cup")]
    run.path_for(0, "_cutout.png").write_bytes(b"png")
    run.end(RunState.FINISHED)
    return folder


def test_the_searches_of_another_blender_are_never_cleaned_away(tmp_path: Path) -> None:
    folders = [made_search(tmp_path, number) for number in range(30)]
    with OtherBlender(tmp_path, folders[0], folders[3]):
        delete_old_searches(tmp_path)
        assert names([folders[0], folders[3], *folders[10:]]) == set(os.listdir(tmp_path / "searches"))
    delete_old_searches(tmp_path)
    assert names(folders[10:]) == set(os.listdir(tmp_path / "searches"))


def test_ones_own_mark_is_not_anothers(tmp_path: Path) -> None:
    marks = FolderMarks(tmp_path)
    marks.tell([tmp_path / "searches" / "a", Path("/somewhere/else")])
    assert used_elsewhere(tmp_path, marks) == frozenset() and used_elsewhere(tmp_path) == {tmp_path / "searches" / "a"}
    marks.tell([])
    assert used_elsewhere(tmp_path) == frozenset()
    marks.close()
    assert os.listdir(tmp_path / ".in-use") == []


def test_a_mark_that_cannot_be_read_keeps_everything(tmp_path: Path) -> None:
    folders = [made_run(tmp_path, 300 + number) for number in range(8)]
    searches = [made_search(tmp_path, number) for number in range(30)]
    marks = FolderMarks(tmp_path)
    marks.tell([folders[0]])
    (list_of,) = (tmp_path / ".in-use").glob("*.json")
    list_of.write_text("{half")
    clean_up(tmp_path, KEEPING, now=NOW)
    delete_old_searches(tmp_path)
    assert left(tmp_path) == names(folders) and len(os.listdir(tmp_path / "searches")) == len(searches)
    marks.close()


def test_where_there_are_no_locks_a_mark_counts_for_some_days(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from blender_img23d.core.runs import owned_files

    monkeypatch.setattr(owned_files, "try_lock", lambda descriptor: owned_files.LockState.UNKNOWN)
    marks = FolderMarks(tmp_path)
    marks.tell([tmp_path / "runs" / "a"])
    assert used_elsewhere(tmp_path) == {tmp_path / "runs" / "a"}
    (list_of,) = (tmp_path / ".in-use").glob("*.json")
    long_ago = time.time() - 30 * DAY
    os.utime(list_of, (long_ago, long_ago))
    assert used_elsewhere(tmp_path) == frozenset()
    marks.close()


def test_a_base_that_cannot_be_written_is_no_reason_to_fail(tmp_path: Path) -> None:
    (tmp_path / "base").write_bytes(b"a file")
    marks = FolderMarks(tmp_path / "base")
    marks.tell([tmp_path / "base" / "runs" / "a"])
    marks.close()
    assert clean_up(tmp_path / "base", KEEPING, now=NOW).runs == 0


def test_two_blenders_that_write_runs_at_the_same_time_lose_none(tmp_path: Path) -> None:
    """There is no list of runs that they could overwrite: each has a folder and a record of its own."""
    code = (
        "import sys\nsys.path[:0] = sys.argv[2:]\nfrom pathlib import Path\nfrom datetime import datetime\n"
        "from img23d_backend.jobs.runs import RunState, open_run\nfrom img23d_protocol import messages as m\n"
        "from blender_img23d.core.requests import new_run_folder\n"
        "for number in range(60):\n"
        "    folder = new_run_folder(Path(sys.argv[1]), '/p/desk.png', datetime(2026, 1, 1))\n"
        "    open_run(m.Generate(job=f'{number}', photo='/p/desk.png', run_folder=str(folder))).end(RunState.FINISHED)\n"
    )
    paths = [str(ROOT), str(ROOT / "backend"), str(ROOT / "blender_img23d" / "shared")]
    writers = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path), *paths]) for _ in range(3)]
    assert [writer.wait(120) for writer in writers] == [0, 0, 0]
    assert len(left(tmp_path)) == 180
    assert all(os.listdir(tmp_path / "runs" / name) == ["run.json"] for name in left(tmp_path))
