"""The painter's way from picture and maps to views against hy3dgen's own pipeline, with the same small random weights."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
import torch
from hy3dgen_paint import (
    CAMERAS,
    PartsInMemory,
    paint_theirs,
    plan_with,
    random_maps,
    random_vae,
    their_network,
    their_pipeline,
)
from torch import Tensor

from img23d_backend.engines.hunyuan3d.paint.multiview import paint_views, sample_views
from img23d_backend.engines.hunyuan3d.paint.plan import PaintPlan
from img23d_backend.machine.devices import PROCESSOR, Device
from img23d_backend.models.store import ModelStore
from img23d_backend.setup_context import JobCancelled

CLOSE = 1e-4
SEED = 7
SIDE = 16  # pixels; 8 x 8 latents
TURBO_TIMES = [989, 890, 791, 692, 593, 494, 395, 296, 197, 98]  # every third of thirty, from the last
PICTURE = np.random.default_rng(2).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
MAPS = random_maps(SIDE)


@pytest.fixture(scope="module")
def parts() -> PartsInMemory:
    return PartsInMemory(theirs=their_network(), vae=random_vae())


@pytest.fixture
def store() -> ModelStore:
    return ModelStore(available=lambda: 10**12)


def hy3dgens(parts: PartsInMemory, **how: object) -> object:
    """Latents, or with output_type="pil" pictures."""
    return paint_theirs(their_pipeline(parts, turbo="timesteps" in how), PICTURE, MAPS, seed=SEED, **how)


def ours(plan: PaintPlan, store: ModelStore, told: list[tuple[float, str]] | None = None, seed: int = SEED) -> Tensor:
    heard = [] if told is None else told
    return sample_views(PICTURE, MAPS, CAMERAS, plan=plan, models=store, seed=seed, report=lambda *what: heard.append(what))


@pytest.mark.parametrize("guidance", [2.0, 1.0])
def test_the_same_seed_gives_the_latents_that_hy3dgens_pipeline_gives(parts: PartsInMemory, store: ModelStore, guidance: float) -> None:
    expected = hy3dgens(parts, num_inference_steps=4, guidance_scale=guidance, output_type="latent")
    latents = ours(plan_with(parts, steps=4, guidance=guidance), store)
    assert (latents - expected).abs().max() <= CLOSE
    assert expected.std() > 0.1
    assert (ours(plan_with(parts, steps=4, guidance=guidance), store, seed=SEED + 1) - expected).abs().max() > 0.1


def test_the_turbo_models_ten_steps_are_hy3dgens(parts: PartsInMemory, store: ModelStore) -> None:
    """The published wheel has no turbo model yet; its pipeline takes the times that the newer one sets, without guidance."""
    expected = hy3dgens(parts, timesteps=TURBO_TIMES, num_inference_steps=10, guidance_scale=1.0, output_type="latent")
    latents = ours(plan_with(parts, is_turbo=True, steps=10, guidance=1.0), store)
    assert (latents - expected).abs().max() <= CLOSE


def test_the_turbo_model_takes_any_number_of_its_thirty_times(parts: PartsInMemory, store: ModelStore) -> None:
    for steps, made in ((1, 1), (4, 4), (50, 30)):
        told: list[tuple[float, str]] = []
        ours(plan_with(parts, is_turbo=True, steps=steps, guidance=1.0), store, told)
        assert sum("step" in note for _, note in told) == made


def test_the_views_are_the_pictures_that_hy3dgens_pipeline_gives(parts: PartsInMemory, store: ModelStore) -> None:
    expected = np.stack([np.array(one) for one in hy3dgens(parts, num_inference_steps=3, output_type="pil")])
    views = paint_views(PICTURE, MAPS, CAMERAS, plan=plan_with(parts), models=store, seed=SEED, report=lambda *_: None)
    assert views.shape == expected.shape == (6, SIDE, SIDE, 3)
    assert np.abs(views.astype(int) - expected).max() <= 1
    assert expected.std() > 5


def test_less_precision_changes_little(parts: PartsInMemory, store: ModelStore) -> None:
    """As on a card, and on processors that multiply in bfloat16: the networks only, never the sampler."""

    class Fast(Device):
        dtype = torch.bfloat16

    halves = PartsInMemory(theirs=deepcopy(parts.theirs).bfloat16(), vae=deepcopy(parts.vae).bfloat16())
    device = Fast(id=PROCESSOR, torch_name="cpu", label="", total_bytes=0)
    latents, expected = ours(plan_with(halves, device=device), ModelStore(available=lambda: 10**12)), ours(plan_with(parts), store)
    assert latents.dtype == torch.float32
    assert 0 < (latents - expected).abs().mean() <= 0.05 * expected.std()


class Card(Device):
    """A card that is the processor: what is lent to it goes there and back."""

    dtype = torch.float32

    def free_bytes(self) -> int:
        return 10**12


@pytest.mark.parametrize("less", [{"frugal": True}, {"frugal": True, "group_offload": True}])
def test_less_memory_changes_nothing(parts: PartsInMemory, store: ModelStore, less: dict[str, bool]) -> None:
    usual = plan_with(parts, device=Card(id="gpu", torch_name="cpu", label="a card", total_bytes=10**12))
    assert (ours(replace(usual, **less), store) - ours(usual, store)).abs().max() <= 1e-5


@pytest.mark.parametrize(("less", "rows"), [({}, 12), ({"frugal": True}, 6), ({"frugal": True, "group_offload": True}, 12)])
def test_the_halves_of_a_step_take_turns_where_both_would_not_fit(parts: PartsInMemory, store: ModelStore, less: dict[str, bool], rows: int) -> None:
    """Where the weights are lent layer by layer there is room, and a second pass would lend them all again."""
    seen: list[int] = []
    network = parts.multiview_unet(torch.float32)
    handle = network.register_forward_pre_hook(lambda _, given: seen.append(len(given[0])))
    ours(plan_with(parts, **less), store)
    handle.remove()
    assert seen == [rows] * (3 * 12 // rows)


def test_only_one_network_is_on_the_device_where_memory_is_short(parts: PartsInMemory, store: ModelStore) -> None:
    card = Card(id="gpu", torch_name="cpu", label="a card", total_bytes=10**12)
    together: list[Sequence[str]] = []

    def look(*_: object) -> None:
        together.append([key for key, place in store.places().items() if place])

    plan = plan_with(parts, device=card, frugal=True)
    paint_views(PICTURE, MAPS, CAMERAS, plan=plan, models=store, seed=SEED, report=look)
    assert max(map(len, together)) == 1
    assert {key.split(":")[1] for keys in together for key in keys} == {"vae", "multiview"}


def test_each_step_is_told_and_a_cancel_is_seen_between_two(parts: PartsInMemory, store: ModelStore) -> None:
    told: list[tuple[float, str]] = []

    def report(done: float, note: str) -> None:
        told.append((done, note))
        if note == "Painting, step 3 of 5":
            raise JobCancelled

    with pytest.raises(JobCancelled):
        paint_views(PICTURE, MAPS, CAMERAS, plan=plan_with(parts, steps=5), models=store, seed=SEED, report=report)
    assert [note for _, note in told if "step" in note] == [f"Painting, step {step} of 5" for step in (1, 2, 3)]
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert not any(model.users for model in store._models.values())  # the network is free again
