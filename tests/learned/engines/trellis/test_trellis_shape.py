"""Cut-outs to meshes and splats by TRELLIS's shaper, through real loaders, stores and small checkpoints on disk."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from trellis_checkpoints import (
    GRID,
    LATENT_FLOW,
    MESH_DECODER,
    SET,
    SETTINGS,
    SPLAT_DECODER,
    STRUCTURE_DECODER,
    structure_of,
    write,
)

from img23d_backend.engines.trellis import make_shaper
from img23d_backend.engines.trellis.shape import plan as planning
from img23d_backend.engines.trellis.shape import structure as structures
from img23d_backend.engines.trellis.shape.decoding import decode_mesh, decode_splats
from img23d_backend.engines.trellis.shape.latents import sample_latents
from img23d_backend.engines.trellis.shape.plan import TrellisPlan, make_plan
from img23d_backend.engines.trellis.shape.shaper import TrellisShaper
from img23d_backend.engines.trellis.shape.structure import Structure, at_surface, smallest
from img23d_backend.machine import devices
from img23d_backend.machine.devices import Device
from img23d_backend.models.store import ModelStore
from img23d_backend.stages import Context, CutOut, JobCancelled, Mesh, Shaped, Splats
from img23d_backend.weights.store import WeightStore
from img23d_protocol import ErrorCode, Img23DError

CARD = Device(id="gpu", torch_name="cpu", label="a card", total_bytes=10**12)  # computes in half precision
USUAL = {STRUCTURE_DECODER: structure_of(-0.7, gain=1.0)}


@pytest.fixture(autouse=True)
def single_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also on a processor that multiplies bfloat16."""
    monkeypatch.setattr(devices, "_multiplies_bfloat16", lambda: False)


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("usual") / "models", USUAL)


def shaper(folder: Path) -> TrellisShaper:
    return make_shaper(WeightStore(folder), ModelStore())


def thing(*, width: int = 60, height: int = 40) -> CutOut:
    """A speckled rectangle with a margin."""
    rgba = np.zeros((100, 100, 4), dtype=np.uint8)
    rgba[20 : 20 + height, 30 : 30 + width, :3] = np.random.default_rng(0).integers(0, 200, (height, width, 3))
    rgba[20 : 20 + height, 30 : 30 + width, 3] = 255
    return CutOut(rgba=rgba)


def made(folder: Path, context: Context = Context(seed=5), **settings: object) -> Shaped:
    return shaper(folder).shape(thing(), SETTINGS.changed(**settings), context)


# --- what comes out ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "has_mesh", "only_to_paint"),
    [
        ({"result": "both"}, True, False),
        ({"result": "splats"}, False, False),
        ({"result": "mesh"}, True, True),  # whose colours the mesh gets
    ],
    ids=["both", "splats", "mesh"],
)
def test_what_is_asked_for_is_made(usual: Path, settings: dict, has_mesh: bool, only_to_paint: bool) -> None:
    shaped = made(usual, **settings)
    assert shaped.splats is not None
    assert (shaped.mesh is not None, shaped.only_to_paint) == (has_mesh, only_to_paint)
    assert all(np.isfinite(values).all() and values.dtype == np.float32 for values in vars(shaped.splats).values())
    if has_mesh:
        assert 100 < len(shaped.mesh.faces) <= 2000
        assert np.unique(shaped.mesh.faces).tolist() == list(range(len(shaped.mesh.vertices)))
    seen = shaped.view.project(shaped.points)  # the mesh, or what is solid of the splats, over the cut-out's middle
    assert (seen[:, :2].min(axis=0) + seen[:, :2].max(axis=0)) / 2 == pytest.approx([60, 40], abs=0.5)


def test_mesh_and_splats_lie_in_one_frame(usual: Path) -> None:
    shaped = made(usual, result="both", trellis_faces=0)
    low, high = shaped.mesh.vertices.min(axis=0), shaped.mesh.vertices.max(axis=0)
    voxel = 1 / GRID
    assert (shaped.splats.positions >= low - 2 * voxel).all() and (shaped.splats.positions <= high + 2 * voxel).all()
    assert np.abs(shaped.mesh.vertices[:, 1]).max() <= 0.51
    assert np.linalg.norm(shaped.mesh.vertices[:, [0, 2]], axis=1).max() <= 0.51 * 2**0.5


