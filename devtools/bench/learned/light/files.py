"""A models folder of the light set as it is published: names, shapes, types and settings, and random numbers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from .. import full_size

if TYPE_CHECKING:
    from published.lists import PublishedFile

GROUNDER, MATTER, DEPTH, SHAPER = "llmdet-tiny", "birefnet-lite", "depth-anything-v2-metric-small", "triposr"
_SIZE = {"shortest_edge": 800, "longest_edge": 1333}  # pixels, of LLMDet's preprocessor_config.json
_SCALES = ("weight", "running_var", "lambda1")  # endings of the names of vectors that multiply or divide


def write(folder: Path) -> Mapping[str, int]:
    """2.6 GB; the bytes of each file set. The tokenizer of the one that finds things is a small one: its numbers lie inside the large vocabulary."""
    from published.lists import files_of

    from img23d_backend.weights.store import WeightStore

    store = WeightStore(folder)
    for set_id, settings in {GROUNDER: _grounder_settings, MATTER: _settings, DEPTH: _settings}.items():
        (file,) = files_of(set_id)
        place = folder / set_id
        place.mkdir(parents=True)
        settings(place, file)
        full_size.write_random(place / file.path, file, lambda name, file=file: is_scale(file, name))
        store.adopt(set_id)
    write_triposr(folder / SHAPER)
    store.adopt(SHAPER)
    return {set_id: sum(path.stat().st_size for path in (folder / set_id).rglob("*")) for set_id in (GROUNDER, MATTER, DEPTH, SHAPER)}


def write_triposr(place: Path) -> None:
    """In the older form of torch's files, as the published one is."""
    import torch
    import yaml
    from published.lists import files_of

    (file,) = files_of(SHAPER)
    numbers = torch.randn(1 << 20, generator=torch.Generator().manual_seed(0)) * full_size.DEVIATION
    tensors = {}
    for name, tensor in file.tensors.items():
        size = torch.Size(tensor.shape)
        repeated = numbers.repeat(-(-size.numel() // len(numbers)))[: size.numel()]
        tensors[name] = repeated.reshape(size) + float(is_scale(file, name))
    place.mkdir(parents=True)
    (config,) = file.config.values()
    (place / "config.yaml").write_text(yaml.safe_dump(dict(config)), encoding="utf-8")
    torch.save(tensors, place / file.path, _use_new_zipfile_serialization=False)


def is_scale(file: PublishedFile, name: str) -> bool:
    return len(file.tensors[name].shape) == 1 and name.endswith(_SCALES)


def _grounder_settings(place: Path, file: PublishedFile) -> None:
    from tiny.llmdet import names
    from tiny.llmdet_files import write_tokenizer

    write_tokenizer(place, sorted({word for name in names() for word in name.split()}))
    _settings(place, file)
    (place / "preprocessor_config.json").write_text(json.dumps({"size": _SIZE}), encoding="utf-8")


def _settings(place: Path, file: PublishedFile) -> None:
    (config,) = file.config.values()
    (place / "config.json").write_text(json.dumps(dict(config)), encoding="utf-8")
