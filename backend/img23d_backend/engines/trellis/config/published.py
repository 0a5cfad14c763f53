"""The sizes read from the ckpts/NAME.json beside each network's weights and from nowhere else.

The file names a Python class. Its name is only looked up in the table here: no code is chosen by a file. What is told of
training (use_fp16, use_checkpoint) is left aside; a network of another make than the published ones is refused.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from img23d_protocol import ErrorCode, Img23DError

from ....models.loading import damaged, unfit
from .sizes import (
    Config,
    GaussianConfig,
    GaussianDecoderConfig,
    MeshDecoderConfig,
    SlatFlowConfig,
    StructureDecoderConfig,
    StructureFlowConfig,
)

_CLASSES: Mapping[str, type[Config]] = {
    "SparseStructureFlowModel": StructureFlowConfig,
    "SLatFlowModel": SlatFlowConfig,
    "ElasticSLatFlowModel": SlatFlowConfig,  # the same, as it was trained
    "SparseStructureDecoder": StructureDecoderConfig,
    "SLatGaussianDecoder": GaussianDecoderConfig,
    "ElasticSLatGaussianDecoder": GaussianDecoderConfig,
    "SLatMeshDecoder": MeshDecoderConfig,
    "ElasticSLatMeshDecoder": MeshDecoderConfig,
}
# Of arguments that are not told of here, the only value that the networks here were made for
_PUBLISHED: Mapping[str, object] = {
    "pe_mode": "ape", "attn_mode": "swin", "share_mod": False, "qk_rms_norm_cross": False, "use_skip_connection": True, "norm_type": "layer",
}  # fmt: skip
_RATES = ("_xyz", "_features_dc", "_opacity", "_scaling")  # of the Gaussians' numbers, all 1
_T = TypeVar("_T")


def read_config(path: Path, make: type[_T]) -> _T:
    """Raises Img23DError(WEIGHTS_MISSING, WEIGHTS_DAMAGED, WEIGHTS_UNFIT), the last where it is not a `make`'s."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        sentence = f"{path.name} of TRELLIS is missing: download the model again under AI Models."
        raise Img23DError(ErrorCode.WEIGHTS_MISSING, sentence, str(path)) from error
    except ValueError as error:  # no JSON, or no text
        raise damaged("a file of its settings cannot be read", f"{path}: {error}") from error
    try:
        config = config_of(content["name"], content["args"])
    except (KeyError, TypeError, ValueError) as error:
        raise unfit(f"{path}: {type(error).__name__} {error}") from error
    if not isinstance(config, make):
        raise unfit(f"{path} is of a {type(config).__name__}, not of a {make.__name__}")
    return config


def config_of(name: str, args: Mapping[str, Any]) -> Config:
    """From the class and arguments of a published file. Raises KeyError, TypeError or ValueError where they are none of ours."""
    make = _CLASSES[name]
    for key, value in _PUBLISHED.items():
        if args.get(key, value) != value:
            raise ValueError(f"{key} is {args[key]!r}, not {value!r}")
    known = {field.name for field in dataclasses.fields(make)}
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in args.items() if key in known}
    if issubclass(make, StructureFlowConfig):
        _check_patches(make, args)
    if make is GaussianDecoderConfig:
        values["gaussians"] = _gaussians(args["representation_config"])
    if make is MeshDecoderConfig and not args["representation_config"].get("use_color"):
        raise ValueError("a mesh decoder without colours")
    return make(**values)


def _check_patches(make: type[StructureFlowConfig], args: Mapping[str, Any]) -> None:
    finer = len(args["io_block_channels"]) if make is SlatFlowConfig else 0
    if args["patch_size"] != 2**finer:
        raise ValueError(f"patch_size is {args['patch_size']}, not {2**finer}")


def _gaussians(told: Mapping[str, Any]) -> GaussianConfig:
    if any(told["lr"][name] != 1 for name in _RATES) or not told["perturb_offset"] or told["scaling_activation"] != "softplus":
        raise ValueError(f"other Gaussians: {told}")
    return GaussianConfig(
        num_gaussians=told["num_gaussians"],
        voxel_size=told["voxel_size"],
        smallest=told["3d_filter_kernel_size"],
        scaling_bias=told["scaling_bias"],
        opacity_bias=told["opacity_bias"],
        rotation_rate=told["lr"]["_rotation"],
    )
