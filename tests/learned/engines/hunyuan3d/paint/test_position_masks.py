"""The turbo painter's attention among views by position, against dense evaluations written from its description.

What it is: a pixel of a view's position picture counts where none of its three values is 1, which is the background's. The picture is
cut into g x g cells (g 32, 16, 8); a cell is where the mean of its pixels that count is, or at the origin where fewer than five
count. Where the network has g x g tokens a view, a token attends to those of all views whose cells are nearer than 1.73 / g, and
elsewhere to all. Sources: hy3dgen/texgen/hunyuanpaint/unet/modules.py (compute_voxel_grid_mask), sgl-project/sglang pull request 34980.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hy3dgen_paint import CAMERAS, PartsInMemory, RandomMaps, our_halves, plan_with, random_vae, their_network
from torch import Tensor, nn

from img23d_backend.engines.hunyuan3d.networks.multiview import Conditions, MultiviewUNet
from img23d_backend.engines.hunyuan3d.paint.multiview import sample_views
from img23d_backend.engines.hunyuan3d.paint.position_masks import position_masks
from img23d_backend.models.store import ModelStore

SIDE, LATENTS = 128, 16
SEEN = CAMERAS[:3]
VIEWS = len(SEEN)
BORDER = 2e-3  # so far from the border the half precision of the masks decides nothing


def positions(side: int = SIDE, views: int = VIEWS) -> np.ndarray:
    """(V, s, s, 3) uint8: a bumpy ball from all around, white where it is not, as wide as the whole picture in one view."""
    line = (np.arange(side) + 0.5) / side * 2 - 1
    x, y = np.meshgrid(line, line)
    pictures = np.full((views, side, side, 3), 255, np.uint8)
    for view, turn in enumerate(np.linspace(0, 2 * np.pi, views, endpoint=False)):
        radius = 0.5 + 0.3 * view
        covered = x**2 + y**2 < radius**2
        z = np.sqrt(np.maximum(radius**2 - x**2 - y**2, 0))
        around = (x * np.cos(turn) + z * np.sin(turn), y + 0.05 * np.sin(9 * x), z * np.cos(turn) - x * np.sin(turn))
        colours = np.clip(np.stack([0.5 + 0.49 * one for one in around], axis=-1), 0, 1) * 255
        pictures[view][covered] = colours.astype(np.uint8)[covered]
    return pictures


def directly(pictures: np.ndarray, cells: int) -> tuple[np.ndarray, np.ndarray]:
    """(V * cells², V * cells²): whether two cells are near, and how far their distance is from the border. One cell after another."""
    size = pictures.shape[1] // cells
    places = []
    for picture in pictures / 255.0:
        for row in range(cells):
            for column in range(cells):
                block = picture[row * size : (row + 1) * size, column * size : (column + 1) * size].reshape(-1, 3)
                counted = [pixel for pixel in block if not any(value == 1 for value in pixel)]
                places.append(np.mean(counted, axis=0) if len(counted) >= 5 else np.zeros(3))
    away = np.sqrt(((np.array(places)[:, None] - np.array(places)[None]) ** 2).sum(axis=-1))
    return away < 1.73 / cells, np.abs(away - 1.73 / cells)


@pytest.mark.parametrize("cells", [16, 8])
def test_the_cells_that_are_near_are_those_of_a_direct_evaluation(cells: int) -> None:
    mask = position_masks(positions(), LATENTS)[VIEWS * cells**2].numpy()
    near, from_border = directly(positions(), cells)
    clear = from_border > BORDER
    assert mask.dtype == bool and mask.shape == near.shape
    assert (mask == near)[clear].all() and clear.mean() > 0.95
    assert 0.02 < near.mean() < 0.5
    assert mask.diagonal().all() and (mask == mask.T).all()


def test_half_precision_decides_at_the_border() -> None:
    """As when the model was made: cells of one pixel's colour each, and the distance beside 1.73 / 8 on either side."""
    pictures = np.full((2, 64, 64, 3), 255, np.uint8)
    pictures[0, :8, :8], pictures[1, :8, :8] = (10, 100, 100), (65, 100, 100)
    (mask,) = position_masks(pictures, 8).values()
    first, second = (np.float16(value / np.float32(255)) for value in (10, 65))
    assert bool(mask[0, 64]) == bool(np.float16(second - first) < np.float16(1.73 / 8)) is True
    pictures[1, :8, :8, 0] = 66
    (mask,) = position_masks(pictures, 8).values()
    assert not mask[0, 64]


def test_fewer_than_five_pixels_are_no_place() -> None:
    pictures = np.full((1, 64, 64, 3), 255, np.uint8)
    pictures[0, 0, :4] = pictures[0, 8, :5] = (200, 200, 200)
    (mask,) = position_masks(pictures, 8).values()
    assert mask[0, 63] and not mask[8, 63]
    pictures[0, 8, 4, 1] = 255  # one value alone is enough not to count
    (mask,) = position_masks(pictures, 8).values()
    assert mask[8, 63]


