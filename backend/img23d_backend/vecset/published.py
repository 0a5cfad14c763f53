"""The family's sizes, read from the JSON files beside the weights of each network and from nowhere else.

The files name Python classes. Their names are only compared with those that the networks here were made for: no code is chosen by a file.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..models.settings_file import read_settings
from .rectified_flow import FlowTimes

if TYPE_CHECKING:
    from .networks.autoencoder import VAEConfig
    from .networks.block import ContextConfig
    from .networks.dit import DiTConfig

_VAES = ("TripoSGVAEModel", "Tripo2VAEModel")  # the latter before it was published
_SCHEDULER = "RectifiedFlowScheduler"
_TRAINED_STEPS = 1000  # the time's sines count them


def read_dit(path: Path, owner: str, name: str = "TripoSGDiTModel") -> DiTConfig:
    """Of one context, the picture's tokens. Raises Img23DError(WEIGHTS_MISSING, WEIGHTS_DAMAGED, WEIGHTS_UNFIT), as all here."""
    return read_settings(path, owner, lambda content: _dit(content, name))


def read_vae(path: Path, owner: str) -> VAEConfig:
    return read_settings(path, owner, _vae)


def read_times(path: Path, owner: str) -> FlowTimes:
    return read_settings(path, owner, _times)


def need_class(content: Mapping[str, Any], *names: str) -> None:
    """Raises ValueError where a file is of another class."""
    if content["_class_name"] not in names:
        raise ValueError(f"it is of {content['_class_name']!r:.80}, not of {names[0]}")


def dit_config(content: Mapping[str, Any], contexts: tuple[ContextConfig, ...], name: str = "TripoSGDiTModel") -> DiTConfig:
    """Raises KeyError, TypeError, ValueError where the file is of something else."""
    from .networks.dit import DiTConfig

    need_class(content, name)
    return DiTConfig(
        channels=int(content["in_channels"]),
        width=int(content["width"]),
        heads=int(content["num_attention_heads"]),
        layers=int(content["num_layers"]),
        contexts=contexts,
    )


def _dit(content: Mapping[str, Any], name: str) -> DiTConfig:
    from .networks.block import ContextConfig

    if content.get("use_cross_attention_2", False):
        raise ValueError("a second context")
    return dit_config(content, (ContextConfig(channels=int(content["cross_attention_dim"])),), name)


def _vae(content: Mapping[str, Any]) -> VAEConfig:
    from .networks.autoencoder import VAEConfig

    need_class(content, *_VAES)
    for key, value in {"in_channels": 3, "embedding_type": "frequency", "embed_include_pi": False}.items():
        if content[key] != value:
            raise ValueError(f"{key} is {content[key]!r:.80}, not {value!r}")
    return VAEConfig(
        channels=int(content["latent_channels"]),
        heads=int(content["num_attention_heads"]),
        encoder_width=int(content["width_encoder"]),
        decoder_width=int(content["width_decoder"]),
        encoder_layers=int(content["num_layers_encoder"]),
        decoder_layers=int(content["num_layers_decoder"]),
        frequencies=int(content["embed_frequency"]),
    )


def _times(content: Mapping[str, Any]) -> FlowTimes:
    need_class(content, _SCHEDULER)
    if content["num_train_timesteps"] != _TRAINED_STEPS or content.get("use_dynamic_shifting", False):
        raise ValueError(f"{content['num_train_timesteps']!r:.80} steps, dynamic shifting {content.get('use_dynamic_shifting')!r:.80}")
    return FlowTimes(shift=float(content["shift"]))
