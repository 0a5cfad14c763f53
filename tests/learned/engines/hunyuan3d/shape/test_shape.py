"""Cut-outs to solids by the learned shaper, through real loaders, stores and checkpoints on disk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from shape_checkpoints import config, write
from shape_desk import CENTRE, RADIUS, SET, SETTINGS, make_models, thing

from img23d_backend.engines.hunyuan3d import make_shaper
from img23d_backend.engines.hunyuan3d.shape.latents import Framed, sample_latents
from img23d_backend.engines.hunyuan3d.shape.plan import make_shape_plan
from img23d_backend.engines.hunyuan3d.shape.shaper import HunyuanShaper
from img23d_backend.machine import devices
from img23d_backend.mesh.topology.checks import find_defects
from img23d_backend.models.store import ModelStore
from img23d_backend.stages import Context, CutOut, JobCancelled
from img23d_backend.weights.registry import weight_set
from img23d_backend.weights.store import WeightStore
from img23d_protocol import ErrorCode, Img23DError


@pytest.fixture(autouse=True)
def single_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also on a processor that multiplies bfloat16."""
    monkeypatch.setattr(devices, "_multiplies_bfloat16", lambda: False)


@pytest.fixture(scope="module")
def models_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Each made once."""
    made: dict[str, Path] = {}

    def folder(kind: str) -> Path:
        if kind not in made:
            made[kind] = make_models(tmp_path_factory.mktemp(kind), kind)
        return made[kind]

    return folder


@pytest.fixture
def shaper(models_folder: Callable[[str], Path]) -> Callable[[str], HunyuanShaper]:
    return lambda kind: make_shaper(WeightStore(models_folder(kind)), ModelStore())


def test_the_surface_lies_where_the_field_says(shaper: Callable[[str], HunyuanShaper]) -> None:
    shaped = shaper("sphere").shape(thing(), SETTINGS, Context())
    vertices, cell = shaped.mesh.vertices, 2.02 / SETTINGS.hunyuan3d.shape.octree_resolution
    # half a cell is asked for; interpolation makes it much better, and 0.1 shows a grid that is one point off
    assert np.abs(np.linalg.norm(vertices - CENTRE, axis=1) - RADIUS).max() <= 0.1 * cell
    middle = (vertices.min(axis=0) + vertices.max(axis=0)) / 2
    assert np.abs(middle - CENTRE).max() <= 0.1 * cell
    assert not find_defects(shaped.mesh)
    assert signed_volume(shaped.mesh.vertices, shaped.mesh.faces) == pytest.approx(4 / 3 * np.pi * RADIUS**3, rel=0.02)


def test_the_view_lays_the_mesh_on_the_cutout(shaper: Callable[[str], HunyuanShaper]) -> None:
    shaped = shaper("sphere").shape(thing(width=40, height=40), SETTINGS, Context())
    seen = shaped.view.project(shaped.mesh.vertices)
    assert seen[:, :2].min(axis=0) == pytest.approx([30, 20], abs=0.6)
    assert seen[:, :2].max(axis=0) == pytest.approx([70, 60], abs=0.6)
    top, nearest = shaped.mesh.vertices[:, 1].argmax(), shaped.mesh.vertices[:, 2].argmax()
    assert seen[top, 1] == seen[:, 1].min()  # y up
    assert seen[nearest, 2] == seen[:, 2].min()  # z towards the viewer


def test_the_face_budget_is_kept_and_the_mesh_stays_closed(shaper: Callable[[str], HunyuanShaper]) -> None:
    settings = SETTINGS.changed(budget=1000)
    mesh = shaper("sphere").shape(thing(), settings, Context()).mesh
    assert len(mesh.faces) <= 1000
    assert not find_defects(mesh)


def test_a_batch_gives_each_thing_what_it_gets_alone(models_folder: Callable[[str], Path]) -> None:
    store, weights = ModelStore(), WeightStore(models_folder("random"))
    together = make_shape_plan(SETTINGS, weights, at_once=3)
    pictures = [Framed(pictures=together.config.framing.picture(thing(width=20 + 15 * one, seed=one).rgba)[None]) for one in range(3)]
    seeds = [5, 6, 5]
    batch = sample_latents(pictures, seeds, together, store, lambda done, note: None)
    alone = sample_latents(pictures, seeds, replace(together, at_once=1), store, lambda done, note: None)
    assert max((one - other).abs().max().item() for one, other in zip(batch, alone, strict=True)) <= 1e-5
    assert (batch[0] - batch[2]).abs().max() > 1e-3  # the picture counts, not only the seed
    assert not torch.equal(batch[0], batch[1])


def test_one_thing_that_fails_takes_no_other_with_it(shaper: Callable[[str], HunyuanShaper]) -> None:
    nothing = CutOut(rgba=np.zeros((50, 50, 4), dtype=np.uint8))
    first, second, third = shaper("sphere").shape_batch([thing(), nothing, thing(seed=1)], SETTINGS, [Context()] * 3)
    assert isinstance(second, Img23DError) and second.code is ErrorCode.EMPTY_CUTOUT
    assert len(first.mesh.faces) > 100 and len(third.mesh.faces) > 100


def test_an_empty_field_is_said_to_be_one(shaper: Callable[[str], HunyuanShaper]) -> None:
    with pytest.raises(Img23DError) as error:
        shaper("empty").shape(thing(), SETTINGS, Context())
    assert error.value.code is ErrorCode.NO_SURFACE


@pytest.mark.parametrize("stage", ["Shaping, step 2", "Finding the surface", "Reducing"])
def test_a_cancel_is_seen_in_every_part_of_the_work(shaper: Callable[[str], HunyuanShaper], stage: str) -> None:
    one = shaper("sphere")
    told: list[str] = []

    def report(done: float, note: str) -> None:
        told.append(note)
        if note.startswith(stage):
            raise JobCancelled

    with pytest.raises(JobCancelled):
        one.shape(thing(), SETTINGS, Context(report=report))
    assert told[-1].startswith(stage)
    one.shape(thing(), SETTINGS, Context())  # the next job begins clean


def test_the_progress_only_grows_and_every_step_is_told(shaper: Callable[[str], HunyuanShaper]) -> None:
    told: list[tuple[float, str]] = []
    settings = SETTINGS.changed(steps=4)
    shaper("sphere").shape(thing(), settings, Context(report=lambda done, note: told.append((done, note))))
    fractions = [done for done, _ in told]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    chunks = sum(note == "Finding the surface" for _, note in told)
    assert chunks > 49**3 / 8192  # where a cancel is seen while the decoder computes
    # the fourth step of four has no length
    assert {note for _, note in told} >= {f"Shaping, step {step} of 3" for step in (1, 2, 3)}


def test_models_are_read_once_and_ahead(models_folder: Callable[[str], Path]) -> None:
    store = ModelStore()
    one = make_shaper(WeightStore(models_folder("sphere")), store)
    one.prefetch(SETTINGS)
    one.shape(thing(), SETTINGS, Context())
    read = store.bytes_read
    assert read > 0
    one.shape(thing(seed=2), SETTINGS, Context())
    assert store.bytes_read == read


def test_a_missing_model_says_what_to_do(tmp_path: Path) -> None:
    one = make_shaper(WeightStore(tmp_path), ModelStore())
    one.prefetch(SETTINGS)  # says nothing yet
    with pytest.raises(Img23DError) as error:
        one.shape(thing(), SETTINGS, Context())
    assert error.value.code is ErrorCode.WEIGHTS_MISSING


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("hidden_size: 32", "hidden_size: 64", ErrorCode.WEIGHTS_UNFIT),
        ("Hunyuan3DDiT", "AnotherDiT", ErrorCode.WEIGHTS_UNFIT),
        ("embed_dim: 8", "embed_dimension: 8", ErrorCode.WEIGHTS_UNFIT),
        ("model:", "]", ErrorCode.WEIGHTS_DAMAGED),
    ],
    ids=["numbers", "class", "keyword", "syntax"],
)
def test_a_configuration_of_another_model_is_refused(tmp_path: Path, old: str, new: str, code: ErrorCode) -> None:
    folder = tmp_path / SET / weight_set(SET).subfolder
    write(folder, config())
    text = (folder / "config.yaml").read_text(encoding="utf-8")
    (folder / "config.yaml").write_text(text.replace(old, new), encoding="utf-8")
    WeightStore(tmp_path).adopt(SET)
    with pytest.raises(Img23DError) as error:
        make_shaper(WeightStore(tmp_path), ModelStore()).shape(thing(), SETTINGS, Context())
    assert error.value.code is code


@pytest.mark.parametrize(("width", "height"), [(60, 20), (20, 60)], ids=["wide", "tall"])
def test_the_trained_small_model_follows_the_picture(tiny_models: Path, width: int, height: int) -> None:
    settings = SETTINGS.changed(speed="turbo", steps=0, octree_resolution=64)
    one = make_shaper(WeightStore(tiny_models), ModelStore())
    shaped = one.shape(thing(width=width, height=height), settings, Context(seed=1))
    assert not find_defects(shaped.mesh)
    sides = np.ptp(shaped.mesh.vertices, axis=0)
    assert sides[0] / sides[1] == pytest.approx(width / height, rel=0.35)


def signed_volume(vertices: np.ndarray, faces: np.ndarray) -> float:
    a, b, c = (vertices[faces[:, corner]].astype(np.float64) for corner in range(3))
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6)
