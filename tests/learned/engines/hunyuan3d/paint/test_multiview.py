"""Our two halves of the paint network against hy3dgen's own class, with the same random weights."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import torch
from hy3dgen_paint import CAMERAS, UNET, our_halves, their_network
from torch import Tensor, nn

from img23d_backend.engines.hunyuan3d.networks.multiview import Conditions, KeysValues, MultiviewUNet, ReferenceUNet

CLOSE = 1e-5
TIME = torch.tensor(500.0)
VIEWS = len(CAMERAS)


@dataclass(frozen=True, kw_only=True)
class Pair:
    theirs: nn.Module
    generating: MultiviewUNet
    reading: ReferenceUNet
    latents: Tensor  # (1, V, 4, h, w)
    normals: Tensor
    positions: Tensor
    picture: Tensor  # (1, 1, 4, h, w)

    @property
    def cameras(self) -> Tensor:
        return torch.tensor(CAMERAS)

    @property
    def sample(self) -> Tensor:
        """(V, 12, h, w)"""
        return torch.cat((self.latents, self.normals, self.positions), dim=2)[0]

    def keys(self) -> tuple[KeysValues, ...]:
        return self.generating.attend_to(self.reading(self.picture[0]))

    def ours(self, conditions: Conditions, halves: int = 1) -> Tensor:
        return self.generating(self.sample.repeat(halves, 1, 1, 1), TIME, self.cameras.repeat(halves), conditions)


@pytest.fixture(scope="module")
def pair() -> Pair:
    theirs = their_network()
    generating, reading = our_halves(theirs)
    torch.manual_seed(5)
    latents, normals, positions = (torch.randn(1, VIEWS, 4, 8, 8) for _ in range(3))
    return Pair(
        theirs=theirs,
        generating=generating,
        reading=reading,
        latents=latents,
        normals=normals,
        positions=positions,
        picture=torch.randn(1, 1, 4, 8, 8),
    )


def guided(pair: Pair) -> Tensor:
    """Both halves of a guided step (2 * V, 4, h, w), the way hy3dgen's pipeline calls its network."""
    prompt = pair.theirs.unet.learned_text_clip_gen
    with torch.inference_mode():
        return pair.theirs(
            torch.cat([pair.latents] * 2),
            TIME,
            torch.cat([torch.zeros_like(prompt), prompt]),
            normal_imgs=torch.cat([pair.normals] * 2),
            position_imgs=torch.cat([pair.positions] * 2),
            camera_info_gen=pair.cameras[None].repeat(2, 1),
            camera_info_ref=torch.zeros(2, 1, dtype=torch.int64),
            ref_latents=torch.cat([torch.zeros_like(pair.picture), pair.picture]),
            ref_scale=torch.tensor([0.0, 1.0]),
        )[0]


@pytest.mark.parametrize("chunk", [0, 50, 10_000])
def test_a_guided_step_is_hy3dgens_although_less_is_computed(pair: Pair, chunk: int) -> None:
    with torch.inference_mode():
        together = Conditions(views=VIEWS, reference=pair.keys(), unguided=VIEWS, query_chunk=chunk)
        ours = pair.ours(together, halves=2)
    expected = guided(pair)
    assert (ours - expected).abs().max() <= CLOSE
    assert expected.std() > 0.1
    unconditional, conditional = expected.chunk(2)
    assert (unconditional - conditional).abs().max() > 0.01  # the halves are told different things


def test_one_half_after_the_other_gives_the_same(pair: Pair) -> None:
    with torch.inference_mode():
        first = pair.ours(Conditions(views=VIEWS, unguided=VIEWS))
        second = pair.ours(Conditions(views=VIEWS, reference=pair.keys()))
    assert (torch.cat((first, second)) - guided(pair)).abs().max() <= CLOSE


def test_each_view_attends_to_the_picture_and_to_the_other_views(pair: Pair) -> None:
    """Without it the comparison above would compare nothing."""
    with torch.inference_mode():
        expected = pair.ours(Conditions(views=VIEWS, reference=pair.keys()))
        blind = tuple(KeysValues(keys=one.keys, values=torch.zeros_like(one.values)) for one in pair.keys())
        alone = pair.ours(Conditions(views=1, reference=pair.keys()))
        assert (pair.ours(Conditions(views=VIEWS, reference=blind)) - expected).abs().max() > 1e-3
        assert (alone - expected).abs().max() > 1e-3


def test_what_is_read_from_the_picture_is_what_hy3dgens_other_half_writes_down(pair: Pair) -> None:
    written: dict[str, Tensor] = {}
    theirs = pair.theirs
    with torch.inference_mode():
        theirs.unet_dual(
            pair.picture[0],
            0,
            encoder_hidden_states=theirs.unet.learned_text_clip_ref,
            class_labels=torch.zeros(1, dtype=torch.int64),
            return_dict=False,
            cross_attention_kwargs={"mode": "w", "num_in_batch": 1, "condition_embed_dict": written},
        )
        features = pair.reading(pair.picture[0])
    assert len(features) == len(written)
    for ours, expected in zip(features, written.values(), strict=True):
        assert (ours - expected).abs().max() <= CLOSE


def test_a_transformer_block_of_another_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="another kind"):
        MultiviewUNet(UNET | {"only_cross_attention": True})
