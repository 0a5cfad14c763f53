"""Things that become splats, alone and beside a mesh: what is written, told, placed and painted."""

from __future__ import annotations

import gzip
import json
import struct
from pathlib import Path

import numpy as np
import pytest
from pipeline_case import TWO, only, photo, request, run  # noqa: F401  # a fixture
from small_engine import SmallEngine

from img23d_backend.cli.outcome import Outcome
from img23d_backend.stages import Context, CutOut, Mesh, Painted, Shaped, Splats, View
from img23d_protocol.messages import Arranged, Piece, PreviewReady, ResultKind, ResultReady, Settings, Stage, TargetFailed

SETTINGS = Settings.of(texture_size=1024, faces=500)
SPLATS = Piece(kind=ResultKind.SPLATS)


class SplatEngine(SmallEngine):
    """Its blocks are filled with splats; faint ones lie around them."""

    result = "splats"

    def shape(self, cutout: CutOut, settings: Settings, context: Context) -> Shaped:
        block = super().shape(cutout, settings, context)
        assert block.mesh is not None
        low, high = block.mesh.vertices.min(axis=0), block.mesh.vertices.max(axis=0)
        places = np.stack(np.meshgrid(*[np.linspace(a, b, 8) for a, b in zip(low, high, strict=True)], indexing="ij"), axis=-1).reshape(-1, 3)
        places = np.concatenate([places, [low - 1, high + 1]])
        splats = Splats(
            positions=places.astype(np.float32),
            colors=np.tile(np.float32((0.9, 0.1, 0.1)), (len(places), 1)),
            opacities=np.float32([0.95] * (len(places) - 2) + [0.05] * 2),
            scales=np.full_like(places, 0.02, dtype=np.float32),
            rotations=np.tile(np.float32((1, 0, 0, 0)), (len(places), 1)),
        )
        match self.result:
            case "splats":
                return Shaped(splats=splats, view=block.view, note="Splats.")
            case "both":
                return Shaped(mesh=block.mesh, splats=splats, view=block.view, note="Both.")
            case _:
                return Shaped(mesh=block.mesh, splats=splats, only_to_paint=True, view=block.view)


class Painting(SplatEngine):
    """Remembers the splats that it was given to paint with."""

    def __init__(self, result: str) -> None:
        super().__init__()
        self.result = result
        self.given: list[Splats | None] = []

    def paint(self, mesh: Mesh, view: View, cutout: CutOut, settings: Settings, context: Context, *, uv=None, splats=None) -> Painted:
        self.given.append(splats)
        return super().paint(mesh, view, cutout, settings, context, uv=uv)


def made(photo: Path, result: str, **settings: object) -> tuple[list, Painting, Path]:
    engine = Painting(result)
    job = request(photo, *TWO, settings=SETTINGS.changed(**settings))
    return run(job, engine), engine, Path(job.run_folder)


def places_in(path: Path) -> np.ndarray:
    """(N, 3) in the axes of a GLB, from a PLY in right, down, forward: 17 floats a splat."""
    head, _, body = path.read_bytes().partition(b"end_header\n")
    assert head.startswith(b"ply\nformat binary_little_endian 1.0\n")
    rows = np.frombuffer(body, "<f4").reshape(-1, 17)
    return rows[:, :3] * (1, -1, -1)


