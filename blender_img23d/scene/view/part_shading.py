"""Solid shading with the colours of the preview, where the artist has chosen nothing else, and as it was before.

What a viewport showed is kept with its screen, which is saved with the file and not undone.
"""

from __future__ import annotations

import json

import bpy

from ..file.windows import Workplace
from .first_look import viewports

_KEPT = "img23d_shading_before_parts"  # of a screen: JSON, the kind of colour of each of its viewports, by the number of its area
_UNTOUCHED = ("MATERIAL", "TEXTURE")  # Blender's own, and what this extension shows its textures with


def show_preview_colors(place: Workplace, *, always: bool = False) -> None:
    """With `always` also where the artist has chosen another shading."""
    for window, area in viewports(place.scene):
        shading = area.spaces.active.shading
        if always and shading.type != "SOLID":
            shading.type = "SOLID"
        if shading.type == "SOLID" and shading.color_type != "VERTEX" and (always or shading.color_type in _UNTOUCHED):
            kept = _kept(window.screen)
            kept.setdefault(str(_number(window.screen, area)), shading.color_type)
            window.screen[_KEPT] = json.dumps(kept)
            shading.color_type = "VERTEX"


def is_hidden_by_shading(context: bpy.types.Context) -> bool:
    """For `draw`: whether this viewport shows other colours."""
    shading = getattr(context.space_data, "shading", None)
    return shading is not None and (shading.type, shading.color_type) != ("SOLID", "VERTEX")


def give_shading_back() -> None:
    """Where it still is as it was made for the preview."""
    for screen in bpy.data.screens:
        if _KEPT not in screen:
            continue
        for number, color_type in _kept(screen).items():
            area = screen.areas[int(number)] if int(number) < len(screen.areas) else None
            shading = area.spaces.active.shading if area is not None and area.type == "VIEW_3D" else None
            if shading is not None and (shading.type, shading.color_type) == ("SOLID", "VERTEX"):
                shading.color_type = color_type
        del screen[_KEPT]


def is_shading_kept() -> bool:
    return any(_KEPT in screen for screen in bpy.data.screens)


def _kept(screen: bpy.types.Screen) -> dict[str, str]:
    try:
        kept = json.loads(screen.get(_KEPT, "{}"))
    except (ValueError, TypeError):
        return {}
    is_sound = isinstance(kept, dict) and all(str(key).isdecimal() and value in (*_UNTOUCHED, "SINGLE", "OBJECT", "RANDOM") for key, value in kept.items())
    return kept if is_sound else {}


def _number(screen: bpy.types.Screen, area: bpy.types.Area) -> int:
    return next(index for index, one in enumerate(screen.areas) if one == area)
