"""The painter's parts from the published layout: the same numbers as hy3dgen and diffusers read, CLIP only once, and one
sentence where something is wrong.
"""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from diffusers import AutoencoderKL, EulerAncestralDiscreteScheduler, LCMScheduler, UNet2DConditionModel
from safetensors.torch import load_file, save_file
from tiny import delight, latents, paint

from img23d_backend.engines.hunyuan3d.paint.loaders import PaintParts
from img23d_backend.machine.memory import peak_bytes, reset_peak
from img23d_backend.models.empty_prompt import KEPT_NAME
from img23d_backend.models.loading import read_tensors
from img23d_backend.weights.store import WeightStore
from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.options.hunyuan3d import PAINT_DELIGHT

HALF, FULL = torch.float16, torch.float32


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A turbo painter, a standard one and a delight model, untrained, each in the models folder as a set of its own."""
    torch.manual_seed(0)
    models = tmp_path_factory.mktemp("models")
    paint.save(models / "turbo" / paint.TURBO_FOLDER, paint.untrained().state_dict(), is_turbo=True)
    paint.save(models / "standard" / paint.FOLDER, paint.untrained().state_dict(), is_turbo=False)
    (models / PAINT_DELIGHT).mkdir()
    delight.save(models / PAINT_DELIGHT / delight.FOLDER, UNet2DConditionModel(**delight.UNET))
    delight.write_text_encoder(models / PAINT_DELIGHT / delight.FOLDER)
    WeightStore(models).adopt(PAINT_DELIGHT)
    return models


@pytest.fixture
def models(published: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    return shutil.copytree(published, tmp_path / "models")


def parts_of(models: Path, *, turbo: bool = True) -> PaintParts:
    folder = models / "turbo" / paint.TURBO_FOLDER if turbo else models / "standard" / paint.FOLDER
    return PaintParts(delight=models / PAINT_DELIGHT / delight.FOLDER, paint=folder)


# --- the same networks --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("turbo", [True, False])
def test_both_halves_hold_what_hy3dgens_network_holds(published: Path, turbo: bool) -> None:
    parts = parts_of(published, turbo=turbo)
    theirs = paint.untrained()
    theirs.load_state_dict(load_file(parts.paint / "unet" / "diffusion_pytorch_model.safetensors"), strict=True)
    expected = theirs.half().state_dict()
    views, picture = parts.multiview_unet(HALF).state_dict(), parts.reference_unet(HALF).state_dict()
    mine = {f"unet.{key}": value for key, value in views.items()}
    prompt = picture.pop("learned_text_clip_ref")
    mine |= {f"unet_dual.{key}": value for key, value in picture.items()}
    assert mine.keys() == expected.keys()
    assert all(torch.equal(mine[key], expected[key]) for key in expected)
    assert torch.equal(prompt, expected["unet.learned_text_clip_ref"])


@pytest.mark.parametrize("turbo", [True, False])
def test_the_vae_computes_as_the_one_that_diffusers_reads(published: Path, turbo: bool) -> None:
    """The turbo painter's is a pickle with the names of 2022."""
    parts, picture = parts_of(published, turbo=turbo), torch.rand(1, 3, 64, 64) * 2 - 1
    theirs, mine = AutoencoderKL.from_pretrained(parts.paint / "vae"), parts.paint_vae(FULL)
    assert torch.equal(mine.encode(picture).latent_dist.mean, theirs.encode(picture).latent_dist.mean)
    assert mine.config.scaling_factor == latents.SCALE


def test_the_delight_model_computes_as_the_one_that_diffusers_reads(published: Path) -> None:
    parts, sample, prompt = parts_of(published), torch.randn(1, 8, 16, 16), torch.randn(1, 77, 32)
    theirs = UNet2DConditionModel.from_pretrained(parts.delight / "unet")
    expected, found = (one(sample, 500, prompt, return_dict=False)[0] for one in (theirs, parts.delight_unet(FULL)))
    assert torch.equal(found, expected)
    assert parts.delight_vae(HALF).dtype == HALF


