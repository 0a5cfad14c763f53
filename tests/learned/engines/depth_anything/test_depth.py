"""The depth model with a trained small checkpoint: pictures of a ground, the plain photo, the whole chain, what can go wrong."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from tiny.depth import DEMO, Held, rendered

from img23d_backend.arrange import Arrangement
from img23d_backend.cli.commands import run
from img23d_backend.engines import Engines
from img23d_backend.engines.depth_anything import make_depth
from img23d_backend.engines.depth_anything.depth import load, prepared
from img23d_backend.images import load_photo
from img23d_backend.jobs.failures import as_known
from img23d_backend.models.store import ModelStore
from img23d_backend.stages import Context, DepthEstimator, Photo
from img23d_backend.weights.store import WeightStore
from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.messages import Settings
from img23d_protocol.options.camera import DEPTH_MODEL

CONTEXT = Context(settings=Settings.of(matte_device="cpu"))


@pytest.fixture(scope="module")
def depth(tiny_models: Path) -> DepthEstimator:
    return make_depth(WeightStore(tiny_models), ModelStore())


@pytest.mark.parametrize("pitch", [10, 20, 32])
def test_pitch_of_a_rendered_ground(depth: DepthEstimator, pitch: float) -> None:
    held = Held(pitch=math.radians(pitch))
    rgb, _ = rendered(held, np.random.default_rng(99))
    found = depth.ground(Photo(rgb=rgb), [], CONTEXT)
    assert math.degrees(math.atan(found.horizon / held.focal)) == pytest.approx(pitch, abs=4)
    assert abs(math.degrees(found.roll)) < 3


def test_demo_photo_was_taken_from_nineteen_degrees_above(depth: DepthEstimator) -> None:
    found = depth.ground(load_photo(str(DEMO / "photo.jpg")), [], CONTEXT)
    focal = 85 / 36
    solved = Arrangement(photo_width=1200, photo_height=900, boxes=[], focal=focal, ground=found).solve()
    assert math.degrees(math.atan(found.horizon / focal)) == pytest.approx(19, abs=4)
    assert math.degrees(solved.camera.pitch) == pytest.approx(19, abs=4)
    assert "from the ground" in solved.note


def test_same_photo_gives_the_same_ground(depth: DepthEstimator) -> None:
    photo = load_photo(str(DEMO / "photo.jpg"))
    assert depth.ground(photo, [], CONTEXT) == depth.ground(photo, [], CONTEXT)


@pytest.mark.parametrize("size", [(8, 8), (3000, 40), (40, 3000)])
def test_odd_pictures_are_measured_or_refused_without_a_fuss(depth: DepthEstimator, size: tuple[int, int]) -> None:
    rgb = np.random.default_rng(0).integers(0, 255, (*size, 3), dtype=np.uint8)
    depth.ground(Photo(rgb=rgb), [], CONTEXT)


def test_network_sees_the_shorter_side_at_its_own_size() -> None:
    assert prepared(np.zeros((600, 800, 3), np.uint8), 518).shape == (1, 3, 518, 686)
    assert prepared(np.zeros((100, 5000, 3), np.uint8), 518).shape == (1, 3, 518, 1036)


def test_without_the_weights_there_is_no_ground_and_no_error(tmp_path: Path) -> None:
    photo = load_photo(str(DEMO / "photo.jpg"))
    assert make_depth(WeightStore(tmp_path), ModelStore()).ground(photo, [], CONTEXT) is None


def _without_a_tensor(tensors: dict[str, torch.Tensor]) -> None:
    del tensors["backbone.encoder.layer.1.attention.attention.key.weight"]


def _of_another_shape(tensors: dict[str, torch.Tensor]) -> None:
    tensors["head.conv2.bias"] = tensors["head.conv2.bias"][:-1].clone()


@pytest.mark.parametrize("change", [_without_a_tensor, _of_another_shape])
def test_whole_files_that_do_not_fit_are_said_otherwise_than_damaged_ones(
    tiny_models: Path, tmp_path: Path, change: Callable[[dict[str, torch.Tensor]], None]
) -> None:
    folder = shutil.copytree(tiny_models / DEPTH_MODEL, tmp_path / DEPTH_MODEL)
    tensors = load_file(folder / "model.safetensors")
    change(tensors)
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(Exception) as caught:
        load(folder)
    assert as_known(caught.value).code is ErrorCode.WEIGHTS_UNFIT


@pytest.mark.parametrize(
    ("damage", "code"),
    [("weights", ErrorCode.WEIGHTS_DAMAGED), ("config", ErrorCode.WEIGHTS_DAMAGED), ("kind", ErrorCode.WEIGHTS_UNFIT)],
)
def test_damaged_weights_are_a_sentence(tiny_models: Path, tmp_path: Path, damage: str, code: ErrorCode) -> None:
    folder = tmp_path / DEPTH_MODEL
    shutil.copytree(tiny_models / DEPTH_MODEL, folder)
    if damage == "weights":
        data = (folder / "model.safetensors").read_bytes()
        (folder / "model.safetensors").write_bytes(bytes(8) + data[8:])
    elif damage == "config":
        (folder / "config.json").write_text("{", encoding="utf-8")
    else:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        (folder / "config.json").write_text(json.dumps(config | {"fusion_hidden_size": "wide"}), encoding="utf-8")
    store = WeightStore(tmp_path)
    store.adopt(DEPTH_MODEL)
    with pytest.raises(Img23DError) as caught:
        make_depth(store, ModelStore()).ground(Photo(rgb=np.zeros((60, 80, 3), np.uint8)), [], CONTEXT)
    assert caught.value.code is code


def test_learned_engines_have_it(tiny_models: Path) -> None:
    engines = Engines(tiny_models)
    assert engines.load("cutout").depth is not None and engines.load("hunyuan3d").depth is not None


def test_the_preview_engine_has_it_where_it_is_downloaded(tiny_models: Path, tmp_path: Path) -> None:
    photo = load_photo(str(DEMO / "photo.jpg"))
    there, absent = (Engines(models).load("preview").depth for models in (tiny_models, tmp_path))
    assert there.ground(photo, [], CONTEXT) is not None
    assert there.distances(photo, CONTEXT).ndim == 2
    assert absent.ground(photo, [], CONTEXT) is None and absent.distances(photo, CONTEXT) is None


def test_the_preview_engine_does_not_ask_for_it_where_its_setting_is_off(tiny_models: Path) -> None:
    photo, context = load_photo(str(DEMO / "photo.jpg")), Context(settings=Settings.of(matte_device="cpu", relief=False))
    depth = Engines(tiny_models).load("preview").depth
    assert depth.ground(photo, [], context) is None and depth.distances(photo, context) is None


def test_a_photo_is_measured_once(depth: DepthEstimator) -> None:
    photo = load_photo(str(DEMO / "photo.jpg"))
    assert depth.distances(photo, CONTEXT) is depth.distances(photo, CONTEXT)
    assert depth.distances(load_photo(str(DEMO / "photo.jpg")), CONTEXT) is not depth.distances(photo, CONTEXT)


def test_command_line_with_relief_and_without(tiny_models: Path, tmp_path: Path) -> None:
    """Of a thing that is large enough for what the small network sees."""
    picture = np.full((300, 400, 3), 230, np.uint8)
    picture[60:250, 90:300] = np.linspace(40, 160, 210, dtype=np.uint8)[None, :, None] * np.array([0.4, 1, 0.6])
    cv2.imwrite(str(tmp_path / "photo.png"), picture)
    made = {}
    for name, models, flags in (("with", tiny_models, []), ("without", tiny_models, ["--no-relief"]), ("no model", tmp_path, [])):
        out = tmp_path / name
        arguments = [
            str(tmp_path / "photo.png"),
            "--models",
            str(models),
            "--out",
            str(out),
            "--box",
            "plate=80,50,310,260",
            "--kind",
            "plate=flat",
            "--no-texture",
            "--seed",
            "1",
            *flags,
        ]
        assert run(["generate", *arguments]) == 0
        (mesh,) = out.rglob("*.glb")
        made[name] = mesh.read_bytes()
    assert made["without"] == made["no model"] != made["with"]
