"""The settings as versions with protocol 7 and before wrote them: all shared ones side by side, those of the learned models under `learned`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .settings import option_named

_SIDE_BY_SIDE = ("texture", "texture_size", "faces", "quads", "shape", "thickness", "cutter", "nameless")
_LEARNED = {
    **{name: name for name in ("grounder", "matter", "shape_model", "speed", "steps", "guidance", "octree_resolution")},
    **{name: name for name in ("painter", "paint_steps", "paint_guidance", "match_positions", "delight", "small_memory")},
    "faces": "budget",
}
_STAGES = ("locate", "matte", "shape", "paint")


def upgraded(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """In the form of `Settings`; what is in that form already stays as it is, and values are taken as they are."""
    if "learned" not in data and not any(name in data for name in _SIDE_BY_SIDE):
        return data
    found = {name: data[name] for name in _SIDE_BY_SIDE if name in data}
    learned = _mapping(data.get("learned"))
    found |= {name: learned[old] for old, name in _LEARNED.items() if old in learned}
    devices = _mapping(learned.get("devices"))
    found |= {f"{stage}_device": devices[stage] for stage in _STAGES if stage in devices}
    new: dict[str, Any] = {}
    for name, value in found.items():
        *path, last = option_named(name).path
        part = new
        for step in path:
            part = part.setdefault(step, {})
        part[last] = value
    return new


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