def test_the_same_seed_makes_the_same_and_another_something_else(usual: Path) -> None:
    first, again, other = (made(usual, Context(seed=seed), result="both") for seed in (5, 5, 6))
    assert first.mesh.vertices.tobytes() == again.mesh.vertices.tobytes() and first.mesh.faces.tobytes() == again.mesh.faces.tobytes()
    assert all(one.tobytes() == two.tobytes() for one, two in zip(vars(first.splats).values(), vars(again.splats).values(), strict=True))
    assert first.mesh.vertices.tobytes() != other.mesh.vertices.tobytes()


def test_the_picture_counts(usual: Path) -> None:
    one = shaper(usual)
    first, other = (one.shape(thing(height=height), SETTINGS.changed(result="splats"), Context(seed=5)) for height in (40, 20))
    assert first.splats.positions.tobytes() != other.splats.positions.tobytes()


@pytest.mark.parametrize("count", [1, 1000])
def test_no_more_splats_than_were_asked_for(usual: Path, count: int) -> None:
    every, some = (made(usual, result="splats", splat_count=limit).splats for limit in (0, count))
    assert len(some) == count < len(every)
    area = every.opacities * (every.scales * every.scales[:, [1, 2, 0]]).sum(axis=1)
    kept = np.isin(every.positions.view("V12").ravel(), some.positions.view("V12").ravel())
    assert area[kept].min() >= area[~kept].max() * (1 - 1e-5)


# --- the way there ----------------------------------------------------------------------------------------------------


def test_the_progress_only_grows_and_every_step_is_told(usual: Path) -> None:
    told: list[tuple[float, str]] = []
    made(usual, Context(seed=5, report=lambda done, note: told.append((done, note))), result="both", oversampling=2)
    fractions = [done for done, _ in told]
    assert fractions == sorted(fractions) and fractions[-1] == 1
    steps = {f"Finding the structure {number} of 2, step {step} of 2" for number in (1, 2) for step in (1, 2)}
    assert {note for _, note in told} >= steps | {"Shaping, step 1 of 2", "Shaping, step 2 of 2", "Making splats", "Building the mesh"}


def test_what_it_is_so_far_is_shown(usual: Path) -> None:
    shown: list[np.ndarray] = []
    made(usual, Context(seed=5, show=shown.append))
    structure, splats = shown
    assert {picture.shape for picture in shown} == {(128, 128, 3)} and {picture.dtype for picture in shown} == {np.dtype(np.uint8)}
    assert 0.2 < (structure != 255).any(axis=2).mean() < 0.95
    assert 0.001 < (splats != 255).any(axis=2).mean() < 0.95  # few random ones are opaque
    assert np.ptp(structure.astype(int), axis=2).max() <= 12, "clay"
    assert np.ptp(splats.astype(int), axis=2).max() > 60, "colours"


@pytest.mark.parametrize("stage", ["Looking", "Finding the structure, step 2", "Shaping, step 2", "Making splats", "Building", "Reducing"])
def test_a_cancel_is_seen_in_every_part_of_the_work(usual: Path, stage: str) -> None:
    one, told = shaper(usual), []

    def report(done: float, note: str) -> None:
        told.append(note)
        if note.startswith(stage):
            raise JobCancelled

    with pytest.raises(JobCancelled):
        one.shape(thing(), SETTINGS.changed(result="both"), Context(report=report))
    assert told[-1].startswith(stage)
    one.shape(thing(), SETTINGS, Context())  # the next job begins clean


def test_models_are_read_once_and_ahead(usual: Path) -> None:
    store = ModelStore()
    one = make_shaper(WeightStore(usual), store)
    one.prefetch(SETTINGS)
    one.shape(thing(), SETTINGS, Context(seed=5))
    read = store.bytes_read
    assert read > 0 and len(store.places()) == 6
    one.shape(thing(height=20), SETTINGS, Context(seed=5))
    assert store.bytes_read == read


