"""Light and shadow taken out of a picture against hy3dgen's own class on diffusers' pipeline, with small random weights."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionInstructPix2PixPipeline, UNet2DConditionModel
from hy3dgen_paint import PROMPT_WIDTH, UNET, PartsInMemory, hy3dgen_module, plan_with, random_vae
from PIL import Image

from img23d_backend.engines.hunyuan3d.paint import delight
from img23d_backend.engines.hunyuan3d.paint.delight import recentred, remove_light, without_delight
from img23d_backend.machine.devices import PROCESSOR, Device
from img23d_backend.models.store import ModelStore
from img23d_backend.setup_context import JobCancelled
from img23d_protocol import ErrorCode, Img23DError

SMALL = {
    "in_channels": 8, "block_out_channels": [8, 8], "norm_num_groups": 4, "attention_head_dim": [1, 2],
    "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D"], "up_block_types": ["CrossAttnUpBlock2D", "UpBlock2D"],
}  # fmt: skip


@pytest.fixture(scope="module")
def parts() -> PartsInMemory:
    torch.manual_seed(3)
    network = UNet2DConditionModel(**(UNET | SMALL)).eval().requires_grad_(False)
    return PartsInMemory(delight=network, vae=random_vae((8,) * 6), prompt=torch.randn(1, 77, PROMPT_WIDTH))


@pytest.fixture
def store() -> ModelStore:
    return ModelStore(available=lambda: 10**12)


@pytest.fixture(scope="module")
def square() -> np.ndarray:
    """(300, 300, 4): a speckled thing with a soft edge and holes, transparent around it."""
    random = np.random.default_rng(0)
    rgba = np.zeros((300, 300, 4), dtype=np.uint8)
    rgba[:, :, :3] = random.integers(0, 256, (300, 300, 3))
    y, x = np.mgrid[:300, :300]
    rgba[:, :, 3] = np.clip(130 - np.hypot(y - 150, x - 140), 0, 8) / 8 * 255
    rgba[100:110, 100:130, 3] = 0
    return rgba


def hy3dgens(parts: PartsInMemory) -> Callable[[Image.Image], Image.Image]:
    """hy3dgen's class on diffusers' pipeline; only the text encoder's answer is given instead of the text encoder."""
    pipeline = StableDiffusionInstructPix2PixPipeline(
        vae=parts.vae, text_encoder=None, tokenizer=None, unet=parts.delight, scheduler=parts.delight_scheduler(),
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    )  # fmt: skip
    pipeline.set_progress_bar_config(disable=True)
    kind = hy3dgen_module("utils.dehighlight_utils").Light_Shadow_Remover
    remover = object.__new__(kind)  # its constructor reads files and wants half precision
    remover.device, remover.cfg_image, remover.cfg_text = "cpu", 1.5, 1.0

    def run(prompt: str, **options: object) -> object:
        assert prompt == ""
        return pipeline(prompt_embeds=parts.prompt, **options)

    remover.pipeline = run
    return remover


def test_the_picture_is_the_one_that_hy3dgen_makes(parts: PartsInMemory, store: ModelStore, square: np.ndarray) -> None:
    expected = np.array(hy3dgens(parts)(Image.fromarray(square)))
    picture = remove_light(square, plan=plan_with(parts), models=store, report=lambda *_: None)
    assert picture.shape == expected.shape == (512, 512, 3)
    away = np.abs(picture.astype(int) - expected)
    assert away.max() <= 2  # a value that was rounded the other way, times the gain of the colours
    assert away.mean() <= 0.01
    assert np.abs(without_delight(square).astype(int) - expected).mean() > 10  # the network did something


def test_less_precision_changes_little(parts: PartsInMemory, store: ModelStore, square: np.ndarray) -> None:
    """As on a card, and on processors that multiply in bfloat16: the networks only, never the sampler."""

    class Fast(Device):
        dtype = torch.bfloat16

    network, vae = (deepcopy(one).bfloat16() for one in (parts.delight, parts.vae))
    halves = PartsInMemory(delight=network, vae=vae, prompt=parts.prompt.bfloat16())
    device = Fast(id=PROCESSOR, torch_name="cpu", label="", total_bytes=0)
    options = {"report": lambda *_: None, "steps": 5, "side": 64}
    faster = remove_light(square, plan=plan_with(halves, device=device), models=ModelStore(), **options)
    expected = remove_light(square, plan=plan_with(parts), models=store, **options)
    assert 0 < np.abs(faster.astype(int) - expected).mean() <= 5


