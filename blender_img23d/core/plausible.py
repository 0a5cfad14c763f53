"""Plausible values of a photo and its things. Others, of a damaged record, another's .blend or a broken backend, are not used.

Blender has its own limits: integers of 32 bits, texts without NUL, numbers whose squares fit into float32.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any, ClassVar, Protocol, TypeVar

from ..shared.img23d_protocol.limits import BUDGET_MAX, FACES_MIN, HEIGHT_MAX
from ..shared.img23d_protocol.messages import Arranged, Box, PartInfo, PhotoCamera, Point, Pose, Wanted

INT_MIN, INT_MAX = -(2**31), 2**31 - 1  # of Blender's integers
MOST_TARGETS = 2000  # ten times what a photo of a full table shows
MOST_RESULTS = 200  # of a target: its parts, and each in every kind
LONGEST_TEXT = 4096  # characters: the longest path of the usual systems
LONGEST_NAME = 500
LONGEST_NOTE = 2000  # characters; a sentence has a hundred
NOTES_KEPT = 200  # of a job
_COLOR = re.compile(r"#[0-9a-f]{6}")
_GREY = "#808080"
_LAST_MOMENT = 2.0**33  # seconds since 1970, in the year 2242
_FARTHEST = 1e6  # metres from the photo's camera, or times its own size
_MOST_TURNS = 100.0  # radians
_WIDEST, _NARROWEST = 0.01, 1000.0  # focal lengths in widths of the photo


class _Dataclass(Protocol):
    __dataclass_fields__: ClassVar[dict[str, Any]]


Value = TypeVar("Value", bound=_Dataclass)


def clean_text(text: str, longest: int = LONGEST_TEXT) -> str:
    """What Blender can show: lone surrogates become question marks, but for those of file names (PEP 383), NUL a blank."""
    short = text[:longest].replace("\0", " ")
    try:
        short.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return short.encode("utf-8", "replace").decode()
    return short


def sound_moment(seconds: float) -> float:
    """Wall time since 1970; 0 for a time that no run was started at, which the system's calendar may not even know."""
    return seconds if 0.0 <= seconds < _LAST_MOMENT else 0.0


def sound_seed(seed: int) -> int:
    """0 for one that Blender cannot hold or no engine takes; -1 draws one."""
    return seed if -1 <= seed <= INT_MAX else 0


def sound_count(count: int) -> int:
    """0 for a number of faces that no mesh has."""
    return count if 0 <= count <= INT_MAX else 0


def sound_box(box: Box | None) -> Box | None:
    """None for one that is not inside the photo, or has no width or height."""
    if box is None:
        return None
    is_sound = 0.0 <= box.left < box.right <= 1.0 and 0.0 <= box.top < box.bottom <= 1.0  # false for NaN, too
    return box if is_sound else None


def sound_point(point: Point | None) -> Point | None:
    """None for one that is not in the photo."""
    if point is None:
        return None
    return point if 0.0 <= point.x <= 1.0 and 0.0 <= point.y <= 1.0 else None  # false for NaN, too


def sound_wanted(wanted: Wanted) -> Wanted:
    height = wanted.height if 0.0 <= wanted.height <= HEIGHT_MAX else 0.0
    sides = tuple({one.side: replace(one, photo=clean_text(one.photo)) for one in wanted.sides}.values())
    return replace(
        wanted,
        sides=sides,
        name=clean_text(wanted.name, LONGEST_NAME),
        box=sound_box(wanted.box),
        point=sound_point(wanted.point),
        height=height,
        faces=sound_faces(wanted.faces),
    )


def sound_faces(faces: int) -> int:
    """0, the usual number, for one that no thing can be given."""
    return faces if FACES_MIN <= faces <= BUDGET_MAX else 0


def sound_parts(parts: Sequence[PartInfo]) -> tuple[PartInfo, ...]:
    """By their numbers, each with a name and a colour that Blender can show."""
    return tuple(
        PartInfo(
            name=clean_text(one.name, LONGEST_NAME) or f"part {number}",
            color=one.color if _COLOR.fullmatch(one.color) else _GREY,
            faces=sound_count(one.faces),
            area=one.area if 0.0 <= one.area < math.inf else 0.0,
        )
        for number, one in enumerate(parts[:MOST_RESULTS], start=1)
    )


def sound_settings(settings: Value) -> Value:
    """A dataclass of settings: integers that Blender cannot hold take their defaults, texts become such as can be shown."""
    changes: dict[str, Any] = {}
    for field in fields(settings):
        value = getattr(settings, field.name)
        if type(value) is int and not INT_MIN <= value <= INT_MAX:
            changes[field.name] = field.default
        elif isinstance(value, str) and not isinstance(value, Enum):
            changes[field.name] = clean_text(value, LONGEST_NAME)
        elif is_dataclass(value) and not isinstance(value, type):
            changes[field.name] = sound_settings(value)
    return replace(settings, **changes)


def is_sound_arrangement(arranged: Arranged) -> bool:
    is_scaled = 1.0 / _FARTHEST < arranged.row_scale < _FARTHEST
    return is_scaled and is_sound_camera(arranged.camera) and all(pose is None or is_sound_pose(pose) for pose in arranged.poses)


def is_sound_camera(camera: PhotoCamera) -> bool:
    is_turned = abs(camera.pitch) < _MOST_TURNS and abs(camera.roll) < _MOST_TURNS
    return is_turned and _WIDEST < camera.focal < _NARROWEST and abs(camera.height) < _FARTHEST


def is_sound_pose(pose: Pose) -> bool:
    is_near = math.hypot(pose.x, pose.y) < _FARTHEST and abs(pose.yaw) < _MOST_TURNS  # false for NaN, too
    return is_near and 1.0 / _FARTHEST < pose.scale < _FARTHEST
