"""The built-in splitter's job: labels for the mesh that was given, wherever and however large it is, or a sentence."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pytest
import trimesh
from known_parts import THINGS
from split_desk import balls, run, split, write_mesh

from img23d_protocol.messages import Cancelled, Failed, Finished, Progress, Split, Stage

TWO = ((0.0, 0.0, 0.0, 1.0), (4.0, 1.0, 0.5, 0.5))


@pytest.mark.parametrize(("scale", "place"), [(1.0, (0, 0, 0)), (0.001, (0.5, -0.2, 0.1)), (500.0, (1e6, -2e6, 3e5))])
def test_wherever_it_is_and_however_large(tmp_path: Path, scale: float, place: tuple[float, float, float]) -> None:
    mesh = balls(*TWO)
    mesh.apply_scale(scale)
    mesh.apply_translation(place)
    heard = split(tmp_path, mesh)
    assert heard.kinds == ["DivisionReady", "Finished"] and isinstance(heard.last, Finished) and heard.last.made == 1
    labels = heard.labels
    assert labels.dtype == np.int32 and labels.tolist() == [0] * 320 + [1] * 320
    large, small = heard.division.parts
    areas = [one.area for one in trimesh.creation.icosphere(subdivisions=2, radius=1.0).split()]
    assert [large.faces, small.faces] == [320, 320]
    assert [large.area, small.area] == pytest.approx([areas[0] * scale**2, areas[0] * scale**2 / 4], rel=2e-3)
    assert large.name != small.name and large.color != small.color and all(len(one.color) == 7 for one in (large, small))


def test_progress_is_of_the_stage_and_rises(tmp_path: Path) -> None:
    heard = split(tmp_path, balls(*TWO))
    told = [one for one in heard.messages if isinstance(one, Progress)]
    assert told and {one.stage for one in told} == {Stage.SPLIT}
    fractions = [one.fraction for one in told]
    assert fractions == sorted(fractions) and 0.0 <= fractions[0] and fractions[-1] <= 1.0


def test_the_record_says_what_was_split(tmp_path: Path) -> None:
    heard = split(tmp_path, balls(*TWO), parts_more=1.0)
    record = json.loads((heard.folder / "run.json").read_text(encoding="utf-8"))
    assert (record["kind"], record["state"], record["mesh"]) == ("split", "finished", str(tmp_path / "mesh.npz"))
    (target,) = record["targets"]
    assert (target["name"], target["state"], target["files"]["labels"]) == ("Thing", "split", heard.division.labels)
    assert [one["name"] for one in record["parts"]] == [one.name for one in heard.division.parts]
    assert record["settings"]["parts"]["built_in"]["division"]["more"] == 1.0


def test_a_thing_of_one_piece_is_split_where_it_is_creased(tmp_path: Path) -> None:
    known = THINGS["snowman"](40)
    heard = split(tmp_path, trimesh.Trimesh(known.mesh.vertices, known.mesh.faces, process=False))
    assert len(heard.division.parts) == 3
    share = np.mean([np.bincount(known.truth[heard.labels == number]).max() / (heard.labels == number).sum() for number in range(3)])
    assert share > 0.95


def test_a_polygon_is_in_one_part(tmp_path: Path) -> None:
    """Quads: two triangles each that share two corners; the seam of the parts runs between quads only."""
    known = THINGS["dumbbell"](24)
    faces = known.mesh.faces[: len(known.mesh.faces) // 2 * 2]
    corners = np.arange(faces.size).reshape(-1, 3)
    corners[1::2, 0] = corners[0::2, 0]  # any two of them share a corner, so they are one face
    path = write_mesh(tmp_path / "mesh.npz", known.mesh.vertices, faces, corners=corners)
    heard = run(Split(job="j", run_folder=str(tmp_path / "run"), mesh=str(path)))
    pairs = heard.labels.reshape(-1, 2)
    assert (pairs[:, 0] == pairs[:, 1]).all() and len(heard.division.parts) >= 3


def test_vertices_of_no_face_do_no_harm(tmp_path: Path) -> None:
    mesh = balls(*TWO)
    vertices = np.concatenate([[[1e7, 0, 0]], mesh.vertices, [[np.inf, 0, 0]]])
    path = write_mesh(tmp_path / "mesh.npz", vertices, mesh.faces + 1)
    assert len(run(Split(job="j", run_folder=str(tmp_path / "run"), mesh=str(path))).division.parts) == 2


ONE_FACE = np.eye(3), np.array([[0, 1, 2]])
GRID = np.stack([*np.meshgrid(np.arange(20.0), np.arange(20.0)), np.zeros((20, 20))], axis=-1).reshape(-1, 3)
PLANE = GRID, np.concatenate([[[at, at + 1, at + 21], [at, at + 21, at + 20]] for at in range(379) if at % 20 < 19])
CHANCE = np.random.default_rng(0)
SOUP = CHANCE.random((300, 3)), CHANCE.integers(0, 300, (900, 3))
TWICE = np.eye(3), np.array([[0, 1, 2]] * 5)  # five faces on three vertices
FLAT = np.array([[0, 0, 0], [1, 0, 0], [2, 0, 0], [0, 1, 0]]), np.array([[0, 1, 2], [0, 1, 3]])  # one without an area


@pytest.mark.parametrize(("vertices", "triangles", "most"), [(*ONE_FACE, 1), (*PLANE, 1), (*SOUP, 64), (*TWICE, 1), (*FLAT, 2)])
def test_odd_meshes_are_split_all_the_same(tmp_path: Path, vertices: np.ndarray, triangles: np.ndarray, most: int) -> None:
    path = write_mesh(tmp_path / "mesh.npz", vertices, triangles)
    heard = run(Split(job="j", run_folder=str(tmp_path / "run"), mesh=str(path)))
    assert isinstance(heard.last, Finished), heard.last
    assert heard.labels.shape == (len(triangles),) and 1 <= len(heard.division.parts) <= most
    assert sorted(set(heard.labels.tolist())) == list(range(len(heard.division.parts)))
    assert [one.faces for one in heard.division.parts] == np.bincount(heard.labels).tolist()


def test_a_thousand_pieces_are_no_thousand_parts(tmp_path: Path) -> None:
    places = np.stack(np.meshgrid(*[np.arange(10.0)] * 3), axis=-1).reshape(-1, 1, 3)
    tetrahedron = np.array([[0, 0, 0], [0.4, 0, 0], [0, 0.4, 0], [0, 0, 0.4]])
    faces = np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]])
    mesh = trimesh.Trimesh((places + tetrahedron).reshape(-1, 3), (np.arange(1000)[:, None, None] * 4 + faces).reshape(-1, 3), process=False)
    heard = split(tmp_path, mesh)
    assert 1 <= len(heard.division.parts) <= 64
    by_piece = heard.labels.reshape(1000, 4)
    assert (by_piece == by_piece[:, :1]).all(), "no piece is torn"


BAD = {
    "no faces": (np.eye(3), np.zeros((0, 3)), "“Thing” has no faces"),
    "loose points": (np.zeros((50, 3)), np.zeros((0, 3)), "“Thing” has no faces"),
    "one place": (np.ones((4, 3)), np.array([[0, 1, 2], [1, 2, 3]]), "All corners of “Thing” lie in one place"),
    "not a number": (np.full((3, 3), np.nan), np.array([[0, 1, 2]]), "The mesh could not be read"),
    "a vertex too few": (np.eye(3), np.array([[0, 1, 7]]), "The mesh could not be read"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_split_is_one_sentence(tmp_path: Path, name: str) -> None:
    vertices, triangles, sentence = BAD[name]
    path = write_mesh(tmp_path / "mesh.npz", vertices, triangles)
    heard = run(Split(job="j", run_folder=str(tmp_path / "run"), name="Thing", mesh=str(path)))
    assert heard.kinds == ["Failed"] and isinstance(heard.last, Failed) and heard.last.sentence.startswith(sentence)
    assert not (tmp_path / "run").exists()


def test_a_file_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "mesh.npz").write_bytes(b"PK no mesh")
    for path in (tmp_path / "mesh.npz", tmp_path / "gone.npz"):
        heard = run(Split(job="j", run_folder=str(tmp_path / "run"), mesh=str(path)))
        assert isinstance(heard.last, Failed) and heard.last.code == "mesh_unreadable"


def test_too_many_faces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from img23d_backend.jobs.parts import given

    monkeypatch.setattr(given, "MOST_FACES", 100)
    heard = split(tmp_path, balls(*TWO))
    assert isinstance(heard.last, Failed) and "has 640 faces, and at most 100 can be split" in heard.last.sentence


@pytest.mark.parametrize(
    ("request_", "sentence"),
    [
        (Split(job="j", run_folder="/r"), "Built In splits meshes only"),
        (Split(job="j", run_folder="/r", picture="/p.png"), "Built In splits meshes only"),
        (Split(job="j", run_folder=" ", mesh="/m.npz"), "No folder for the results"),
        (Split(job="j", run_folder="/r", mesh="/m.npz", seed=-2), "The seed -2"),
    ],
)
def test_requests_that_make_no_sense(request_: Split, sentence: str) -> None:
    heard = run(request_)
    assert heard.kinds == ["Failed"] and isinstance(heard.last, Failed) and heard.last.sentence.startswith(sentence)


def test_a_picture_and_a_mask_are_not_looked_at(tmp_path: Path) -> None:
    path = write_mesh(tmp_path / "mesh.npz", balls(*TWO).vertices, balls(*TWO).faces)
    heard = run(Split(job="j", run_folder=str(tmp_path / "run"), mesh=str(path), picture="/none.png", mask="/none.png"))
    assert isinstance(heard.last, Finished)


def test_a_cancel_is_seen_in_the_middle_of_a_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The step takes longer than anybody waits; the splitter's thread ends with it."""
    from img23d_backend.parts import splitter

    begun: list[float] = []

    def slow(*arguments: object) -> np.ndarray:
        begun.append(time.monotonic())
        time.sleep(3.0)
        raise AssertionError("nobody asks for it any more")

    monkeypatch.setattr(splitter, "split", slow)
    mesh = balls(*TWO)
    path = write_mesh(tmp_path / "mesh.npz", mesh.vertices, mesh.faces)
    heard = run(Split(job="j", run_folder=str(tmp_path / "run"), mesh=str(path)), cancel=lambda: bool(begun) and time.monotonic() > begun[0] + 0.3)
    assert heard.kinds == ["Cancelled"] and isinstance(heard.last, Cancelled) and heard.ended - begun[0] < 1.3
    assert json.loads((heard.folder / "run.json").read_text(encoding="utf-8"))["state"] == "cancelled"


def test_so_many_parts_as_are_asked_for(tmp_path: Path) -> None:
    assert len(split(tmp_path, balls(*TWO), parts_count=5).division.parts) == 5