def test_what_is_not_asked_for_is_not_read(usual: Path) -> None:
    store = ModelStore()
    make_shaper(WeightStore(usual), store).shape(thing(), SETTINGS.changed(result="splats"), Context(seed=5))
    assert not any("mesh decoder" in key for key in store.places())


def test_of_several_structures_the_smallest_is_kept(usual: Path) -> None:
    plan = make_plan(SETTINGS.changed(oversampling=4), WeightStore(usual))
    models = ModelStore()
    tokens = structures.encode(thing().rgba, plan, models, lambda done, note: None)
    several = structures._made(tokens, [structures.derived(5, number) for number in range(4)], plan, models, lambda done, note: None)
    chosen = structures.find_structure(tokens, 5, plan, models, lambda done, note: None)
    sizes = [len(one) for one in several]
    assert len(set(sizes)) > 1 and len(chosen) == min(sizes)
    (alone,) = structures._made(tokens, [chosen.seed], plan, models, lambda done, note: None)
    assert torch.equal(alone.cells, chosen.cells)  # as it is by itself
    assert made(usual, oversampling=4, result="splats").note == f"TRELLIS: {min(sizes):,} voxels, the smallest of 4 structures."


def test_a_speck_is_not_kept_for_being_small() -> None:
    of_size = [Structure(cells=torch.zeros((size, 3), dtype=torch.int64), seed=size) for size in (0, 3, 900, 700)]
    assert smallest(of_size).seed == 700
    assert smallest(of_size[:2]).seed == 3 and smallest(of_size[:1]) is None


