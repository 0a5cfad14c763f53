"""TripoSR's sizes, read from the config.yaml beside its weights and from nowhere else.

The file names Python classes. Their names are only compared with those that the networks here were made for: no code is chosen by a file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from img23d_protocol import ErrorCode, Img23DError

from ....models.loading import damaged, unfit

_CLASSES = {
    "image_tokenizer": "DINOSingleImageTokenizer",
    "tokenizer": "Triplane1DTokenizer",
    "backbone": "Transformer1D",
    "post_processor": "TriplaneUpsampleNetwork",
    "decoder": "NeRFMLP",
    "renderer": "TriplaneNeRFRenderer",
}
# Of what is told beside the sizes, the only values that the networks here were made for
_PUBLISHED: Mapping[tuple[str, str], object] = {
    ("decoder", "activation"): "silu",
    ("renderer", "feature_reduction"): "concat",
    ("renderer", "density_activation"): "exp",
}
_SAME_AS_TOKENS = "${tokenizer.num_channels}"  # how the published file says that a size is another one again


@dataclass(frozen=True, kw_only=True)
class BackboneConfig:
    """`num_channels` of a triplane's token, `cross_attention_dim` of a picture's."""

    plane_size: int
    num_channels: int
    num_attention_heads: int
    attention_head_dim: int
    num_layers: int
    cross_attention_dim: int
    out_channels: int
    norm_num_groups: int = 32


@dataclass(frozen=True, kw_only=True)
class DecoderConfig:
    """`in_channels` are those of three planes; the field's cube has half the side `radius`."""

    in_channels: int
    n_neurons: int
    n_hidden_layers: int
    radius: float
    density_bias: float


@dataclass(frozen=True, kw_only=True)
class TripoSRConfig:
    """`picture_side` in pixels of what the image encoder looks at."""

    picture_side: int
    backbone: BackboneConfig
    decoder: DecoderConfig


def read_config(path: Path) -> TripoSRConfig:
    """Raises Img23DError(WEIGHTS_MISSING, WEIGHTS_DAMAGED, WEIGHTS_UNFIT)."""
    import yaml

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        sentence = f"{path.name} of TripoSR is missing: download the model again under AI Models."
        raise Img23DError(ErrorCode.WEIGHTS_MISSING, sentence, str(path)) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise damaged("its config.yaml cannot be read", f"{path}: {error}") from error
    try:
        return config_of(content)
    except (KeyError, TypeError, ValueError) as error:
        raise unfit(f"{path}: {type(error).__name__} {error}") from error


def config_of(content: Mapping[str, Any]) -> TripoSRConfig:
    """From what a config.yaml holds. Raises KeyError, TypeError or ValueError where it is of another network."""
    for part, name in _CLASSES.items():
        if content[f"{part}_cls"].rpartition(".")[2] != name:
            raise ValueError(f"{part} is {content[f'{part}_cls']!r:.80}, not {name}")
    for (part, key), value in _PUBLISHED.items():
        if content[part][key] != value:
            raise ValueError(f"{part}.{key} is {content[part][key]!r:.80}, not {value!r}")
    tokens, backbone, decoder, renderer = (content[part] for part in ("tokenizer", "backbone", "decoder", "renderer"))
    channels = int(tokens["num_channels"])
    if backbone["in_channels"] not in (channels, _SAME_AS_TOKENS):
        raise ValueError(f"the transformer takes {backbone['in_channels']!r:.80} channels, the tokens have {channels}")
    return TripoSRConfig(
        picture_side=int(content["cond_image_size"]),
        backbone=BackboneConfig(
            plane_size=int(tokens["plane_size"]),
            num_channels=channels,
            out_channels=int(content["post_processor"]["out_channels"]),
            **{key: int(backbone[key]) for key in ("num_attention_heads", "attention_head_dim", "num_layers", "cross_attention_dim")},
            **{key: int(backbone[key]) for key in ("norm_num_groups",) if key in backbone},
        ),
        decoder=DecoderConfig(
            in_channels=int(decoder["in_channels"]),
            n_neurons=int(decoder["n_neurons"]),
            n_hidden_layers=int(decoder["n_hidden_layers"]),
            radius=float(renderer["radius"]),
            density_bias=float(renderer["density_bias"]),
        ),
    )
