"""Our way through hy3dgen's networks against hy3dgen's own pipeline, on small random checkpoints in the published layout.

hy3dgen's own code runs here: its loader, image processor, conditioner, scheduler, sampler and decoder. Only torchvision and
pymeshlab are stood in for while it is imported (`shape_checkpoints.hy3dgen_importable` says how).
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image
from shape_checkpoints import config, hy3dgen_importable, hy3dgen_pipeline, write
from tiny.shape import TURBO, TURBO_PARAMS

from img23d_backend.engines.hunyuan3d.shape.loaders import ShapeParts
from img23d_backend.engines.hunyuan3d.shape.sampling import noise, sample
from img23d_backend.engines.hunyuan3d.shape.schedule import ConsistencySchedule, FlowSchedule

CLOSE = 1e-5
SEED = 12345
TURBO_VAE = {"geo_decoder_downsample_ratio": 2, "geo_decoder_mlp_expand_ratio": 1, "geo_decoder_ln_post": False}
VARIANTS = {
    "standard": (config(), 6, 5.0),
    "fast": (config(guidance_embed=True), 6, 5.0),
    "turbo": (config(guidance_embed=True, scheduler=TURBO, **TURBO_PARAMS), 5, 5.0),
    "mv": (config(views=4), 4, 5.0),
    "no guidance": (config(), 4, 1.0),
    "turbo vae": (config(vae=TURBO_VAE), 2, 3.0),
}


@pytest.fixture(scope="module")
def cutout() -> np.ndarray:
    """A speckled thing, off the middle, with a soft edge."""
    random = np.random.default_rng(0)
    rgba = random.integers(0, 255, (60, 90, 4), dtype=np.uint8)
    rgba[:, :, 3] = 0
    rgba[10:50, 20:71, 3] = 128
    rgba[12:48, 25:60, 3] = 255
    return rgba


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_same_seed_gives_the_same_latents_and_the_same_field(tmp_path: Path, variant: str, cutout: np.ndarray) -> None:
    content, steps, guidance = VARIANTS[variant]
    write(tmp_path, content)
    theirs, ours = hy3dgen_pipeline(tmp_path), ShapeParts(folder=tmp_path)
    picture = Image.fromarray(cutout)
    with torch.inference_mode():
        expected = theirs(
            {"front": picture} if variant == "mv" else picture,
            num_inference_steps=steps,
            guidance_scale=guidance,
            generator=torch.manual_seed(SEED),
            output_type="latent",
            enable_pbar=False,
        )
        context = ours.conditioner(torch.float32)(torch.from_numpy(ours.config.framing.picture(cutout))[None])
        latents = sample(
            ours.dit(torch.float32),
            noise(SEED, (12, 8), torch.float32),
            context,
            ours.config.schedule.steps(steps),
            train_timesteps=ours.config.schedule.num_train_timesteps,
            guidance=guidance,
            on_step=lambda done: None,
        )
        assert (latents - expected).abs().max() <= CLOSE
        assert (latents - noise(SEED, (12, 8), torch.float32)).abs().max() > 0.1  # the model did something

        tokens = theirs.vae(expected / theirs.vae.scale_factor)
        grid = theirs.vae.volume_decoder(tokens, theirs.vae.geo_decoder, octree_resolution=12, enable_pbar=False)
        line = torch.from_numpy(np.linspace(-1.01, 1.01, 13, dtype=np.float32))
        points = torch.stack(torch.meshgrid(line, line, line, indexing="ij"), dim=-1).reshape(-1, 3)
        field = ours.vae(torch.float32).field(latents[0])(points)
    assert (field - grid.flatten()).abs().max() <= CLOSE
    assert field.std() > 1e-3


@pytest.mark.parametrize("sides", [("left",), ("back",), ("back", "left"), ("right", "back", "left")])
@pytest.mark.parametrize("guidance", [1.0, 5.0])
def test_several_views_give_the_latents_that_hy3dgen_gives(tmp_path: Path, cutout: np.ndarray, sides: tuple[str, ...], guidance: float) -> None:
    from img23d_backend.engines.hunyuan3d.shape.shaper import _framed
    from img23d_backend.stages import CutOut
    from img23d_protocol.messages import Side

    write(tmp_path, config(views=4))
    theirs, ours = hy3dgen_pipeline(tmp_path), ShapeParts(folder=tmp_path)
    pictures = {side: np.ascontiguousarray(np.roll(cutout[..., [1, 2, 0, 3]], turn + 1, axis=2 if turn > 5 else 0)) for turn, side in enumerate(sides)}
    framed = _framed(SimpleNamespace(config=ours.config), CutOut(rgba=cutout, sides={Side(side): one for side, one in pictures.items()}))
    with torch.inference_mode():
        expected = theirs(
            {"front": Image.fromarray(cutout)} | {side: Image.fromarray(one) for side, one in pictures.items()},
            num_inference_steps=4,
            guidance_scale=guidance,
            generator=torch.manual_seed(SEED),
            output_type="latent",
            enable_pbar=False,
        )
        context = ours.conditioner(torch.float32)(torch.from_numpy(framed.pictures), framed.views)
        latents = sample(
            ours.dit(torch.float32),
            noise(SEED, (12, 8), torch.float32),
            context,
            ours.config.schedule.steps(4),
            train_timesteps=ours.config.schedule.num_train_timesteps,
            guidance=guidance,
            on_step=lambda done: None,
        )
    assert (latents - expected).abs().max() <= CLOSE


def test_the_picture_and_its_tokens_are_hy3dgens(tmp_path: Path, cutout: np.ndarray) -> None:
    write(tmp_path, config())
    theirs, ours = hy3dgen_pipeline(tmp_path), ShapeParts(folder=tmp_path)
    expected = theirs.image_processor(Image.fromarray(cutout))["image"]
    picture = torch.from_numpy(ours.config.framing.picture(cutout))[None]
    assert torch.equal(picture, expected)
    with torch.inference_mode():
        tokens = ours.conditioner(torch.float32)(picture)
        assert (tokens - theirs.conditioner(image=expected)["main"]).abs().max() <= CLOSE


def test_the_loader_gives_the_weights_that_hy3dgens_gives(tmp_path: Path) -> None:
    write(tmp_path, config(guidance_embed=True))
    theirs, ours = hy3dgen_pipeline(tmp_path, torch.float16), ShapeParts(folder=tmp_path)
    networks = (
        (ours.dit(torch.float16), theirs.model),
        (ours.vae(torch.float16), theirs.vae),
        (ours.conditioner(torch.float16), theirs.conditioner),
    )
    for mine, other in networks:
        expected = other.state_dict()
        assert mine.state_dict().keys() == expected.keys()
        assert all(torch.equal(tensor, expected[key]) for key, tensor in mine.state_dict().items())
    frequencies = ours.vae(torch.float16).fourier_embedder.frequencies
    assert torch.equal(frequencies, theirs.vae.fourier_embedder.frequencies.float())


@pytest.mark.parametrize("count", [1, 5, 20])
def test_the_schedules_are_hy3dgens(count: int) -> None:
    with hy3dgen_importable():
        from hy3dgen.shapegen import schedulers

    pairs = (
        (FlowSchedule(), schedulers.FlowMatchEulerDiscreteScheduler()),
        (FlowSchedule(shift=3.0), schedulers.FlowMatchEulerDiscreteScheduler(shift=3.0)),
        (ConsistencySchedule(pcm_timesteps=100), schedulers.ConsistencyFlowMatchEulerDiscreteScheduler(pcm_timesteps=100)),
    )
    for ours, theirs in pairs:
        theirs.set_timesteps(sigmas=np.linspace(0, 1, count))
        expected = [float(timestep) for timestep in theirs.timesteps if timestep < 1000]  # a step at 1 has no length
        steps = ours.steps(count)
        assert [step.timestep for step in steps] == pytest.approx(expected)
        assert sum(step.length for step in steps) == pytest.approx(1)
