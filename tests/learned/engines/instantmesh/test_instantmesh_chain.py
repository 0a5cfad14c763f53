"""InstantMesh from a cut-out to a textured mesh: through its loaders with random weights in the published layout, and where the field is known.

A field that is written here by hand is an octahedron: planes that hold a point's place, and networks that add up its absolute values.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from instantmesh_checkpoints import TEXT, write
from published.lists import files_of

from img23d_backend.engines.instantmesh import make_shaper_and_painter
from img23d_backend.engines.instantmesh.loading.plan import make_plan, make_view_plan
from img23d_backend.engines.instantmesh.networks.fields import DensityField, DistanceField
from img23d_backend.engines.instantmesh.shape.field import PlaneField
from img23d_backend.engines.instantmesh.shape.reconstruct import reconstruct
from img23d_backend.engines.instantmesh.views.cameras import view_cameras
from img23d_backend.engines.instantmesh.views.drawing import picture_of
from img23d_backend.fields.painter import ColoredField, FieldPainter
from img23d_backend.fields.painters import Painters
from img23d_backend.machine.devices import choose
from img23d_backend.mesh.topology.checks import find_defects
from img23d_backend.models.store import ModelStore
from img23d_backend.stages import Context, CutOut, Mesh, Painted, Painter, View
from img23d_backend.weights.store import WeightStore
from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.messages import Settings

REACH = 0.6  # of the octahedron, along each axis
SETTINGS = Settings.of(view_steps=2, instantmesh_faces=4000, instantmesh_resolution=64, texture_size=1024, shape_device="cpu", paint_device="cpu")
NERF = SETTINGS.changed(reconstruction="instantmesh-nerf-base")


class _NoPainter(Painter):
    def paint(self, *args: object, **kwargs: object) -> Painted:
        raise AssertionError("another painter was asked")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def stages(models: Path) -> tuple:
    return make_shaper_and_painter(WeightStore(models), ModelStore(), projection=_NoPainter(), learned=_NoPainter())


def cutout(shade: int = 200) -> CutOut:
    """A disc."""
    rows, columns = np.mgrid[:80, :80] - 39.5
    rgba = np.zeros((80, 80, 4), np.uint8)
    rgba[..., 0], rgba[..., 1] = shade, 60
    rgba[..., 3] = (rows**2 + columns**2 < 30**2) * 255
    return CutOut(rgba=rgba)


# --- through the loaders ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", [SETTINGS, NERF], ids=["distances", "densities"])
def test_a_cutout_becomes_a_closed_mesh_with_a_texture(stages: tuple, settings: Settings) -> None:
    shaper, painter = stages
    shown: list[np.ndarray] = []
    seed = 1 if settings is SETTINGS else 11  # views that were drawn already are not drawn again
    shaped = shaper.shape(cutout(), settings, Context(seed=seed, show=shown.append))
    assert not [one for one in find_defects(shaped.mesh) if "not closed" in one] and 0 < len(shaped.mesh.faces) <= 4000
    assert "2 steps" in shaped.note
    assert [picture.shape for picture in shown] == [(120, 80, 3)] * 2 + [(960, 640, 3)], "each step and the views are shown"
    places = shaped.view.project(shaped.mesh.vertices)[:, :2]
    assert np.abs((places.min(axis=0) + places.max(axis=0)) / 2 - 40).max() < 1, "it covers the cut-out"
    painted = painter.paint(shaped.mesh, shaped.view, cutout(), settings, Context(seed=seed))
    assert painted.texture.shape == (1024, 1024, 3) and painted.uv.shape == (len(shaped.mesh.faces), 3, 2)


def test_the_seed_and_the_picture_make_another_one_and_nothing_else_does(stages: tuple, models: Path) -> None:
    again, _ = make_shaper_and_painter(WeightStore(models), ModelStore(), projection=_NoPainter(), learned=_NoPainter())
    first = stages[0].shape(cutout(), NERF, Context(seed=1)).mesh.vertices
    assert np.array_equal(again.shape(cutout(), NERF, Context(seed=1)).mesh.vertices, first)
    others = [stages[0].shape(one, NERF, Context(seed=seed)).mesh.vertices for one, seed in ((cutout(), 2), (cutout(90), 1))]
    assert all(other.shape != first.shape or not np.array_equal(other, first) for other in others)


def test_a_field_that_is_not_kept_any_more_is_made_again(stages: tuple, models: Path) -> None:
    """By another process, from the cut-out, the settings and the seed alone."""
    shaped = stages[0].shape(cutout(), NERF, Context(seed=1))
    kept = stages[0].field_of(cutout(), NERF, Context(seed=1), lambda *_: None)
    other, _ = make_shaper_and_painter(WeightStore(models), ModelStore(), projection=_NoPainter(), learned=_NoPainter())
    again = other.field_of(cutout(), NERF, Context(seed=1), lambda *_: None)
    assert kept.view is not None and again.view is None and again.pitch == kept.pitch
    assert np.array_equal(again.colors(shaped.mesh.vertices), kept.colors(shaped.mesh.vertices))
    assert len(again.solid(lambda *_: None).faces) > 0


def test_a_cancel_is_seen_at_every_step(models: Path) -> None:
    class Stopped(Exception):
        pass

    told: list[tuple[float, str]] = []
    make_shaper_and_painter(WeightStore(models), ModelStore(), projection=_NoPainter(), learned=_NoPainter())[0].shape(
        cutout(), NERF, Context(seed=1, report=lambda *what: told.append(what))
    )
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    notes = [note for _, note in told]
    wanted = ["Drawing six views, step 1 of 2", "Drawing six views, step 2 of 2", "Developing the views", "Shaping, step 2 of 2", "Finding the surface"]
    assert sorted(wanted, key=notes.index) == wanted, "all of them, in this order"
    shaper, _ = make_shaper_and_painter(WeightStore(models), ModelStore(), projection=_NoPainter(), learned=_NoPainter())
    for stop in wanted:

        def report(done: float, note: str, stop: str = stop) -> None:
            if note == stop:
                raise Stopped

        with pytest.raises(Stopped):
            shaper.shape(cutout(), NERF, Context(seed=5, report=report))


def test_numbers_out_of_range_are_one_sentence(models: Path, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(models, tmp_path / "models")
    path = tmp_path / "models" / "instantmesh-views" / "diffusion_pytorch_model.bin"
    tensors = torch.load(path, weights_only=True)
    tensors["conv_out.bias"] += float("inf")
    torch.save(tensors, path)
    store = WeightStore(tmp_path / "models")
    store.adopt("instantmesh-views")
    shaper, _ = make_shaper_and_painter(store, ModelStore(), projection=_NoPainter(), learned=_NoPainter())
    with pytest.raises(Img23DError, match="ran out of range") as caught:
        shaper.shape(cutout(), SETTINGS, Context(seed=1))
    assert caught.value.code is ErrorCode.NO_SURFACE


@pytest.mark.parametrize("count", [1, 4, 6])
def test_any_number_of_views_of_any_size_makes_planes(models: Path, count: int) -> None:
    plan = make_plan(SETTINGS, WeightStore(models), "cpu")
    views = np.random.default_rng(0).integers(0, 256, (count, 200, 200, 3), dtype=np.uint8)
    field = reconstruct(views, view_cameras()[:count], plan, ModelStore(), lambda *_: None)
    assert field.planes.shape == (3, 8, 8, 8) and bool(field.planes.isfinite().all())


def test_an_empty_cutout_is_refused() -> None:
    with pytest.raises(Img23DError) as caught:
        picture_of(np.zeros((40, 40, 4), np.uint8))
    assert caught.value.code is ErrorCode.EMPTY_CUTOUT


def test_the_picture_is_on_white_and_its_thing_fills_most_of_it() -> None:
    picture = picture_of(cutout().rgba)
    covered = np.flatnonzero((picture != 255).any(axis=2).any(axis=0))
    assert picture[0, 0].tolist() == [255, 255, 255] and picture.shape[0] == picture.shape[1]
    assert (covered[-1] + 1 - covered[0]) / picture.shape[1] == pytest.approx(0.85, abs=0.02)


@pytest.mark.parametrize("ramp", [None, [0.0, 1.0], "text", [[0.5]] * 77])
def test_a_ramp_of_another_model_does_not_fit(models: Path, tmp_path: Path, ramp: object) -> None:
    import json

    (tmp_path / "model_index.json").write_text(json.dumps({"ramping_coefficients": ramp}), encoding="utf-8")
    parts = replace(make_view_plan(SETTINGS, WeightStore(models), "cpu").parts, folder=tmp_path)
    with pytest.raises(Img23DError) as caught:
        parts.ramp()
    assert caught.value.code is ErrorCode.WEIGHTS_UNFIT


def test_the_empty_text_is_computed_once_and_kept(models: Path) -> None:
    parts = make_view_plan(SETTINGS, WeightStore(models), "cpu").parts
    first = parts.empty_text()
    assert first.shape == (1, 77, TEXT)
    assert (models / "zero123plus" / ".empty-prompt.safetensors").is_file()
    assert torch.equal(parts.empty_text(), first)


# --- the published files ----------------------------------------------------------------------------------------------


def test_the_published_files_fit_their_networks() -> None:
    """Without memory: names and shapes, and the numbers of parameters that a public project counts."""
    from diffusers import AutoencoderKL, UNet2DConditionModel
    from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

    (unet,), (vae, vision, text) = files_of("instantmesh-views"), files_of("zero123plus")
    with torch.device("meta"):
        networks = (
            UNet2DConditionModel(**unet.config["sd2_unet"]),
            AutoencoderKL(**vae.config["sd_vae"]),
            CLIPVisionModelWithProjection(CLIPVisionConfig(**vision.config["clip_h_vision"])),
        )
    for file, network in zip((unet, vae, vision), networks, strict=True):
        asked = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items() if not name.endswith("position_ids")}
        assert asked == {name: tensor.shape for name, tensor in file.tensors.items()}
    for file in (unet, vae, vision, text):
        assert sum(torch.Size(tensor.shape).numel() for tensor in file.tensors.values()) == file.parameters


def test_the_base_checkpoint_has_as_many_numbers_as_the_published_file_has_room_for() -> None:
    """The rest is names and addresses, of a zip archive: some 360 bytes a tensor."""
    (file,) = files_of("instantmesh-mesh-base")
    assert len(file.tensors) == 455 and file.bytes == 1_253_574_354
    assert 300 < (file.bytes - file.data_bytes) / len(file.tensors) < 400


# --- where the field is known -----------------------------------------------------------------------------------------


def _coordinates() -> torch.Tensor:
    """(3, 3, 256, 256): each plane holds the two places that it is looked up by, and 1; beyond the planes all is 0."""
    line = (torch.arange(256) + 0.5) / 128 - 1
    rows, columns = torch.meshgrid(line, line, indexing="ij")
    return torch.stack((columns, rows, torch.ones_like(rows)))[None].repeat(3, 1, 1, 1)


def _absolute_sum(layers: torch.nn.Sequential, scale: float, offset: float) -> None:
    """Of features (x, y, 1, x, z, 1, z, y, 1): scale * (|x| + |y| + |z|) + offset as the first output, and far outside beyond the planes."""
    for layer in layers[::2]:
        layer.weight.data.zero_()
        layer.bias.data.zero_()
    for unit, (feature, sign) in enumerate((feature, sign) for feature in (0, 1, 4) for sign in (1, -1)):
        layers[0].weight.data[unit, feature] = sign
        layers[2].weight.data[unit, unit] = layers[4].weight.data[unit, unit] = 1
        layers[6].weight.data[0, unit] = scale
    for unit, feature in ((6, 2), (7, 5)):  # the ones of two planes, which end where any place does
        layers[0].weight.data[unit, feature] = layers[2].weight.data[unit, unit] = layers[4].weight.data[unit, unit] = 1
        layers[6].weight.data[0, unit] = -scale
    layers[6].bias.data[0] = offset + 2 * scale


def _colored(layers: torch.nn.Sequential, first: int) -> None:
    """Outputs from `first` on: red goes with x, green with y, blue with z."""
    if first == 0:
        _absolute_sum(layers, 0.0, 0.0)
    for output in range(3):
        layers[6].weight.data[first + output, 2 * output], layers[6].weight.data[first + output, 2 * output + 1] = 2.0, -2.0


def color_at(places: np.ndarray) -> np.ndarray:
    """By the formula, at places in glTF's axes."""
    x, y, z = places[:, 2], places[:, 0], places[:, 1]  # the network's: x to the viewer, z up
    return 1.002 / (1 + np.exp(-2 * np.stack((x, y, z), axis=1))) - 0.001


