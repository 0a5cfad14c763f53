"""The plain photo's things through TripoSG's trained small checkpoint: the photo decides the shape.

What is right is told by the photo and its masks. Each thing is also held against the other ones, which it has to be unlike.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from known_things import cutouts_of_the_photo, outline_of, overlaps_with

from img23d_backend.engines.triposg import make_painter, make_shaper
from img23d_backend.engines.triposg.shape import latents as stage
from img23d_backend.engines.triposg.shape import plan as plans
from img23d_backend.engines.triposg.shape.shaper import TripoSGShaper
from img23d_backend.machine.devices import Device, choose
from img23d_backend.mesh.topology.checks import find_defects
from img23d_backend.models.store import ModelStore
from img23d_backend.stages import Context, CutOut, Painted, Painter, Shaped
from img23d_backend.weights.store import WeightStore
from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.messages import Settings

MADE = ("green bottle", "blue mug", "yellow duck")
SETTINGS = Settings.of(triposg_resolution=64, triposg_steps=8, triposg_faces=4_000, shape_device="cpu")
LEAST_OVERLAP = 0.85
CARD = Device(id="gpu", torch_name="cpu", label="a card", total_bytes=10**12)


@pytest.fixture(autouse=True)
def few_latents(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small network's are alike, so that a few say what 2,048 do."""
    monkeypatch.setattr(plans, "LATENTS", 96)


@pytest.fixture(scope="module")
def cutouts() -> dict[str, CutOut]:
    return cutouts_of_the_photo()


@pytest.fixture(scope="module")
def shaper(tiny_models: Path) -> TripoSGShaper:
    return make_shaper(WeightStore(tiny_models), ModelStore())


@pytest.fixture(scope="module")
def made(shaper: TripoSGShaper, cutouts: dict[str, CutOut]) -> Callable[[str], Shaped]:
    """Once a thing. One that fails takes no other with it."""
    return cache(lambda name: shaper.shape(cutouts[name], SETTINGS, Context(seed=1)))


@pytest.mark.parametrize("name", MADE)
def test_the_outline_is_that_of_the_thing_in_the_photo(made: Callable[[str], Shaped], cutouts: dict[str, CutOut], name: str) -> None:
    shaped = made(name)
    overlaps = overlaps_with(outline_of(shaped.mesh, shaped.view, cutouts[name]), cutouts)
    assert overlaps[name] > LEAST_OVERLAP, overlaps
    assert overlaps[name] == max(overlaps.values()), overlaps
    assert find_defects(shaped.mesh) == ()
    assert len(shaped.mesh.faces) <= 4_000 and shaped.note == "TripoSG, 8 steps."


def test_things_are_as_deep_as_they_were_made(made: Callable[[str], Shaped]) -> None:
    """What the photo does not show comes from the model: solids that are not flat."""
    for name in MADE:
        low, high = made(name).mesh.vertices.min(axis=0), made(name).mesh.vertices.max(axis=0)
        assert high[2] - low[2] > 0.5 * (high - low)[:2].min()


def test_the_same_seed_gives_the_same_thing(shaper: TripoSGShaper, cutouts: dict[str, CutOut], made: Callable[[str], Shaped]) -> None:
    again = shaper.shape(cutouts["blue mug"], SETTINGS, Context(seed=1))
    assert np.array_equal(again.mesh.vertices, made("blue mug").mesh.vertices)
    other = shaper.shape(cutouts["blue mug"], SETTINGS, Context(seed=2))
    assert not np.array_equal(other.mesh.vertices, again.mesh.vertices)


def test_it_is_looked_at_on_its_way_and_each_step_is_told(shaper: TripoSGShaper, cutouts: dict[str, CutOut]) -> None:
    shown: list[np.ndarray] = []
    notes: list[tuple[float, str]] = []
    context = Context(seed=1, show=shown.append, report=lambda done, note: notes.append((done, note)))
    shaper.shape(cutouts["yellow duck"], SETTINGS, context)
    assert 1 <= len(shown) <= 4 and all(one.shape == (256, 256, 3) and one.dtype == np.uint8 for one in shown)
    last = shown[-1].astype(int)
    assert (last[0, 0] == 255).all() and (last.min(axis=2) < 240).mean() > 0.1, "clay before white"
    steps = [note for _, note in notes if note.startswith("Shaping, step")]
    assert [f"Shaping, step {number} of 8" for number in range(1, 9)] == list(dict.fromkeys(steps))
    fractions = [done for done, _ in notes]
    assert fractions == sorted(fractions) and fractions[-1] == 1.0


