"""The newest searches are kept; nothing that is not ours is ever deleted."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from blender_img23d.core.runs.searches import delete_old_searches, new_search_folder

START = datetime(2026, 3, 4, 5, 6, 7)


def search_folder(base: Path, number: int, photo: str = "/photos/My: cup?.jpg") -> Path:
    folder = new_search_folder(base, photo, START + timedelta(minutes=number))
    folder.mkdir(parents=True)
    (folder / "00_cup_cutout.png").write_bytes(b"png")
    (folder / "run.json").write_text("{}")
    return folder


def test_a_search_folder_is_named_and_not_made(tmp_path: Path) -> None:
    folder = new_search_folder(tmp_path, "/photos/My: cup?.jpg", START)
    assert folder.parent == tmp_path / "searches" and folder.name.startswith("20260304-050607-My_cup-")
    assert not folder.parent.exists()


def test_the_newest_are_kept_and_those_in_use(tmp_path: Path) -> None:
    folders = [search_folder(tmp_path, number) for number in range(25)]
    delete_old_searches(tmp_path, in_use={folders[1]})
    assert sorted((tmp_path / "searches").iterdir()) == sorted([folders[1], *folders[5:]])


def test_a_look_for_picking_is_a_search_too(tmp_path: Path) -> None:
    folders = [search_folder(tmp_path, number) for number in range(2)]
    for name in ("regions.npy", "00_0123456789ab_cutout.png"):
        (folders[0] / name).write_bytes(b"x")
    (folders[0] / "run.json").unlink()
    delete_old_searches(tmp_path, keep=1)
    assert not folders[0].exists() and folders[1].exists()


def test_what_is_not_ours_stays(tmp_path: Path) -> None:
    searches = tmp_path / "searches"
    named, with_more, nested, empty = (search_folder(tmp_path, number) for number in range(4))
    named = named.rename(searches / "my pictures")
    (with_more / "notes.txt").write_text("mine")
    (nested / "01_folder.png").mkdir()
    for file in list(empty.iterdir()):
        file.unlink()
    (searches / "20260101-000000-file-0000").write_text("a file")
    delete_old_searches(tmp_path, keep=0)
    assert {path.name for path in searches.iterdir()} == {
        named.name, with_more.name, nested.name, empty.name, "20260101-000000-file-0000",
    }  # fmt: skip
    assert len(list(with_more.iterdir())) == 3 and len(list(nested.iterdir())) == 3


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_links_are_not_followed(tmp_path: Path) -> None:
    elsewhere = search_folder(tmp_path / "elsewhere", 0)
    holding = search_folder(tmp_path, 1)
    (tmp_path / "searches" / elsewhere.name).symlink_to(elsewhere, target_is_directory=True)
    (holding / "01_linked.png").symlink_to(elsewhere / "run.json")
    delete_old_searches(tmp_path, keep=0)
    assert len(list(elsewhere.iterdir())) == 2 and len(list(holding.iterdir())) == 3


def test_no_search_yet(tmp_path: Path) -> None:
    delete_old_searches(tmp_path)