def octahedron(*, is_mesh: bool, reach: float = REACH) -> PlaneField:
    field: DistanceField | DensityField
    if is_mesh:
        field = DistanceField(3)
        for layer in (*field.net_weight[::2], *field.net_deformation[::2]):
            layer.weight.data.zero_()
            layer.bias.data.zero_()
        _absolute_sum(field.net_sdf, 1.0, -reach)
        _colored(field.net_rgb, 0)
    else:
        field = DensityField(3)
        _absolute_sum(field.net, -50.0, 11.0 + 50.0 * reach)
        _colored(field.net, 1)
    return PlaneField(planes=_coordinates(), field=field.eval().requires_grad_(False), device=choose("cpu"))


@pytest.mark.parametrize("is_mesh", [True, False], ids=["distances", "densities"])
def test_a_known_field_becomes_its_solid(is_mesh: bool) -> None:
    mesh = octahedron(is_mesh=is_mesh).mesh(96, 0, lambda *_: None)
    assert find_defects(mesh) == ()
    off = np.abs(mesh.vertices).sum(axis=1) - REACH
    assert np.abs(off).max() < 1e-3, "planes that are interpolated hold a place exactly"
    corners = mesh.vertices[mesh.faces].astype(np.float64)
    assert np.linalg.det(corners).sum() / 6 == pytest.approx(4 / 3 * REACH**3, rel=3e-3), "faces look outwards"


