"""A shape model's configuration, read from the config.yaml beside its weights and from nowhere else.

The file names Python classes. Their names are only looked up in the tables here: no code is chosen by a file.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from img23d_protocol import ErrorCode, Img23DError

from ....models.loading import damaged, unfit
from .preprocess import Framing
from .schedule import ConsistencySchedule, FlowSchedule, Schedule

_FLOW, _CONSISTENCY = "FlowMatchEulerDiscreteScheduler", "ConsistencyFlowMatchEulerDiscreteScheduler"
_DITS, _VAES = ("Hunyuan3DDiT",), ("ShapeVAE",)
_ENCODERS = ("SingleImageEncoder",)
_PATCH = 14  # pixels of the encoder's patches
_PROCESSORS = ("ImageProcessorV2", "MVImageProcessorV2")

_T = TypeVar("_T", bound=Framing | FlowSchedule | ConsistencySchedule)


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """What is needed of the networks before they are built: the latents' shape, and widths that the memory depends on."""

    latents: int
    latent_channels: int
    picture_tokens: int
    encoder_width: int
    sampler_width: int
    decoder_width: int


@dataclass(frozen=True, kw_only=True)
class ShapeConfig:
    """The networks' keywords as the file has them, and what surrounds the networks."""

    dit: Mapping[str, Any]
    vae: Mapping[str, Any]
    conditioner: Mapping[str, Any]
    framing: Framing
    schedule: Schedule
    sizes: Sizes

    @property
    def takes_views(self) -> bool:
        """Whether the model was trained on several views of a thing."""
        return self.conditioner["main_image_encoder"].get("type") == "DinoImageEncoderMV"


def read_config(path: Path) -> ShapeConfig:
    """The configuration of a whole shape model. Raises Img23DError(WEIGHTS_MISSING, WEIGHTS_DAMAGED, WEIGHTS_UNFIT)."""
    content = _read_yaml(path)
    scheduler, parameters = _section(path, content, "scheduler", (_FLOW, _CONSISTENCY))
    _, processor = _section(path, content, "image_processor", _PROCESSORS)
    dit, vae, conditioner = (_section(path, content, name, classes)[1] for name, classes in (("model", _DITS), ("vae", _VAES), ("conditioner", _ENCODERS)))
    return ShapeConfig(
        dit=dit,
        vae=vae,
        conditioner=conditioner,
        sizes=_sizes(path, dit, vae, conditioner),
        framing=_known(Framing, processor),
        schedule=_known(FlowSchedule if scheduler == _FLOW else ConsistencySchedule, parameters),
    )


def read_vae_config(path: Path) -> Mapping[str, Any]:
    """The keywords of a VAE that is published by itself; the same errors."""
    return _section(path, {"vae": _read_yaml(path)}, "vae", _VAES)[1]


def _read_yaml(path: Path) -> Mapping[str, Any]:
    import yaml

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        sentence = f"{path.name} of the shape model is missing: download the model again under AI Models."
        raise Img23DError(ErrorCode.WEIGHTS_MISSING, sentence, str(path)) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise damaged("its config.yaml cannot be read", f"{path}: {error}") from error
    if not isinstance(content, dict):
        raise damaged("its config.yaml cannot be read", f"{path} holds no table")
    return content


def _section(path: Path, content: Mapping[str, Any], name: str, classes: tuple[str, ...]) -> tuple[str, Mapping[str, Any]]:
    """A section's class (without its package, which differs between releases) and keywords."""
    section = content.get(name)
    target = str(section.get("target", "")).rpartition(".")[2] if isinstance(section, dict) else ""
    if target not in classes:
        raise unfit(f"{path}: {name} is {section!r:.200}, not {' or '.join(classes)}")
    return target, (section or {}).get("params") or {}


def _sizes(path: Path, dit: Mapping, vae: Mapping, conditioner: Mapping) -> Sizes:
    try:
        encoder = conditioner["main_image_encoder"]["kwargs"]
        return Sizes(
            latents=int(vae["num_latents"]),
            latent_channels=int(vae["embed_dim"]),
            picture_tokens=(int(encoder["image_size"]) // _PATCH) ** 2 + 1,
            encoder_width=int(encoder["config"]["hidden_size"]),
            sampler_width=int(dit["hidden_size"]),
            decoder_width=int(vae["width"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise unfit(f"{path}: {type(error).__name__} {error}") from error


def _known(make: type[_T], parameters: Mapping[str, Any]) -> _T:
    """The dataclass from those parameters that it knows."""
    names = {field.name for field in dataclasses.fields(make)}
    return make(**{key: value for key, value in parameters.items() if key in names and value is not None})