def glb_bounds(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Of the positions, from the accessor that has them (glTF 2.0, 4.4)."""
    data = path.read_bytes()
    (length,) = struct.unpack_from("<I", data, 12)
    content = json.loads(data[20 : 20 + length])
    accessor = content["accessors"][content["meshes"][0]["primitives"][0]["attributes"]["POSITION"]]
    return np.array(accessor["min"]), np.array(accessor["max"])


def record(folder: Path) -> dict:
    return json.loads((folder / "run.json").read_text(encoding="utf-8"))


def test_splats_alone_are_told_once_and_not_painted(photo: Path) -> None:
    told, engine, folder = made(photo, "splats")
    ready = only(told, ResultReady)
    assert [(one.target, one.piece, one.stage, one.textured, one.count, one.note) for one in ready] == [
        (index, SPLATS, Stage.SHAPE, True, 514, "Splats.") for index in (0, 1)
    ]
    assert [one.files for one in ready] == [("00_cup.ply",), ("01_cup.ply",)]
    assert engine.given == [] and "paint" not in engine.counts
    target = record(folder)["targets"][0]
    assert (target["state"], target["files"]["ply"], target["faces"]) == ("painted", "00_cup.ply", 0)
    assert target["results"] == [{"piece": {"kind": "splats", "part": None}, "files": ["00_cup.ply"], "textured": True, "count": 514, "name": ""}]


def test_they_stand_where_their_mesh_would(photo: Path) -> None:
    """On y = 0 and around x = z = 0, at the scale of the mesh, faint splats aside."""
    told, _, folder = made(photo, "both", texture=False)
    low, high = glb_bounds(folder / "00_cup_shape.glb")
    solid = places_in(folder / "00_cup.ply")[:-2]
    assert solid.min(axis=0) == pytest.approx(low, abs=1e-5) and solid.max(axis=0) == pytest.approx(high, abs=1e-5)
    alone, _, _ = made(photo, "splats")
    assert places_in(folder / "00_cup.ply")[:-2] == pytest.approx(solid, abs=1e-5)
    assert only(alone, Arranged)[-1].poses == pytest.approx(only(told, Arranged)[-1].poses)


def test_a_mesh_beside_them_is_painted_and_its_painter_gets_them(photo: Path) -> None:
    told, engine, folder = made(photo, "both")
    ready = [(one.target, one.piece.kind, one.stage) for one in only(told, ResultReady)]
    assert sorted(ready) == sorted(
        (index, kind, stage)
        for index in (0, 1)
        for kind, stage in ((ResultKind.MESH, Stage.SHAPE), (ResultKind.SPLATS, Stage.SHAPE), (ResultKind.MESH, Stage.PAINT))
    )
    assert [len(splats) for splats in engine.given] == [514, 514]
    target = record(folder)["targets"][0]
    assert target["state"] == "painted" and [one["piece"]["kind"] for one in target["results"]] == ["splats", "mesh"]


def test_those_that_only_paint_are_kept_and_not_told(photo: Path) -> None:
    told, engine, folder = made(photo, "mesh")
    assert {one.piece.kind for one in only(told, ResultReady)} == {ResultKind.MESH}
    assert [len(splats) for splats in engine.given] == [514, 514]
    assert len(places_in(folder / record(folder)["targets"][0]["files"]["ply"])) == 514


def test_of_those_that_only_paint_there_is_no_spz(photo: Path) -> None:
    _, _, folder = made(photo, "mesh", spz=True)
    assert not list(folder.glob("*.spz"))


@pytest.mark.parametrize("result", ["splats", "both"])
def test_an_spz_beside_them_by_choice(photo: Path, result: str) -> None:
    told, _, folder = made(photo, result, spz=True, texture=False)
    files = next(one.files for one in only(told, ResultReady) if one.piece == SPLATS)
    assert files == ("00_cup.ply", "00_cup.spz")
    magic, version, count = struct.unpack_from("<4sII", gzip.decompress((folder / "00_cup.spz").read_bytes()))
    assert (magic, version, count) == (b"NGSP", 3, 514)


def test_their_picture_shows_their_colours(photo: Path) -> None:
    import cv2

    told, _, folder = made(photo, "splats")
    shown = [one for one in only(told, PreviewReady) if one.target == 0]
    picture = cv2.imread(str(folder / shown[-1].file), cv2.IMREAD_UNCHANGED)
    solid = picture[:, :, 3] > 200
    assert solid.mean() > 0.2 and not solid[0].any() and not solid[:, 0].any()
    assert picture[solid][:, :3].mean(axis=0) == pytest.approx((26, 26, 230), abs=3)


def test_what_a_shaper_shows_on_the_way_is_told_and_not_kept(photo: Path) -> None:
    class Showing(SplatEngine):
        def shape(self, cutout: CutOut, settings: Settings, context: Context) -> Shaped:
            context.show(np.full((16, 16, 3), 77, np.uint8))
            return super().shape(cutout, settings, context)

    job = request(photo, TWO[0], settings=SETTINGS)
    told = run(job, Showing())
    first, last = only(told, PreviewReady)
    assert (first.stage, first.target) == (Stage.SHAPE, 0) and first.file != last.file
    assert not (Path(job.run_folder) / first.file).exists() and (Path(job.run_folder) / last.file).exists()


@pytest.mark.parametrize("what", ["none", "not a number"])
def test_no_splats_are_a_failure_of_that_thing_alone(photo: Path, what: str) -> None:
    class Failing(SplatEngine):
        def shape(self, cutout: CutOut, settings: Settings, context: Context) -> Shaped:
            shaped = super().shape(cutout, settings, context)
            assert shaped.splats is not None
            if cutout.left > 0:
                return shaped
            which = slice(0, 0) if what == "none" else slice(None)
            parts = {name: values[which].copy() for name, values in vars(shaped.splats).items()}
            parts["positions"][:] = np.nan
            return Shaped(splats=Splats(**parts), view=shaped.view)

    told = run(request(photo, *TWO, settings=SETTINGS), Failing())
    assert [one.target for one in only(told, TargetFailed)] == [0]
    assert [one.target for one in only(told, ResultReady)] == [1]


def test_the_command_line_tells_of_them(photo: Path) -> None:
    job = request(photo, *TWO, settings=SETTINGS.changed(spz=True))
    outcome = Outcome()
    outcome.begin(job)
    for message in run(job, Painting("both")):
        outcome.take(message)
    lines = list(outcome.lines())
    assert lines[:2] == ["cup: 00_cup.glb, 12 faces", "cup: 00_cup.ply and 00_cup.spz, 514 splats"]
    assert outcome.as_dict()["targets"][0]["splats"] == [str(Path(job.run_folder) / "00_cup.ply"), str(Path(job.run_folder) / "00_cup.spz")]