# --- bad input --------------------------------------------------------------------------------------------------------


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The seeds of all noise that is drawn."""
    seeds: list[int] = []
    original = structures.noise
    monkeypatch.setattr(structures, "noise", lambda seed, shape: seeds.append(seed) or original(seed, shape))
    return seeds


def refused(folder: Path, **settings: object) -> Img23DError:
    with pytest.raises(Img23DError) as caught:
        made(folder, **settings)
    return caught.value


def test_nothing_cut_out_is_said_to_be_nothing(usual: Path) -> None:
    with pytest.raises(Img23DError) as caught:
        shaper(usual).shape(CutOut(rgba=np.zeros((9, 9, 4), np.uint8)), SETTINGS, Context())
    assert caught.value.code is ErrorCode.EMPTY_CUTOUT


def test_an_empty_structure_is_tried_once_more_with_other_noise(tmp_path: Path, counted: list[int]) -> None:
    error = refused(write(tmp_path / "models", {STRUCTURE_DECODER: structure_of(-1.0)}))
    assert error.code is ErrorCode.NO_SURFACE and "found nothing solid" in error.sentence
    assert len(counted) == len(set(counted)) == 2


def test_where_the_second_noise_gives_something_that_is_taken(usual: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original, tries = structures._decoded, []

    def decoded(*args: object) -> list[torch.Tensor]:
        tries.append(args)
        return [cells[:0] for cells in original(*args)] if len(tries) == 1 else original(*args)

    monkeypatch.setattr(structures, "_decoded", decoded)
    assert len(made(usual, result="splats").splats) > 0 and len(tries) == 2


def test_a_solid_block_is_hollowed_out_where_it_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(structures, "MOST_VOXELS", GRID**3 - (GRID - 2) ** 3)
    shaped = made(write(tmp_path / "models", {STRUCTURE_DECODER: structure_of(1.0)}), result="splats")
    assert shaped.note == f"TRELLIS: {GRID**3 - (GRID - 2) ** 3:,} voxels."


def test_what_is_still_too_large_is_said_to_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, counted: list[int]) -> None:
    monkeypatch.setattr(structures, "MOST_VOXELS", 1000)
    error = refused(write(tmp_path / "models", {STRUCTURE_DECODER: structure_of(1.0)}))
    assert error.code is ErrorCode.NO_SURFACE and "filled the whole space" in error.sentence and len(counted) == 2


def test_of_200_000_voxels_the_surface_is_left() -> None:
    cells = torch.cartesian_prod(*[torch.arange(64)] * 3) - 31.5
    ball = (cells.abs().amax(dim=1) < 30.5).view(64, 64, 64)
    assert int(ball.sum()) > 200_000
    surface = at_surface(ball)
    low, high = 2, 61
    assert int(surface.sum()) == 60**3 - 58**3 and bool(surface[low, 30, 30]) and bool(surface[high, 30, 30]) and not bool(surface[low + 1, 30, 30])
    assert int(surface.sum()) < structures.MOST_VOXELS


def _after_structure(folder: Path, cells: list[list[int]]) -> tuple[TrellisPlan, ModelStore, Structure, torch.Tensor]:
    plan, models = make_plan(SETTINGS.changed(result="both"), WeightStore(folder)), ModelStore()
    structure = Structure(cells=torch.tensor(cells), seed=1)
    tokens = structures.encode(thing().rgba, plan, models, lambda done, note: None)
    return plan, models, structure, sample_latents(tokens, structure, plan, models, lambda done, note: None)


@pytest.mark.parametrize("cells", [[[8, 8, 8]], [[0, 0, 0]], [[0, 0, 0], [15, 15, 15]]], ids=["one", "one in a corner", "two far apart"])
def test_one_voxel_is_splats_and_a_mesh_or_a_sentence(usual: Path, cells: list[list[int]]) -> None:
    plan, models, structure, latents = _after_structure(usual, cells)
    splats = decode_splats(latents, structure, plan, models, lambda done, note: None)
    assert len(splats) == 32 * len(cells) and np.isfinite(splats.positions).all()
    try:
        mesh = decode_mesh(latents, structure, plan, models, lambda done, note: None)
        assert len(mesh.faces) and np.isfinite(mesh.vertices).all()
    except Img23DError as error:
        assert error.code is ErrorCode.NO_SURFACE


def nothing_inside(network: nn.Module) -> None:
    network.out_layer.weight.data[:8] = 0
    network.out_layer.bias.data[:8] = 1


def test_no_surface_is_said_and_the_splats_alone_are_made(tmp_path: Path) -> None:
    folder = write(tmp_path / "models", USUAL | {MESH_DECODER: nothing_inside})
    assert refused(folder).code is ErrorCode.NO_SURFACE
    assert made(folder, result="splats").splats is not None
    both = made(folder, result="both")
    assert both.mesh is None and both.splats is not None and not both.only_to_paint
    assert both.note.endswith("voxels. No surface was found, so it is splats alone: try another seed for a mesh.")


def loud(network: nn.Module, factor: float) -> None:
    """What leads out of the blocks' feed-forwards is multiplied: beyond 65,504 half precision ends."""
    for name, parameter in network.named_parameters():
        if name.endswith("mlp.mlp.2.weight"):
            parameter.data *= factor


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> None:
    original = planning.choose
    monkeypatch.setattr(planning, "choose", lambda choice: original(choice) if choice == "processor" else CARD)


@pytest.mark.parametrize("name", [LATENT_FLOW, SPLAT_DECODER, MESH_DECODER])
@pytest.mark.usefixtures("card")
def test_numbers_beyond_half_precision_are_computed_in_single(tmp_path: Path, name: str) -> None:
    told: list[str] = []
    folder = write(tmp_path / "models", USUAL | {name: partial(loud, factor=1e6)})
    try:
        shaped = made(folder, Context(seed=5, notify=told.append), result="both")
        assert np.isfinite(shaped.splats.positions).all() and np.isfinite(shaped.mesh.vertices).all()
    except Img23DError as error:  # random distances may have no surface
        assert error.code is ErrorCode.NO_SURFACE and "no surface" in error.sentence
    assert [note for note in told if "half precision" in note] == told and len(told) >= 1


@pytest.mark.usefixtures("card")
def test_in_half_precision_it_is_about_the_same(usual: Path) -> None:
    told: list[str] = []
    shaped = made(usual, Context(seed=5, notify=told.append), result="both")
    assert len(shaped.mesh.faces) > 100 and not told