def test_colours_are_those_of_the_formula_in_gltf_axes() -> None:
    places = np.random.default_rng(0).uniform(-0.9, 0.9, (500, 3)).astype(np.float32)
    for is_mesh in (True, False):
        assert np.abs(octahedron(is_mesh=is_mesh).colors(places) - color_at(places)).max() < 0.01


@pytest.mark.parametrize(("change", "told"), [(-9.0, "nothing solid"), (float("nan"), "ran out of range")])
@pytest.mark.parametrize("is_mesh", [True, False], ids=["distances", "densities"])
def test_an_empty_field_and_one_that_is_not_a_number_are_sentences(is_mesh: bool, change: float, told: str) -> None:
    with pytest.raises(Img23DError, match=told if not is_mesh or np.isnan(change) else "no surface") as caught:
        octahedron(is_mesh=is_mesh, reach=change).mesh(64, 0, lambda *_: None)
    assert caught.value.code is ErrorCode.NO_SURFACE


class _Known:
    """A source of one field, made long ago: the mesh is laid on it."""

    def __init__(self, field: PlaneField, view: View | None) -> None:
        self._field, self._view = field, view

    def field_of(self, cutout: CutOut, settings: Settings, context: Context, report: Callable[[float, str], None]) -> ColoredField:
        return ColoredField(colors=self._field.colors, view=self._view, solid=lambda told: self._field.mesh(64, 0, told))


