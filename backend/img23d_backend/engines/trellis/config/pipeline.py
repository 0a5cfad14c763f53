"""What pipeline.json tells beside the networks: the spread of the latents that the decoders take, and how the flows are followed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ....models.settings_file import read_settings

_SAMPLER = "FlowEulerGuidanceIntervalSampler"


@dataclass(frozen=True, kw_only=True)
class Following:
    """Of a flow: `rescale` makes the first steps short, guidance is only used in the `interval` of its time."""

    rescale: float
    interval: tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Pipeline:
    """A latent's channel c is `means[c]` and `deviations[c]` times what the flow gives."""

    structure: Following
    latents: Following
    means: tuple[float, ...]
    deviations: tuple[float, ...]


def read_pipeline(path: Path) -> Pipeline:
    """Raises Img23DError(WEIGHTS_MISSING, WEIGHTS_DAMAGED, WEIGHTS_UNFIT)."""
    return read_settings(path, "TRELLIS", _pipeline)


def _pipeline(content: Mapping[str, Any]) -> Pipeline:
    told = content["args"]
    spread = told["slat_normalization"]
    means, deviations = (tuple(float(value) for value in spread[name]) for name in ("mean", "std"))
    if len(means) != len(deviations):
        raise ValueError(f"{len(means)} means, {len(deviations)} deviations")
    return Pipeline(
        structure=_following(told["sparse_structure_sampler"]),
        latents=_following(told["slat_sampler"]),
        means=means,
        deviations=deviations,
    )


def _following(told: Mapping[str, Any]) -> Following:
    if told["name"] != _SAMPLER:
        raise ValueError(f"another sampler: {told['name']!r:.80}")
    low, high = told["params"]["cfg_interval"]
    return Following(rescale=float(told["params"]["rescale_t"]), interval=(float(low), float(high)))
