"""Lids for labels that the artist has changed: what is cut with them is closed, as a second program sees it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import trimesh
from known_parts import THINGS
from split_desk import Heard, balls, run, split, write_mesh

from img23d_protocol.messages import Close, Failed, Finished, Progress, Stage


def close(tmp_path: Path, vertices: np.ndarray, triangles: np.ndarray, labels: np.ndarray) -> Heard:
    mesh = write_mesh(tmp_path / "mesh.npz", vertices, triangles)
    np.save(tmp_path / "labels.npy", labels.astype(np.int32))
    return run(Close(job="c", run_folder=str(tmp_path / "run"), mesh=str(mesh), labels=str(tmp_path / "labels.npy")))


def cut(heard: Heard, vertices: np.ndarray, triangles: np.ndarray, labels: np.ndarray, number: int) -> trimesh.Trimesh:
    """A part with what closes it, as the message says: `faces` into the mesh's vertices followed by the new ones."""
    lids = heard.lids
    places = np.concatenate([vertices.astype(np.float32), lids["vertices"]])
    faces = np.concatenate([triangles[(labels == number) & ~lids["dropped"]], lids["faces"][lids["part"] == number]])
    return trimesh.Trimesh(places, faces, process=True)


def known(name: str, detail: int = 36) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """z up, moved and enlarged, and the truth as labels."""
    one = THINGS[name](detail)
    x, y, z = one.mesh.vertices.T
    return np.stack([x, -z, y], axis=1) * 3 + (5, -7, 11), one.mesh.faces, one.truth


@pytest.mark.parametrize("name", ["duck", "mug", "jack", "snowman"])
def test_parts_with_their_lids_are_solids_that_add_up(tmp_path: Path, name: str) -> None:
    vertices, triangles, labels = known(name)
    heard = close(tmp_path, vertices, triangles, labels)
    assert heard.kinds == ["LidsReady", "Finished"] and isinstance(heard.last, Finished)
    whole = trimesh.Trimesh(vertices, triangles)
    parts = [cut(heard, vertices, triangles, labels, number) for number in range(int(labels.max()) + 1)]
    assert all(part.is_watertight and part.is_winding_consistent and part.volume > 0 for part in parts)
    assert sum(part.volume for part in parts) == pytest.approx(whole.volume, rel=0.03)
    assert (heard.lids["source"] == -1).all() and not heard.lids["dropped"].any()


def test_lids_hang_on_the_meshs_own_vertices(tmp_path: Path) -> None:
    """Without welding anything: each edge of a part lies between two of its faces."""
    vertices, triangles, labels = known("duck")
    lids = close(tmp_path, vertices, triangles, labels).lids
    for number in range(int(labels.max()) + 1):
        faces = np.concatenate([triangles[labels == number], lids["faces"][lids["part"] == number]])
        edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
        assert (np.unique(edges, axis=0, return_counts=True)[1] == 2).all()


def test_merged_parts_have_no_lid_between_them(tmp_path: Path) -> None:
    vertices, triangles, labels = known("snowman")
    apart = close(tmp_path, vertices, triangles, labels).lids
    (tmp_path / "again").mkdir()
    together = close(tmp_path / "again", vertices, triangles, np.minimum(labels, 1)).lids
    assert 0 < len(together["faces"]) < len(apart["faces"]) and set(together["part"].tolist()) == {0, 1}


def test_parts_that_are_left_out_get_none_and_the_others_are_closed_towards_them(tmp_path: Path) -> None:
    vertices, triangles, labels = known("duck")
    labels = np.where(labels == 0, -1, labels)
    heard = close(tmp_path, vertices, triangles, labels)
    assert set(heard.lids["part"].tolist()) == {1, 2}
    assert all(cut(heard, vertices, triangles, labels, number).is_watertight for number in (1, 2))


def test_loose_solids_need_no_lids(tmp_path: Path) -> None:
    mesh = balls((0, 0, 0, 1), (4, 0, 0, 1))
    lids = close(tmp_path, mesh.vertices, mesh.faces, np.repeat([0, 1], 320)).lids
    assert len(lids["faces"]) == len(lids["vertices"]) == 0 and lids["dropped"].shape == (640,) and not lids["dropped"].any()


def test_faces_without_an_extent_are_dropped(tmp_path: Path) -> None:
    mesh = balls((0, 0, 0, 1))
    triangles = np.concatenate([mesh.faces, [[0, 0, 1]]])
    assert np.flatnonzero(close(tmp_path, mesh.vertices, triangles, np.zeros(321)).lids["dropped"]).tolist() == [320]


def test_progress_names_the_part(tmp_path: Path) -> None:
    vertices, triangles, labels = known("duck")
    told = [one for one in close(tmp_path, vertices, triangles, labels).messages if isinstance(one, Progress)]
    assert told and {one.stage for one in told} == {Stage.SPLIT}


def test_labels_of_the_splitter_itself(tmp_path: Path) -> None:
    vertices, triangles, _ = known("chair")
    heard = split(tmp_path, trimesh.Trimesh(vertices, triangles, process=False))
    labels = heard.labels
    closed = run(Close(job="c", run_folder=str(tmp_path / "run"), mesh=str(tmp_path / "mesh.npz"), labels=str(heard.folder / str(heard.division.labels))))
    assert all(cut(closed, vertices, triangles, labels, number).is_watertight for number in range(len(heard.division.parts)))


TORN = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, -1]]), np.array([[0, 1, 2], [0, 1, 3], [0, 1, 4]])


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [(np.full(640, -1), "Every part is left out"), (np.zeros(639), "The parts are not those of this mesh"), (np.zeros((640, 1)), "The parts are not those")],
)
def test_labels_that_make_no_sense(tmp_path: Path, labels: np.ndarray, sentence: str) -> None:
    mesh = balls((0, 0, 0, 1), (4, 0, 0, 1))
    heard = close(tmp_path, mesh.vertices, mesh.faces, labels)
    assert heard.kinds == ["Failed"] and isinstance(heard.last, Failed) and heard.last.sentence.startswith(sentence)


def test_a_torn_surface_ends_with_a_result(tmp_path: Path) -> None:
    """Three faces at one edge, of which two turn the same way."""
    heard = close(tmp_path, *TORN, np.zeros(3))
    assert heard.kinds == ["LidsReady", "Finished"]


def test_no_labels_at_all(tmp_path: Path) -> None:
    mesh = balls((0, 0, 0, 1))
    path = write_mesh(tmp_path / "mesh.npz", mesh.vertices, mesh.faces)
    heard = run(Close(job="c", run_folder=str(tmp_path / "run"), mesh=str(path), labels=str(tmp_path / "none.npy")))
    assert isinstance(heard.last, Failed) and heard.last.code == "mesh_unreadable"