@pytest.mark.parametrize(("brightness", "is_brought_back"), [(0.5, True), (1.2, False)])
def test_the_colours_are_only_brought_back_where_that_is_nearer_to_the_picture(
    parts: PartsInMemory, square: np.ndarray, brightness: float, is_brought_back: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """hy3dgen's own rule, with an answer of the network that is too dark or too bright."""

    def answer(picture: np.ndarray) -> np.ndarray:
        return np.clip(picture * brightness, 0, 255).astype(np.uint8)

    remover = hy3dgens(parts)
    remover.pipeline = lambda image, **_: SimpleNamespace(images=[Image.fromarray(answer(np.array(image)))])
    monkeypatch.setattr(delight, "_sample", lambda rgb, *_: answer(rgb))
    expected = np.array(remover(Image.fromarray(square)))
    picture = remove_light(square, plan=plan_with(parts), models=ModelStore(), report=lambda *_: None)
    assert np.abs(picture.astype(int) - expected).max() <= 1
    plain = answer(without_delight(square))
    middle = slice(240, 270)
    assert (np.abs(picture[middle, middle].astype(int) - plain[middle, middle]).mean() > 10) == is_brought_back


@pytest.mark.parametrize("alpha", [255, 20, 0])
@pytest.mark.filterwarnings("error")
def test_an_answer_of_one_colour_gives_a_picture(parts: PartsInMemory, alpha: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """hy3dgen divides by zero here: one colour has no deviation, and where all is faint there is nothing to measure."""
    monkeypatch.setattr(delight, "_sample", lambda rgb, *_: np.full_like(rgb, 100))
    square = np.full((64, 64, 4), (200, 200, 200, alpha), dtype=np.uint8)
    picture = remove_light(square, plan=plan_with(parts), models=ModelStore(), report=lambda *_: None, side=32)
    middle = {255: int(100 + 0.95 * (200 - 100)), 20: int(255 - 20 / 255 * (255 - 100)), 0: 255}[alpha]
    assert np.abs(picture[8:24, 8:24].astype(int) - middle).max() <= 1


def test_each_step_is_told_and_a_cancel_is_seen_between_two(parts: PartsInMemory, store: ModelStore, square: np.ndarray) -> None:
    told: list[str] = []

    def report(done: float, note: str) -> None:
        told.append(note)
        if "step 3 of" in note:
            raise JobCancelled

    with pytest.raises(JobCancelled):
        remove_light(square, plan=plan_with(parts), models=store, report=report)
    assert told[1:] == [f"Removing light and shadow, step {step} of 50" for step in (1, 2, 3)]


@pytest.mark.parametrize(("height", "width"), [(80, 41), (33, 90), (1, 1), (64, 64)])
def test_the_thing_is_put_in_the_middle_as_hy3dgen_does(height: int, width: int) -> None:
    rgba = np.random.default_rng(height).integers(0, 256, (120, 110, 4), dtype=np.uint8)
    outside = np.ones((120, 110), dtype=bool)
    outside[7 : 7 + height, 5 : 5 + width] = False
    rgba[outside, 3] = 0
    rgba[7, 5, 3] = rgba[6 + height, 4 + width, 3] = 1
    theirs = hy3dgen_module("pipelines").Hunyuan3DPaintPipeline.recenter_image
    expected = np.array(theirs(None, Image.fromarray(rgba)))
    assert np.array_equal(recentred(rgba), expected)


def test_nothing_to_paint_is_said() -> None:
    with pytest.raises(Img23DError) as failure:
        recentred(np.zeros((20, 30, 4), dtype=np.uint8))
    assert failure.value.code == ErrorCode.EMPTY_CUTOUT


def test_without_the_model_the_thing_stands_on_white(square: np.ndarray) -> None:
    picture = without_delight(square)
    assert picture.shape == (512, 512, 3)
    assert (picture[:8] == 255).all()
    middle = np.array(Image.fromarray(square[:, :, :3]).resize((512, 512)))[240:270, 240:270]
    assert np.abs(picture[240:270, 240:270].astype(int) - middle).max() <= 1
