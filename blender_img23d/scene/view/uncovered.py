"""The part of an area that no header, toolbar or sidebar lies over: Blender may draw them over what the area shows."""

from __future__ import annotations

import bpy

Rect = tuple[float, float, float, float]  # left, bottom, right, top in pixels
_BESIDE, _ACROSS = {"TOOLS", "UI"}, {"HEADER", "TOOL_HEADER", "ASSET_SHELF", "ASSET_SHELF_HEADER"}  # of the kinds of regions


def uncovered(area: bpy.types.Area) -> Rect:
    """In pixels of the window. A quad view's four regions count as one."""
    mains = [region for region in area.regions if region.type == "WINDOW" and region.width > 1]
    if not mains:
        return area.x, area.y, area.x, area.y
    left, bottom = min(region.x for region in mains), min(region.y for region in mains)
    right, top = max(region.x + region.width for region in mains), max(region.y + region.height for region in mains)
    middle_x, middle_y = (left + right) / 2, (bottom + top) / 2
    for region in area.regions:
        if region.width <= 1 or region.height <= 1:  # hidden
            continue
        if region.type in _BESIDE and region.x < middle_x:
            left = max(left, region.x + region.width)
        elif region.type in _BESIDE:
            right = min(right, region.x)
        elif region.type in _ACROSS and region.y < middle_y:
            bottom = max(bottom, region.y + region.height)
        elif region.type in _ACROSS:
            top = min(top, region.y)
    return left, bottom, max(left, right), max(bottom, top)


def holds(rect: Rect, x: float, y: float) -> bool:
    left, bottom, right, top = rect
    return left <= x < right and bottom <= y < top
