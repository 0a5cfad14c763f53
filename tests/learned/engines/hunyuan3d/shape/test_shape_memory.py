"""The learned shaper where memory is short: one network at a time, and down the ladder to the processor."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from shape_desk import SETTINGS, make_models, thing

from img23d_backend.engines.hunyuan3d import make_shaper
from img23d_backend.engines.hunyuan3d.shape import plan, shaper
from img23d_backend.engines.hunyuan3d.shape.plan import ShapePlan
from img23d_backend.engines.hunyuan3d.shape.shaper import HunyuanShaper
from img23d_backend.machine.devices import Device, find_devices
from img23d_backend.models.store import ModelStore
from img23d_backend.stages import Context
from img23d_backend.weights.store import WeightStore

# A card for the program, which computes on the processor: nothing here depends on a card's own ways
CARD = Device(id="gpu", torch_name="cpu", label="a card", total_bytes=6 * 2**30)
ON_CARD = SETTINGS.changed(shape_device="gpu")


@pytest.fixture(autouse=True)
def card(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (plan, shaper):
        monkeypatch.setattr(module, "choose", lambda choice: find_devices()[-1] if choice == "cpu" else CARD)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> WeightStore:
    return WeightStore(make_models(tmp_path_factory.mktemp("sphere"), "sphere"))


@pytest.mark.parametrize("small_memory", [True, False])
def test_small_memory_keeps_one_network_on_the_card(weights: WeightStore, small_memory: bool) -> None:
    store = ModelStore()
    there: list[int] = []

    def report(done: float, note: str) -> None:
        there.append(sum(place == CARD.id for place in store.places().values()))

    settings = ON_CARD.changed(small_memory=small_memory)
    make_shaper(weights, store).shape(thing(), settings, Context(report=report))
    assert max(there) == (1 if small_memory else 3)


def test_out_of_memory_steps_down_and_tells_each_step(weights: WeightStore, monkeypatch: pytest.MonkeyPatch) -> None:
    sample, tried = shaper.sample_latents, []

    def scarce(pictures: Sequence, seeds: Sequence[int], tried_plan: ShapePlan, *rest: object) -> list:
        tried.append((tried_plan.at_once, tried_plan.group_offload, tried_plan.device.id))
        if not tried_plan.device.is_processor:
            raise torch.OutOfMemoryError("there is none")
        return sample(pictures, seeds, tried_plan, *rest)

    monkeypatch.setattr(shaper, "sample_latents", scarce)
    told: list[str] = []
    things = [thing(), thing(seed=1)]
    results = list(make_shaper(weights, ModelStore()).shape_batch(things, ON_CARD, [Context(notify=told.append)] * 2))
    assert tried == [(2, False, "gpu"), (1, False, "gpu"), (1, True, "gpu"), (1, False, "cpu")]
    assert [len(result.mesh.faces) > 100 for result in results] == [True, True]
    assert len(told) == 3 and "processor" in told[-1]


@pytest.mark.parametrize(
    ("free", "small_memory", "device", "expected"),
    [(4 * 2**30, False, "gpu", 4), (4 * 2**30, True, "gpu", 1), (0, False, "gpu", 1), (4 * 2**30, False, "cpu", 1)],
    ids=["room", "small memory", "no room", "processor"],
)
def test_a_batch_is_as_large_as_the_free_memory_takes(
    weights: WeightStore, monkeypatch: pytest.MonkeyPatch, free: int, small_memory: bool, device: str, expected: int
) -> None:
    monkeypatch.setattr(Device, "free_bytes", lambda device: free)
    settings = SETTINGS.changed(small_memory=small_memory, shape_device=device)
    assert HunyuanShaper(weights, ModelStore()).batch_size(9, settings) == expected
