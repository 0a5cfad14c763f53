"""What may be deleted, and what is left alone."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from blender_img23d.core.runs import folders as run_folders
from blender_img23d.core.runs.folders import check_deletable, delete_run
from blender_img23d.shared.img23d_protocol import Img23DError
from img23d_backend.jobs.runs import RunState, TargetRecord, open_run
from img23d_protocol import messages as m


def made_run(folder: Path) -> Path:
    run = open_run(m.Generate(job="j", photo="/p.png", run_folder=str(folder)))
    run.record.targets = [TargetRecord(name="cup")]
    run.path_for(0, "_cutout.png").write_bytes(b"12345")
    run.path_for(0, ".glb").write_bytes(b"12345")
    run.end(RunState.FINISHED)
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return made_run(tmp_path / "runs" / "20260101-000000-desk-aaaa")


def test_a_run_is_deleted_with_its_files_and_nothing_else(folder: Path, tmp_path: Path) -> None:
    other = made_run(folder.with_name("20260102-000000-desk-bbbb"))
    assert len(os.listdir(folder)) == 3 and check_deletable(folder, tmp_path).size > 10
    delete_run(folder, tmp_path)
    assert os.listdir(tmp_path / "runs") == [other.name] and len(os.listdir(other)) == 3


OWN = ["my scene.blend", "notes.txt", "renders", "render.png", "00_cup_cutout_edited.png", "01_cup.glb", "00_cup_preview2.png", "mesh_old.npz", "photo.part"]


@pytest.mark.parametrize("name", OWN)
def test_what_the_artist_put_there_survives(folder: Path, tmp_path: Path, name: str) -> None:
    (folder / name).mkdir() if name == "renders" else (folder / name).write_bytes(b"x")
    found = check_deletable(folder, tmp_path)
    assert len(found.ours) == 3 and found.others == (name,)
    assert delete_run(folder, tmp_path) is False
    assert os.listdir(folder) == [name]


def test_every_file_of_a_real_run_is_known(tmp_path: Path) -> None:
    """Of a generation with all its pictures, and of a re-texture: otherwise it would count as the artist's."""
    import cv2
    import numpy as np

    from img23d_backend.engines import Engines
    from img23d_backend.jobs.job import Caller
    from img23d_backend.jobs.pipeline import run_job

    photo = tmp_path / "photo.png"
    picture = np.full((120, 160, 3), 230, np.uint8)
    cv2.circle(picture, (80, 60), 40, (30, 40, 200), -1)
    cv2.imencode(".png", picture)[1].tofile(photo)
    folder = tmp_path / "runs" / "20260101-000000-desk-aaaa"
    wanted = tuple(m.Wanted(name=name, box=m.Box(left=0.2, top=0.1, right=0.8, bottom=0.9)) for name in ("red cup", "CON", "a/b: ü\u0308 走"))
    told: list[object] = []
    caller = Caller(emit=told.append, load_engine=Engines(tmp_path / "models").load)
    run_job(m.Generate(job="j", photo=str(photo), run_folder=str(folder), wanted=wanted), caller)
    assert type(told[-1]) is m.Finished
    for name in ("mesh.npz", "grown.npz", "layout_uv.npy", "00_red_cup_texture.png", "00_red_cup_uv.npy", "run.json.part", ".run.json.0123abcd.part"):
        (folder / name).write_bytes(b"x")
    (folder / ".00_red_cup.glb.0123abcd.part").write_bytes(b"half")
    assert check_deletable(folder, tmp_path).others == ()
    assert delete_run(folder, tmp_path) is True and not folder.exists()


def test_a_file_browsers_own_file_does_not_keep_it(folder: Path, tmp_path: Path) -> None:
    (folder / ".DS_Store").write_bytes(b"x")
    delete_run(folder, tmp_path)
    assert not folder.exists()


def test_nothing_outside_the_folder_for_runs_is_deleted(folder: Path, tmp_path: Path) -> None:
    elsewhere = made_run(tmp_path / "elsewhere")
    deeper = made_run(folder.parent / "group" / "inner")
    for place in (elsewhere, deeper, folder.parent, tmp_path, folder / "..", folder / ".." / ".." / "elsewhere"):
        with pytest.raises(Img23DError):
            delete_run(place, tmp_path)
    with pytest.raises(Img23DError):
        delete_run(folder, tmp_path / "another base")
    assert len(os.listdir(folder)) == len(os.listdir(elsewhere)) == len(os.listdir(deeper)) == 3


def test_a_folder_without_a_record_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "20260101-000000-desk-aaaa"
    folder.mkdir(parents=True)
    (folder / "picture.png").write_bytes(b"x")
    with pytest.raises(Img23DError, match="no run"):
        delete_run(folder, tmp_path)
    assert (folder / "picture.png").exists()


def test_links_are_not_followed(folder: Path, tmp_path: Path) -> None:
    target = made_run(tmp_path / "elsewhere")
    link = folder.with_name("20260103-000000-link-aaaa")
    try:
        link.symlink_to(target, target_is_directory=True)
        (folder / "far.png").symlink_to(target / "run.json")
    except OSError:
        pytest.skip("links need a right here")
    with pytest.raises(Img23DError):
        delete_run(link, tmp_path)
    delete_run(folder, tmp_path)
    assert len(os.listdir(target)) == 3 and os.listdir(folder) == ["far.png"], "the link itself is not from Img23D"


def test_a_base_that_is_itself_a_link_serves(folder: Path, tmp_path: Path) -> None:
    base = tmp_path / "shortcut"
    try:
        base.symlink_to(tmp_path, target_is_directory=True)
    except OSError:
        pytest.skip("links need a right here")
    delete_run(base / "runs" / folder.name, base)
    assert not folder.exists()


def test_a_run_that_may_still_be_worked_on_waits(folder: Path, tmp_path: Path) -> None:
    path = folder / "run.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"finished"', '"running"'), encoding="utf-8")
    with pytest.raises(Img23DError, match="another Blender"):
        check_deletable(folder, tmp_path)
    check_deletable(folder, tmp_path, now=time.time() + 3600)


def test_where_a_file_is_in_use_nothing_is_deleted(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(source: Path, target: Path) -> None:
        raise PermissionError("in use")

    monkeypatch.setattr(run_folders.os, "rename", refuse)
    with pytest.raises(Img23DError, match="close what has"):
        delete_run(folder, tmp_path)
    assert len(os.listdir(folder)) == 3