def test_the_schedulers_are_set_as_hy3dgen_sets_them(published: Path) -> None:
    parts = parts_of(published)
    turbo, standard, light = parts.paint_scheduler(True), parts.paint_scheduler(False), parts.delight_scheduler()
    assert isinstance(turbo, LCMScheduler) and isinstance(standard, EulerAncestralDiscreteScheduler)
    assert turbo.config.timestep_spacing == standard.config.timestep_spacing == "trailing"
    assert isinstance(light, EulerAncestralDiscreteScheduler) and light.config.timestep_spacing != "trailing"
    assert turbo.config.beta_start == paint.SCHEDULER["beta_start"] and turbo.config.prediction_type == "v_prediction"
    assert parts.side == paint.CELLS * latents.CELL


def test_what_the_turbo_file_holds_beside_the_network_is_left(models: Path) -> None:
    parts = parts_of(models)
    path = parts.paint / "unet" / "diffusion_pytorch_model.safetensors"
    extra = "unet.up_blocks.1.attentions.0.transformer_blocks.0.transformer.attn2.processor.to_k_ip.0.weight"
    save_file(load_file(path) | {extra: torch.ones(32, 1024)}, path)
    assert extra.removeprefix("unet.") not in parts.multiview_unet(HALF).state_dict()


@pytest.mark.parametrize("name", ["both.bin", "both.safetensors"])
def test_one_half_is_read_without_the_other(tmp_path: Path, name: str) -> None:
    path, size = tmp_path / name, 200_000_000
    both = {"unet_dual.weight": torch.ones(size // 2, dtype=HALF), "unet.weight": torch.ones(1000, dtype=HALF)}
    torch.save(both, path) if path.suffix == ".bin" else save_file(both, path)
    assert path.suffix != ".bin" or zipfile.is_zipfile(path)
    del both
    reset_peak()
    before = peak_bytes()
    half = read_tensors(path, "unet.")
    assert list(half) == ["weight"] and half["weight"].sum() == 1000
    assert peak_bytes() - before < size / 10


def test_a_pickle_of_the_oldest_kind_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / "vae.bin"
    torch.save({"weight": torch.arange(4.0)}, path, _use_new_zipfile_serialization=False)
    assert read_tensors(path)["weight"].tolist() == [0, 1, 2, 3]


# --- the empty prompt ---------------------------------------------------------------------------------------------------


def as_diffusers_makes_it(parts: PaintParts) -> torch.Tensor:
    from diffusers import StableDiffusionInstructPix2PixPipeline
    from transformers import CLIPTextModel, CLIPTokenizer

    pipeline = StableDiffusionInstructPix2PixPipeline(
        vae=parts.delight_vae(FULL),
        unet=parts.delight_unet(FULL),
        text_encoder=CLIPTextModel.from_pretrained(parts.delight / "text_encoder", dtype=FULL),
        tokenizer=CLIPTokenizer.from_pretrained(parts.delight / "tokenizer"),
        scheduler=parts.delight_scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    with torch.no_grad():
        return pipeline._encode_prompt("", "cpu", 1, False)


def test_the_empty_prompt_is_diffusers(models: Path) -> None:
    parts = parts_of(models)
    prompt = parts.empty_prompt(FULL)
    assert prompt.shape == (1, 77, 32) and torch.allclose(prompt, as_diffusers_makes_it(parts), atol=1e-6)


def test_the_text_encoder_is_needed_once(models: Path) -> None:
    parts = parts_of(models)
    first = parts.empty_prompt(FULL)
    shutil.rmtree(parts.delight / "text_encoder")
    assert torch.equal(parts_of(models).empty_prompt(FULL), first)
    assert parts.empty_prompt(HALF).dtype == HALF


def test_a_prompt_of_other_weights_is_not_taken(models: Path) -> None:
    parts, path = parts_of(models), models / PAINT_DELIGHT / delight.FOLDER / "text_encoder" / "model.safetensors"
    first = parts.empty_prompt(FULL)
    save_file({key: value * 2 if value.is_floating_point() else value for key, value in load_file(path).items()}, path)
    WeightStore(models).adopt(PAINT_DELIGHT)
    assert not torch.equal(parts.empty_prompt(FULL), first)


def test_a_damaged_prompt_is_made_again(models: Path) -> None:
    parts, kept = parts_of(models), models / PAINT_DELIGHT / KEPT_NAME
    first = parts.empty_prompt(FULL)
    kept.write_bytes(b"cut off")
    assert torch.equal(parts.empty_prompt(FULL), first)
    assert load_file(kept)


def test_the_kept_prompt_is_no_part_of_the_set(models: Path) -> None:
    parts_of(models).empty_prompt(FULL)
    assert (models / PAINT_DELIGHT / KEPT_NAME).is_file()
    store = WeightStore(models)
    store.adopt(PAINT_DELIGHT)
    (models / PAINT_DELIGHT / KEPT_NAME).unlink()
    assert store.is_ready(PAINT_DELIGHT)


def test_nothing_is_written_into_another_programs_folder(models: Path) -> None:
    (models / PAINT_DELIGHT / "img23d.json").unlink()
    assert parts_of(models).empty_prompt(FULL).shape == (1, 77, 32)
    assert not (models / PAINT_DELIGHT / KEPT_NAME).exists()


def test_a_folder_that_cannot_be_written_is_no_error(models: Path) -> None:
    (models / PAINT_DELIGHT / KEPT_NAME).mkdir()
    assert parts_of(models).empty_prompt(FULL).shape == (1, 77, 32)


# --- what can be wrong --------------------------------------------------------------------------------------------------

READ: dict[str, Callable[[PaintParts], object]] = {
    "paint/unet": lambda parts: parts.multiview_unet(HALF),
    "paint/vae": lambda parts: parts.paint_vae(HALF),
    "paint/scheduler": lambda parts: parts.paint_scheduler(True),
    "delight/unet": lambda parts: parts.delight_unet(HALF),
    "delight/tokenizer": lambda parts: parts.empty_prompt(FULL),
    "delight/text_encoder": lambda parts: parts.empty_prompt(FULL),
}
FILES = [
    ("paint/unet", "config.json"),
    ("paint/unet", "diffusion_pytorch_model.safetensors"),
    ("paint/vae", "diffusion_pytorch_model.bin"),
    ("paint/scheduler", "scheduler_config.json"),
    ("delight/unet", "diffusion_pytorch_model.safetensors"),
    ("delight/tokenizer", "vocab.json"),
    ("delight/text_encoder", "config.json"),
    ("delight/text_encoder", "model.safetensors"),
]


def spoiled(models: Path, place: str, name: str) -> tuple[PaintParts, Path]:
    parts = parts_of(models)
    model, _, folder = place.partition("/")
    return parts, (parts.paint if model == "paint" else parts.delight) / folder / name


@pytest.mark.parametrize(("place", "name"), FILES)
def test_a_missing_file_is_one_sentence(models: Path, place: str, name: str) -> None:
    parts, path = spoiled(models, place, name)
    path.unlink()
    with pytest.raises(Img23DError) as caught:
        READ[place](parts)
    assert caught.value.code in (ErrorCode.WEIGHTS_MISSING, ErrorCode.WEIGHTS_DAMAGED)
    assert "under AI Models" in caught.value.sentence


@pytest.mark.parametrize(("place", "name"), FILES)
def test_a_file_that_was_cut_off_is_one_sentence(models: Path, place: str, name: str) -> None:
    parts, path = spoiled(models, place, name)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(Img23DError) as caught:
        READ[place](parts)
    assert caught.value.code is ErrorCode.WEIGHTS_DAMAGED
    assert "under AI Models" in caught.value.sentence


def test_a_lacking_weight_does_not_fit(models: Path) -> None:
    parts, path = spoiled(models, "paint/unet", "diffusion_pytorch_model.safetensors")
    tensors = load_file(path)
    del tensors["unet.learned_text_clip_gen"]
    save_file(tensors, path)
    with pytest.raises(Img23DError) as caught:
        parts.multiview_unet(HALF)
    assert caught.value.code is ErrorCode.WEIGHTS_UNFIT and "learned_text_clip_gen" in caught.value.detail


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ('{"sample_size": 16}', ErrorCode.WEIGHTS_UNFIT),
        ('{"in_channels": "four", "sample_size": 16}', ErrorCode.WEIGHTS_UNFIT),
        ("[]", ErrorCode.WEIGHTS_DAMAGED),
    ],
)
def test_a_configuration_of_another_kind_does_not_fit(models: Path, change: str, code: ErrorCode) -> None:
    parts, path = spoiled(models, "paint/unet", "config.json")
    path.write_text(change, encoding="utf-8")
    with pytest.raises(Img23DError) as caught:
        parts.multiview_unet(HALF)
    assert caught.value.code is code
