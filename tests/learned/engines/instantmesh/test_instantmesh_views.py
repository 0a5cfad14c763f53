"""Six views by Zero123++: cameras, sampler and reference attention, against what is published of them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from diffusers import EulerAncestralDiscreteScheduler, UNet2DConditionModel

from img23d_backend.engines.instantmesh.networks.reference_attention import ReferenceAttention
from img23d_backend.engines.instantmesh.views.cameras import AZIMUTHS, ELEVATIONS, view_cameras
from img23d_backend.engines.instantmesh.views.sampling import Conditions, sample_views, text_of

SCHEDULER = {
    "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "linear", "prediction_type": "v_prediction", "timestep_spacing": "trailing",
}  # fmt: skip


def unet() -> UNet2DConditionModel:
    torch.manual_seed(0)
    sizes = {"block_out_channels": (32, 64), "attention_head_dim": (2, 4), "cross_attention_dim": 48, "layers_per_block": 1, "use_linear_projection": True}
    kinds = {"down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"), "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D")}
    return UNet2DConditionModel(sample_size=16, **sizes, **kinds).eval()


def test_cameras_look_at_the_middle_from_where_they_are_said_to_be() -> None:
    """Against a projection of its own: a camera's row is its matrix to the world and its lens."""
    for row, azimuth, elevation in zip(view_cameras(), AZIMUTHS, ELEVATIONS, strict=True):
        pose, lens = row[:12].reshape(3, 4).astype(float), row[12:]
        assert lens == pytest.approx([1.8660254, 1.8660254, 0.5, 0.5])
        place, turn = pose[:, 3], pose[:, :3]
        assert np.linalg.norm(place) == pytest.approx(4)
        assert np.degrees(np.arctan2(place[1], place[0])) % 360 == pytest.approx(azimuth, abs=1e-4)
        assert np.degrees(np.arcsin(place[2] / 4)) == pytest.approx(elevation, abs=1e-4)
        assert np.linalg.det(turn) == pytest.approx(1) and turn.T @ turn == pytest.approx(np.eye(3), abs=1e-6)
        seen = turn.T @ (np.zeros(3) - place)
        assert seen == pytest.approx([0, 0, -4], abs=1e-5), "the origin lies straight ahead"
        above = turn.T @ (np.array([0, 0, 0.1]) - place)
        assert above[1] > 0 and abs(above[0]) < 1e-6, "up is up"


def test_the_sampler_steps_as_published() -> None:
    scheduler = EulerAncestralDiscreteScheduler(**SCHEDULER)
    scheduler.set_timesteps(75)
    assert scheduler.timesteps[:4].tolist() == [999, 986, 972, 959] and scheduler.timesteps[-1] == 12
    assert scheduler.sigmas[[0, 1, -2, -1]].tolist() == pytest.approx([25.146, 23.255, 0.1095, 0], abs=5e-4)


def test_reference_attention_is_one_softmax_over_both() -> None:
    torch.manual_seed(0)
    network = unet().double()
    attention = ReferenceAttention()
    attention.give_to(network)
    layer = network.down_blocks[1].attentions[0].transformer_blocks[0].attn1
    seen, drawn = torch.randn(2, 5, 64, dtype=torch.float64), torch.randn(2, 7, 64, dtype=torch.float64)
    with torch.inference_mode():
        with attention.looking():
            alone = layer(seen)
        with attention.drawing():
            mixed = layer(drawn)
    assert torch.allclose(alone, by_hand(layer, seen, seen), atol=1e-12)
    assert torch.allclose(mixed, by_hand(layer, drawn, torch.cat((drawn, seen), dim=1)), atol=1e-12)


def by_hand(layer: torch.nn.Module, hidden: torch.Tensor, around: torch.Tensor) -> torch.Tensor:
    heads = layer.heads
    queries, keys, values = (
        (one @ weights.T).unflatten(-1, (heads, -1)) for one, weights in ((hidden, layer.to_q.weight), (around, layer.to_k.weight), (around, layer.to_v.weight))
    )
    shares = (torch.einsum("bqhc,bkhc->bhqk", queries, keys) / queries.shape[-1] ** 0.5).softmax(-1)
    mixed = torch.einsum("bhqk,bkhc->bqhc", shares, values).flatten(2)
    return mixed @ layer.to_out[0].weight.T + layer.to_out[0].bias


def test_the_picture_decides_and_the_seed_repeats() -> None:
    def views(picture: torch.Tensor, seed: int) -> torch.Tensor:
        known = Conditions(picture=picture, text=torch.zeros(2, 77, 48))
        scheduler = EulerAncestralDiscreteScheduler(**SCHEDULER)
        generator = torch.Generator().manual_seed(seed)
        with torch.inference_mode():
            return sample_views(known, unet(), scheduler, steps=2, guidance=4.0, generator=generator, report=lambda *_: None)

    picture = torch.randn(2, 4, 16, 16, generator=torch.Generator().manual_seed(1))
    once = views(picture, 7)
    assert once.shape == (1, 4, 120, 80)
    assert torch.equal(once, views(picture, 7))
    assert not torch.allclose(once, views(picture.flip(-1), 7), atol=1e-3)
    assert not torch.allclose(once, views(picture, 8), atol=1e-3)


def test_a_report_stops_the_sampling() -> None:
    class Cancelled(Exception):
        pass

    def report(share: float, what: str) -> None:
        if share > 0:
            raise Cancelled

    known = Conditions(picture=torch.zeros(2, 4, 16, 16), text=torch.zeros(2, 77, 48))
    with pytest.raises(Cancelled), torch.inference_mode():
        scheduler = EulerAncestralDiscreteScheduler(**SCHEDULER)
        sample_views(known, unet(), scheduler, steps=3, guidance=4.0, generator=torch.Generator().manual_seed(0), report=report)


def test_the_text_without_the_picture_stays_as_it_is() -> None:
    empty, embedding, ramp = torch.rand(1, 77, 8), torch.rand(1, 1, 8), torch.linspace(0, 1, 77)
    without, with_it = text_of(embedding, empty, ramp)
    assert torch.equal(without, empty[0])
    assert torch.allclose(with_it[40], empty[0, 40] + ramp[40] * embedding[0, 0])