def infinite(network: nn.Module) -> None:
    network.out_layer.bias.data[0] = torch.inf


@pytest.mark.parametrize("name", [LATENT_FLOW, SPLAT_DECODER])
@pytest.mark.parametrize("has_card", [True, False], ids=["on a card", "on the processor"])
def test_numbers_beyond_single_precision_are_a_sentence(tmp_path: Path, name: str, has_card: bool, request: pytest.FixtureRequest) -> None:
    if has_card:
        request.getfixturevalue("card")
    error = refused(write(tmp_path / "models", USUAL | {name: infinite}), result="both")
    assert error.code is ErrorCode.NO_SURFACE and "out of range" in error.sentence


# --- memory and devices -----------------------------------------------------------------------------------------------


class SmallCard(Device):
    """Has room for so many bytes."""

    room = 0

    def free_bytes(self) -> int:
        return type(self).room


@pytest.mark.parametrize(("room", "told"), [(0, "the processor makes the shapes"), (10**9, "")], ids=["nothing fits", "all fits"])
def test_with_less_memory_it_goes_another_way(usual: Path, monkeypatch: pytest.MonkeyPatch, room: int, told: str) -> None:
    monkeypatch.setattr(SmallCard, "room", room)
    card = SmallCard(id="gpu", torch_name="cpu", label="a card", total_bytes=10**10)
    monkeypatch.setattr(planning, "choose", lambda choice: card)
    notes: list[str] = []
    shaped = made(usual, Context(seed=5, notify=notes.append), result="splats", structure_steps=1, latent_steps=1)
    assert len(shaped.splats) > 0
    assert (told in notes[-1]) if told else not notes


def _chain(plan: TrellisPlan) -> tuple[Splats, Mesh]:
    def silent(done: float, note: str) -> None:
        pass

    models = ModelStore()
    tokens = structures.encode(thing().rgba, plan, models, silent)
    structure = structures.find_structure(tokens, 5, plan, models, silent)
    latents = sample_latents(tokens, structure, plan, models, silent)
    return decode_splats(latents, structure, plan, models, silent), decode_mesh(latents, structure, plan, models, silent)


@pytest.mark.usefixtures("card")
def test_streamed_it_is_the_same(usual: Path) -> None:
    """Every network's layers lent to the card one by one."""
    plan = make_plan(SETTINGS.changed(result="both"), WeightStore(usual))
    assert plan.device is CARD
    splats, mesh = _chain(plan)
    again, other = _chain(replace(plan, frugal=True, group_offload=True))
    assert splats.positions.tobytes() == again.positions.tobytes() and mesh.vertices.tobytes() == other.vertices.tobytes()


def test_on_a_mac_the_structure_is_decoded_by_the_processor(usual: Path) -> None:
    plan = replace(make_plan(SETTINGS, WeightStore(usual)), device=Device(id="gpu", torch_name="mps", label="Apple graphics", total_bytes=10**10))
    assert plan.for_convolutions.device.is_processor and plan.for_convolutions.structure_decoder.key != plan.structure_decoder.key
    assert plan.for_convolutions.structure_decoder.key in [network.key for network in plan.networks]
    assert replace(plan, device=CARD).for_convolutions.device is CARD


# --- files ------------------------------------------------------------------------------------------------------------


def test_a_missing_model_says_what_to_do(tmp_path: Path) -> None:
    one = shaper(tmp_path)
    one.prefetch(SETTINGS)  # says nothing yet
    with pytest.raises(Img23DError) as caught:
        one.shape(thing(), SETTINGS, Context())
    assert caught.value.code is ErrorCode.WEIGHTS_MISSING


def test_a_file_that_is_gone_is_fetched_again(tmp_path: Path) -> None:
    folder = write(tmp_path / "models", USUAL)
    (folder / SET / "ckpts" / f"{LATENT_FLOW}.json").unlink()
    assert refused(folder).code is ErrorCode.WEIGHTS_DAMAGED