def test_with_little_memory_it_is_the_same_thing(shaper: TripoSGShaper, cutouts: dict[str, CutOut], made: Callable[[str], Shaped]) -> None:
    shown: list[np.ndarray] = []
    frugal = shaper.shape(cutouts["blue mug"], SETTINGS.changed(small_memory=True), Context(seed=1, show=shown.append))
    assert np.allclose(frugal.mesh.vertices, made("blue mug").mesh.vertices, atol=1e-5) and not shown


WAYS = [("gpu", False, False), ("gpu", True, False), ("gpu", True, True), ("cpu", True, False)]


@pytest.mark.parametrize("short", [2, 3], ids=["layer by layer", "on the processor"])
def test_where_memory_runs_out_the_next_way_is_taken(tiny_models: Path, cutouts: dict[str, CutOut], monkeypatch: pytest.MonkeyPatch, short: int) -> None:
    """On a card: one network at a time, lent layer by layer, then on the processor; each is told, and the latents are the same."""
    tried: list[tuple[str, bool, bool]] = []
    real = stage.sample_latents

    def sampled(tokens: torch.Tensor, seed: int, show: object, plan: plans.TripoSGPlan, *rest: object) -> torch.Tensor:
        tried.append((plan.device.id, plan.frugal, plan.group_offload))
        if len(tried) <= short:
            raise torch.OutOfMemoryError("CUDA out of memory")
        found = real(tokens, seed, show, plan, *rest)
        plain = replace(plan, device=choose("cpu"), frugal=False, group_offload=False)
        assert torch.allclose(found, real(tokens, seed, lambda picture: None, plain, *rest), atol=1e-4)
        return found

    monkeypatch.setattr("img23d_backend.engines.triposg.shape.shaper.sample_latents", sampled)
    monkeypatch.setattr("img23d_backend.engines.triposg.shape.shaper.make_plan", lambda *given: replace(plans.make_plan(*given), device=CARD))
    monkeypatch.setattr(Device, "free_bytes", lambda self: 10**12)
    monkeypatch.setattr(Device, "dtype", property(lambda self: torch.float32))
    told: list[str] = []
    shaped = make_shaper(WeightStore(tiny_models), ModelStore()).shape(cutouts["blue mug"], SETTINGS, Context(seed=1, notify=told.append))
    assert tried == WAYS[: short + 1] and len(told) == short
    assert find_defects(shaped.mesh) == ()


def test_an_empty_cutout_is_told(shaper: TripoSGShaper) -> None:
    with pytest.raises(Img23DError) as caught:
        shaper.shape(CutOut(rgba=np.zeros((20, 20, 4), np.uint8), left=0, top=0), SETTINGS, Context())
    assert caught.value.code is ErrorCode.EMPTY_CUTOUT


class _Heard(Painter):
    def __init__(self) -> None:
        self.asked: list[str] = []

    def paint(self, *args: object, **kwargs: object) -> Painted:
        self.asked.append(next(one for one in args if isinstance(one, Settings)).hunyuan3d.paint.painter)
        return None


def test_the_photo_is_projected_unless_a_model_is_chosen(made: Callable[[str], Shaped], cutouts: dict[str, CutOut]) -> None:
    projection, learned = _Heard(), _Heard()
    painter, shaped = make_painter(projection=projection, learned=learned), made("blue mug")
    painter.paint(shaped.mesh, shaped.view, cutouts["blue mug"], SETTINGS, Context())
    assert (projection.asked, learned.asked) == (["preview"], [])
    painter.paint(shaped.mesh, shaped.view, cutouts["blue mug"], SETTINGS.changed(triposg_painter="hunyuan3d-paint"), Context())
    assert learned.asked == ["hunyuan3d-paint"] and len(projection.asked) == 1