@pytest.mark.parametrize("is_moved", [False, True], ids=["as it was made", "moved and of another size"])
def test_the_texture_has_the_colours_of_the_formula(is_moved: bool) -> None:
    """On the back, which the photo does not show; the photo has the field's own colours on the front."""
    field = octahedron(is_mesh=True)
    mesh = field.mesh(64, 3000, lambda *_: None)
    view = View.front(center_u=64, center_v=64, pixels_per_unit=90)
    picture = _photographed(field)
    source = _Known(field, view)
    there = mesh
    if is_moved:
        there = Mesh(vertices=(3 * mesh.vertices + (1, 2, -4)).astype(np.float32), faces=mesh.faces)
        back = np.diag([1 / 3, 1 / 3, 1 / 3, 1.0])
        back[:3, 3] = -np.array([1, 2, -4]) / 3
        view = View(matrix=view.matrix @ back)
    painters = Painters(chosen=lambda _: "field", own="field", plain="plain", projection=_NoPainter(), learned=_NoPainter())
    painted = FieldPainter(source, painters).paint(there, view, picture, SETTINGS, Context())
    middles = mesh.vertices[painted.mesh.faces].mean(axis=1)
    corners = mesh.vertices[painted.mesh.faces].astype(np.float64)
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    away = normals[:, 2] < -0.3 * np.linalg.norm(normals, axis=1)
    at = np.clip((painted.uv.mean(axis=1) * 1024).astype(int), 0, 1023)
    found = painted.texture[at[away, 1], at[away, 0]] / 255
    off = np.abs(found - color_at(middles[away]))
    assert away.sum() > 300 and off.mean() < 0.02 and np.quantile(off, 0.95) < 0.06


def _photographed(field: PlaneField) -> CutOut:
    """The octahedron's front, seen along -z, in its own colours."""
    rows, columns = np.mgrid[:128, :128]
    x, y = (columns + 0.5 - 64) / 90, (64 - rows - 0.5) / 90
    z = REACH - np.abs(x) - np.abs(y)
    rgba = np.zeros((128, 128, 4), np.uint8)
    colors = color_at(np.stack((x, y, np.maximum(z, 0)), axis=-1).reshape(-1, 3)).reshape(128, 128, 3)
    rgba[..., :3], rgba[..., 3] = np.rint(colors.clip(0, 1) * 255), (z > 0) * 255
    return CutOut(rgba=rgba)
