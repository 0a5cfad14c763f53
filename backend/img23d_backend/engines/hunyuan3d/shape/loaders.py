"""The three networks of a shape model, each by itself, so that each can be moved by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from img23d_protocol import ErrorCode, Img23DError

from .config import ShapeConfig, read_config, read_vae_config

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from ..networks.conditioner import ImageEncoder
    from ..networks.dit import ShapeDiT
    from ..networks.vae import ShapeVAE

# As published, best first; hy3dgen's own names
_WEIGHT_FILES = ("model.fp16.safetensors", "model.safetensors", "model.fp16.ckpt", "model.ckpt")
_ONLY_IN_TRAINING = ("encoder.", "pre_kl.")  # the VAE's other half, which some files hold as well


@dataclass(frozen=True, kw_only=True)
class ShapeParts:
    """`folder` holds config.yaml and the weights of the whole model; `vae_folder` those of another VAE, if one is used."""

    folder: Path
    vae_folder: Path | None = None

    @cached_property
    def config(self) -> ShapeConfig:
        return read_config(self.folder / "config.yaml")

    def conditioner(self, dtype: torch.dtype) -> ImageEncoder:
        from ....models.dinov2 import named_as_today
        from ..networks.conditioner import ImageEncoder

        tensors = named_as_today(_read(self.folder, "conditioner."))
        return _built(ImageEncoder, self.config.conditioner, tensors, dtype)

    def dit(self, dtype: torch.dtype) -> ShapeDiT:
        from ..networks.dit import ShapeDiT

        return _built(ShapeDiT, self.config.dit, _read(self.folder, "model."), dtype)

    def vae(self, dtype: torch.dtype) -> ShapeVAE:
        from ..networks.vae import ShapeVAE

        if self.vae_folder is None:
            config, tensors = self.config.vae, _read(self.folder, "vae.")
        else:
            config, tensors = read_vae_config(self.vae_folder / "config.yaml"), _read(self.vae_folder)
        tensors = {key: tensor for key, tensor in tensors.items() if not key.startswith(_ONLY_IN_TRAINING)}
        return _built(ShapeVAE, config, tensors, dtype)


def _read(folder: Path, prefix: str = "") -> dict[str, Tensor]:
    from ....models.loading import read_tensors

    for name in _WEIGHT_FILES:
        if (folder / name).is_file():
            return read_tensors(folder / name, prefix)
    sentence = f"The weights of {folder.name} are missing: download the model again under AI Models."
    raise Img23DError(ErrorCode.WEIGHTS_MISSING, sentence, f"{folder} has none of {', '.join(_WEIGHT_FILES)}")


def _built(make: type, config: Mapping[str, object], tensors: dict[str, Tensor], dtype: torch.dtype) -> torch.nn.Module:
    """Raises Img23DError(WEIGHTS_UNFIT) where the configuration is not one of this network."""
    from ....models.loading import build, unfit

    try:
        return build(lambda: make(**config), tensors, dtype)
    except (TypeError, ValueError, KeyError) as error:
        raise unfit(f"{make.__name__}: {error}") from error
