"""AutoPartGen's published files: pickles with a network's tensors in "model", or without anything around them.

No file says how large its network is: its tensors' shapes do. How many latents it was trained with is in AutoPartGen's own configuration,
which lies beside the weights of a model that somebody has trained further, and not beside the published ones.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ....models.loading import damaged, read_tensors, unfit
from ....vecset.loading import load_network

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from ....vecset.networks.autoencoder import VecsetVAE
    from ..networks.dit import PartDiT

CONFIG = "config.yaml"
_AROUND = "model."
_UNUSED = ("sigma_per_part_proj.",)  # embeds how noisy single parts are, which here they never are
_VAE_HEADS = 8  # nothing in the file tells it
_SURFACE = 32_768  # points that a mesh is told in, whatever the number of latents is
_UNFIT = (KeyError, ValueError, RuntimeError, AttributeError, ZeroDivisionError)  # what shapes of another network come to
_BLOCK = re.compile(r"blocks\.(\d+)\.")


@dataclass(frozen=True, kw_only=True)
class Counts:
    """How many latents stand for a part, and how many points of a surface they are made of."""

    latents: int
    surface: int = _SURFACE


def read_counts(folder: Path, published: int) -> Counts:
    """Of the configuration beside the weights, or those that were published. Raises Img23DError(WEIGHTS_DAMAGED, WEIGHTS_UNFIT)."""
    path = folder / CONFIG
    if not path.is_file():
        return Counts(latents=published)
    import yaml

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        latents, points_each = int(content["dit"]["num_latents"]), int(content["vae"]["latent_eval_downscale"])
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise damaged(f"its {CONFIG} cannot be read", f"{path}: {error}") from error
    except (KeyError, TypeError, ValueError) as error:
        raise unfit(f"{path}: {type(error).__name__} {error}") from error
    if not (0 < latents <= _SURFACE and 0 < points_each <= _SURFACE):
        raise unfit(f"{path}: {latents} latents of {points_each} points each")
    return Counts(latents=latents, surface=latents * points_each)


def load_dit(path: Path, dtype: torch.dtype) -> PartDiT:
    """On the CPU. Raises Img23DError(WEIGHTS_MISSING, WEIGHTS_DAMAGED, WEIGHTS_UNFIT), as does `load_vae`."""
    from ..networks.dit import PartDiT, PartSizes

    tensors = {name: one for name, one in _read(path).items() if not name.startswith(_UNUSED)}
    try:
        width, channels = tensors["proj_in.weight"].shape
        sizes = PartSizes(
            channels=channels,
            width=width,
            heads=width // len(tensors["blocks.0.attn1.norm_q.weight"]),
            layers=_blocks(tensors, ""),
            early=_blocks({name: one for name, one in tensors.items() if ".attn3." in name}, ""),
            picture=len(tensors["cond_proj.2.weight"]),
        )
        return load_network(lambda: PartDiT(sizes), sizes, tensors, dtype)
    except _UNFIT as error:
        raise unfit(f"{path}: {type(error).__name__} {error}") from error


def load_vae(path: Path, dtype: torch.dtype) -> VecsetVAE:
    from ....vecset.networks.autoencoder import VAEConfig, VecsetVAE

    tensors = _read(path)
    try:
        decoder_width, channels = tensors["post_quant.weight"].shape
        config = VAEConfig(
            channels=channels,
            heads=_VAE_HEADS,
            encoder_width=tensors["quant.weight"].shape[1],
            decoder_width=decoder_width,
            encoder_layers=_blocks(tensors, "encoder.") - 1,  # one looks at the points
            decoder_layers=_blocks(tensors, "decoder.") - 1,
        )
        return load_network(lambda: VecsetVAE(config), config, tensors, dtype)
    except _UNFIT as error:
        raise unfit(f"{path}: {type(error).__name__} {error}") from error


def _read(path: Path) -> dict[str, Tensor]:
    found: Mapping[str, Any] = read_tensors(path)
    inner = {name.removeprefix(_AROUND): one for name, one in found.items() if name.startswith(_AROUND)}
    return inner or dict(found)


def _blocks(tensors: Mapping[str, object], prefix: str) -> int:
    found = (_BLOCK.match(name.removeprefix(prefix)) for name in tensors if name.startswith(prefix))
    return 1 + max((int(match[1]) for match in found if match is not None), default=-1)
