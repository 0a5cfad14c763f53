"""An artist's further photos as the views of InstantMesh: where they are taken from, how large the thing is in them, and that nothing draws.

Cameras are read back from their rows and looked through with a pinhole written here. The thing is a block whose sides have colours of their own.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from instantmesh_checkpoints import write

from img23d_backend.engines.instantmesh import make_shaper_and_painter
from img23d_backend.engines.instantmesh.views.photos import PhotoViews, views_of_photos
from img23d_backend.mesh.topology.checks import find_defects
from img23d_backend.models.store import ModelStore
from img23d_backend.stages import Context, CutOut, Painted, Painter
from img23d_backend.weights.store import WeightStore
from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.messages import Settings, Side, SidePhoto, Wanted

MODEL, DRAWS = "instantmesh-nerf-base", ("instantmesh-views", "zero123plus")
SETTINGS = Settings.of(reconstruction=MODEL, instantmesh_resolution=64, instantmesh_faces=1000, texture_size=1024, shape_device="cpu", paint_device="cpu")
FINDS = ("qwen3-vl-2b", "birefnet-general", "depth-anything-v2-metric-small")
RED, BLUE, GREEN, YELLOW = (220, 30, 30), (30, 30, 220), (30, 180, 30), (220, 200, 30)
HALF = np.array([0.3, 0.5, 0.8])  # of the block: across, up, deep, in the photo's axes


def photo_of(across: float, pixels: int, left: tuple[int, int, int], right: tuple[int, int, int]) -> np.ndarray:
    """The block `pixels` high: its left half of one colour, its right half of another, somewhere in a larger picture."""
    width = round(pixels * across / HALF[1])
    rgba = np.zeros((pixels + 31, width + 17, 4), np.uint8)
    rgba[20 : 20 + pixels, 5 : 5 + width, :3] = right
    rgba[20 : 20 + pixels, 5 : 5 + width // 2, :3] = left
    rgba[20 : 20 + pixels, 5 : 5 + width, 3] = 255
    return rgba


def block(*sides: Side) -> CutOut:
    """Red at the left, blue at the right, green in front, yellow behind; every photo has another size."""
    photos = {
        Side.LEFT: photo_of(HALF[2], 61, YELLOW, GREEN),
        Side.BACK: photo_of(HALF[0], 500, BLUE, RED),
        Side.RIGHT: photo_of(HALF[2], 97, GREEN, YELLOW),
    }
    return CutOut(rgba=photo_of(HALF[0], 240, RED, BLUE), sides={side: photos[side] for side in sides})


def looked(camera: np.ndarray, place: np.ndarray) -> tuple[float, float]:
    """A place in glTF's axes through a pinhole, in pixels of a picture of 320."""
    pose, (fx, fy, cx, cy) = camera[:12].reshape(3, 4).astype(np.float64), camera[12:]
    x, y, z = pose[:, :3].T @ (place[[2, 0, 1]] - pose[:, 3])
    return 320 * (cx + fx * x / -z), 320 * (cy - fy * y / -z)


def extents(picture: np.ndarray) -> tuple[int, int]:
    """Pixels across and down that are not white."""
    marked = (picture < 250).any(axis=2)
    return int(marked.any(axis=0).sum()), int(marked.any(axis=1).sum())


def views(*sides: Side) -> PhotoViews:
    return views_of_photos(block(*sides))


def test_the_cameras_stand_before_their_sides() -> None:
    found = views(*Side).cameras
    places = found[:, :12].reshape(-1, 3, 4)[:, :, 3][:, [1, 2, 0]]  # in glTF's axes
    assert np.abs(places - [(0, 0, 4), (4, 0, 0), (0, 0, -4), (-4, 0, 0)]).max() < 1e-5, "the photo, right, back, left"
    assert np.abs(found[:, 12:] - [1.866, 1.866, 0.5, 0.5]).max() < 1e-3