@pytest.mark.parametrize(("latents", "tokens"), [(64, [32, 16, 8]), (32, [32, 16, 8]), (16, [16, 8]), (8, [8]), (4, [])])
def test_only_layers_of_32_16_and_8_tokens_a_side_have_one(latents: int, tokens: list[int]) -> None:
    masks = position_masks(positions(8 * latents, 1), latents)
    assert list(masks) == [count**2 for count in tokens]


# --- in the network -----------------------------------------------------------------------------------------------------


def _dense(attention: nn.Module, mask: Tensor | None, x: Tensor) -> Tensor:
    """Softmax of the whole table of products, with nothing where the mask is off. (1, T, C)"""
    q, k, v = (layer(x).unflatten(-1, (attention.heads, -1)) for layer in (attention.to_q, attention.to_k, attention.to_v))
    logits = torch.einsum("bqhd,bkhd->bhqk", q, k) / q.shape[-1] ** 0.5
    if mask is not None:
        logits[:, :, ~mask] = -torch.inf
    return attention.to_out[0](torch.einsum("bhqk,bkhd->bqhd", logits.softmax(dim=-1), v).flatten(2))


@pytest.fixture(scope="module")
def theirs() -> nn.Module:
    return their_network()


@pytest.fixture(scope="module")
def inputs() -> dict[str, Tensor]:
    torch.manual_seed(6)
    latents, normals, places = (torch.randn(1, VIEWS, 4, LATENTS, LATENTS) for _ in range(3))
    return {"latents": latents, "normals": normals, "places": places, "picture": torch.randn(1, 1, 4, LATENTS, LATENTS)}


def hy3dgens(theirs: nn.Module, inputs: dict[str, Tensor], masks: dict[int, Tensor]) -> Tensor:
    """hy3dgen's network with the views' attention evaluated densely, (V, 4, h, w)."""
    watched = [one for name, one in theirs.unet.named_modules() if name.endswith("attn_multiview")]
    usual = [one.forward for one in watched]
    for one in watched:
        one.forward = lambda x, attention=one, **_: _dense(attention, masks.get(x.shape[1]), x)
    try:
        with torch.inference_mode():
            return theirs(
                inputs["latents"],
                torch.tensor(500.0),
                theirs.unet.learned_text_clip_gen,
                normal_imgs=inputs["normals"],
                position_imgs=inputs["places"],
                camera_info_gen=torch.tensor(SEEN)[None],
                camera_info_ref=torch.zeros(1, 1, dtype=torch.int64),
                ref_latents=inputs["picture"],
            )[0]
    finally:
        for one, forward in zip(watched, usual, strict=True):
            one.forward = forward


def ours(theirs: nn.Module, inputs: dict[str, Tensor], masks: dict[int, Tensor], chunk: int = 0) -> Tensor:
    generating, reading = our_halves(theirs)
    assert isinstance(generating, MultiviewUNet)
    sample = torch.cat([inputs[name] for name in ("latents", "normals", "places")], dim=2)[0]
    with torch.inference_mode():
        keys = generating.attend_to(reading(inputs["picture"][0]))
        conditions = Conditions(views=VIEWS, reference=keys, near=masks, query_chunk=chunk)
        return generating(sample, torch.tensor(500.0), torch.tensor(SEEN), conditions)


def test_the_network_with_masks_is_hy3dgens_with_a_dense_attention(theirs: nn.Module, inputs: dict[str, Tensor]) -> None:
    dense = {VIEWS * cells**2: torch.from_numpy(directly(positions(), cells)[0]) for cells in (16, 8)}
    expected, without = hy3dgens(theirs, inputs, dense), hy3dgens(theirs, inputs, {})
    for chunk in (0, 100, 10_000):
        assert (ours(theirs, inputs, dense, chunk) - expected).abs().max() <= 1e-5
    assert (ours(theirs, inputs, {}) - without).abs().max() <= 1e-5
    assert (expected - without).abs().max() > 1e-3  # else nothing was compared


@pytest.mark.parametrize(("is_turbo", "match", "changes"), [(True, True, True), (True, False, False), (False, True, False)])
def test_only_the_turbo_painter_has_masks_and_only_with_the_switch(is_turbo: bool, match: bool, changes: bool) -> None:
    """A network whose VAE halves a picture once: 16 x 16 latents of 32 pixels, so that the two upper levels have masks."""
    parts = PartsInMemory(theirs=their_network(), vae=random_vae())
    picture = np.random.default_rng(1).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    places = positions(32)
    maps = RandomMaps(normals=places[::-1].copy(), positions=places)
    store = ModelStore(available=lambda: 10**12)
    plain = plan_with(parts, is_turbo=is_turbo, steps=1, guidance=1.0, match_positions=False)

    def run(plan: object) -> Tensor:
        return sample_views(picture, maps, SEEN, plan=plan, models=store, seed=3, report=lambda *_: None)

    difference = (run(replace(plain, match_positions=match)) - run(plain)).abs().max()
    assert difference > 1e-3 if changes else difference == 0
