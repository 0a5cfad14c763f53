"""PartCrafter's and HoloPart's folders as they are published: the settings beside each network, and tensors of the published names without numbers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from published.lists import PublishedFile, files_of
from torch import Tensor

CLASSES = {
    "partcrafter": {"transformer": "PartCrafterDiTModel", "vae": "TripoSGVAEModel", "image_encoder_dinov2": "Dinov2Model"},
    "holopart": {"transformer": "TripoSGDiTModel", "vae": "TripoSGVAEModel", "part_encoder": "PartEncoder"},
}
SCHEDULER = {"_class_name": "RectifiedFlowScheduler", "num_train_timesteps": 1000, "shift": 1, "use_dynamic_shifting": False}
# As PartCrafter's and TripoSG's are published
PREPROCESSOR = {
    "crop_size": {"height": 224, "width": 224},
    "do_center_crop": True,
    "do_convert_rgb": True,
    "do_normalize": True,
    "do_rescale": True,
    "do_resize": True,
    "image_mean": [0.485, 0.456, 0.406],
    "image_processor_type": "BitImageProcessor",
    "image_std": [0.229, 0.224, 0.225],
    "resample": 3,
    "rescale_factor": 0.00392156862745098,
    "size": {"shortest_edge": 256},
}


@dataclass(frozen=True, kw_only=True)
class Weights:
    """A store that has one folder for every set."""

    folder: Path

    def path(self, set_id: str) -> Path:
        return self.folder


def file_of(row: str, network: str) -> PublishedFile:
    return next(file for file in files_of(row) if file.path.startswith(f"{network}/"))


def empty(row: str, network: str) -> dict[str, Tensor]:
    return {name: torch.empty(tensor.shape, dtype=torch.float16, device="meta") for name, tensor in file_of(row, network).tensors.items()}


def write_settings(folder: Path, row: str, changed: Mapping[str, Mapping[str, object]] = {}) -> Weights:
    """Without weights. `changed` by network."""
    for network, name in CLASSES[row].items():
        (config,) = file_of(row, network).config.values()
        _write(folder / network / "config.json", {"_class_name": name, **config, **changed.get(network, {})})
    _write(folder / "scheduler" / "scheduler_config.json", SCHEDULER | dict(changed.get("scheduler", {})))
    _write(folder / "feature_extractor_dinov2" / "preprocessor_config.json", PREPROCESSOR)
    return Weights(folder=folder)


def _write(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")