@pytest.mark.parametrize("sides", [(Side.LEFT,), (Side.BACK, Side.LEFT), tuple(Side)], ids=len)
def test_each_colour_is_seen_through_its_camera_where_the_block_has_it(sides: tuple[Side, ...]) -> None:
    found = views(*sides)
    assert found.pictures.shape == (1 + len(sides), 320, 320, 3) and found.pictures.dtype == np.uint8
    for picture, camera in zip(found.pictures, found.cameras, strict=True):
        for color, way in ((RED, (-1, 0, 0)), (BLUE, (1, 0, 0)), (GREEN, (0, 0, 1)), (YELLOW, (0, 0, -1))):
            x, y = looked(camera, 0.5 * np.array(way) * HALF)
            if abs(x - 160) < 5:  # it lies in the middle: before or behind
                continue
            assert picture[int(y), int(x)].tolist() == list(color)


def test_the_thing_is_as_high_in_every_picture_whatever_the_photos_sizes_are() -> None:
    sizes = np.array([extents(picture) for picture in views(*Side).pictures])
    assert np.ptp(sizes[:, 1]) <= 1
    assert sizes[:, 0].max() == pytest.approx(0.85 * 320, abs=2), "the widest side fills as much as what Zero123++ looks at"
    assert sizes[0, 0] / sizes[1, 0] == pytest.approx(HALF[0] / HALF[2], abs=0.02)
    tall = views(Side.BACK).pictures
    assert [extents(picture)[1] for picture in tall] == pytest.approx([0.85 * 320] * 2, abs=2)
    middles = [np.argwhere((picture < 250).any(axis=2)).mean(axis=0) for picture in (*tall, *views(*Side).pictures)]
    assert np.abs(np.array(middles) - 159.5).max() <= 1
    assert all((picture[:, 0] == 255).all() and (picture[0] == 255).all() for picture in tall)


def test_a_soft_edge_stays_free_of_what_lies_under_it() -> None:
    rgba = photo_of(HALF[0], 200, RED, RED)
    rgba[..., :3][rgba[..., 3] == 0] = (0, 255, 0)
    (picture, _) = views_of_photos(CutOut(rgba=rgba, sides={Side.BACK: rgba})).pictures
    assert not ((picture[..., 1].astype(int) - picture[..., 0]) > 40).any()


@pytest.mark.parametrize("which", ["front", "side"])
def test_an_empty_photo_is_a_sentence(which: str) -> None:
    good, bad = photo_of(0.3, 50, RED, BLUE), np.zeros((40, 40, 4), np.uint8)
    cut = CutOut(rgba=bad if which == "front" else good, sides={Side.LEFT: good if which == "front" else bad})
    with pytest.raises(Img23DError) as caught:
        views_of_photos(cut)
    assert caught.value.code is ErrorCode.EMPTY_CUTOUT


# --- without what draws ------------------------------------------------------------------------------------------------


class _NoPainter(Painter):
    def paint(self, *args: object, **kwargs: object) -> Painted:
        raise AssertionError("another painter was asked")


@pytest.fixture(scope="module")
def without(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A models folder with the reconstructions alone."""
    models = write(tmp_path_factory.mktemp("models"))
    for set_id in DRAWS:
        shutil.rmtree(models / set_id)
    return models


@pytest.fixture(scope="module")
def whole(without: Path, tiny_models: Path) -> Path:
    """With what finds and cuts out beside them."""
    for set_id in FINDS:
        shutil.copytree(tiny_models / set_id, without / set_id)
    return without


def test_the_mesh_is_made_of_the_photos_and_nothing_draws(without: Path) -> None:
    models, notes = ModelStore(), []
    shaper, _ = make_shaper_and_painter(WeightStore(without), models, projection=_NoPainter(), learned=_NoPainter())
    cut = block(Side.LEFT, Side.BACK)
    context = Context(seed=1, report=lambda done, note: notes.append(note))
    shaped = shaper.shape(cut, SETTINGS, context)
    assert shaped.note == "InstantMesh: from 3 photos." and not [note for note in notes if "view" in note.lower() and "Draw" in note]
    assert set(models.places()) == {MODEL}
    assert not [one for one in find_defects(shaped.mesh) if "not closed" in one]
    assert np.allclose(shaped.view.matrix[0, 1:3], 0) and np.allclose(shaped.view.matrix[1, [0, 2]], 0), "it looks level"
    other = shaper.shape(block(Side.LEFT), SETTINGS, Context(seed=1)).mesh.vertices
    assert other.shape != shaped.mesh.vertices.shape or not np.array_equal(other, shaped.mesh.vertices), "a photo less makes another mesh"
    again = shaper.shape(cut, SETTINGS, Context(seed=9)).mesh.vertices
    assert np.array_equal(again, shaped.mesh.vertices), "nothing of it follows from the seed"


def test_before_a_run_it_is_told_what_is_missing_for_things_without_photos(without: Path) -> None:
    shaper, _ = make_shaper_and_painter(WeightStore(without), ModelStore(), projection=_NoPainter(), learned=_NoPainter())
    seen = Wanted(name="cup", sides=(SidePhoto(side=Side.LEFT, photo="/left.png"),))
    shaper.check((seen, seen), SETTINGS)
    for wanted in ((), (seen, Wanted(name="jug"))):
        with pytest.raises(Img23DError, match="give each thing a further photo") as caught:
            shaper.check(wanted, SETTINGS)
        assert caught.value.code is ErrorCode.WEIGHTS_MISSING
    with pytest.raises(Img23DError, match="InstantMesh") as caught:
        shaper.check((seen,), SETTINGS.changed(reconstruction="instantmesh-mesh-base"))
    assert caught.value.code is ErrorCode.WEIGHTS_MISSING


def test_a_thing_whose_photos_could_not_be_used_fails_alone(without: Path) -> None:
    shaper, _ = make_shaper_and_painter(WeightStore(without), ModelStore(), projection=_NoPainter(), learned=_NoPainter())
    with pytest.raises(Img23DError, match="give each thing a further photo") as caught:
        shaper.shape(block(), SETTINGS, Context(seed=1))
    assert caught.value.code is ErrorCode.EMPTY_CUTOUT


# --- the whole way, in a process of its own -------------------------------------------------------------------------------


def made(models: Path, folder: Path, *options: str) -> tuple[int, dict, str]:
    folder.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "img23d_backend", "generate", saved(folder / "block.png", block().rgba), "--engine", "instantmesh", "--json"]
    command += ["--models", str(models), "--out", str(folder / "out"), "--device", "cpu", "--instantmesh-model", MODEL, *options]
    command += ["--instantmesh-resolution", "64", "--instantmesh-faces", "500", "--texture-size", "1024"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)})
    return done.returncode, json.loads(done.stdout), done.stderr


def saved(path: Path, rgba: np.ndarray) -> str:
    cv2.imencode(".png", cv2.cvtColor(rgba, cv2.COLOR_RGBA2BGRA))[1].tofile(path)
    return str(path)


def test_a_photo_and_its_further_ones_become_an_object_without_what_draws(whole: Path, tmp_path: Path) -> None:
    left = saved(tmp_path / "left.png", block(Side.LEFT).sides[Side.LEFT])
    code, result, said = made(whole, tmp_path, "--view", f"left={left}", "--view", f"back={tmp_path / 'none.png'}")
    (target,) = result["targets"]
    assert code == 0 and target["textured"] and Path(target["mesh"]).is_file(), said
    assert "InstantMesh: from 2 photos." in target["notes"], "the third is not there"
    (kept,) = json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))["targets"]
    assert any("Made without the photo of its back" in note for note in kept["notes"])
    code, result, said = made(whole, tmp_path / "again")
    assert code != 0 and "give each thing a further photo" in result["error"]["sentence"] and not (tmp_path / "again" / "out").exists()
