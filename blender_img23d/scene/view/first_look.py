"""What the artist looked at and had selected when a run began: its end shows the results only where that is still so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import bpy

from ...properties import preferences_of
from ..file.windows import Workplace
from .framing import frame, turn_to_front
from .selection import select_only

View = tuple[str, tuple[float, ...]]  # kind of view, and its matrix


@dataclass(frozen=True, kw_only=True)
class FirstLook:
    """Numbers only, since undo and file load end every reference. Editors by their address, which is compared and never followed."""

    selected: frozenset[int]  # session ids
    active: int | None
    views: dict[int, View]


def first_look(place: Workplace) -> FirstLook:
    layer = place.view_layer
    return FirstLook(
        selected=frozenset(obj.session_uid for obj in layer.objects if obj.select_get(view_layer=layer)),
        active=_uid(layer.objects.active),
        views={area.as_pointer(): _view(area) for _, area in viewports(place.scene)},
    )


def show_results(made: Sequence[bpy.types.Object], place: Workplace, look: FirstLook | None, *, has_splats: bool = False) -> None:
    """Selected where nothing else was selected since `look`; then in the middle of the largest viewport that was not moved, with
    their textures in those with Solid shading as Blender begins with; splats are seen in Material Preview only."""
    if look is not None and _has_gone_on(made, place.view_layer, look):
        return
    select_only(list(made), place.view_layer)
    if bpy.app.background:
        return
    preferences, still = preferences_of(bpy.context), []
    for window, area in viewports(place.scene):
        _show_in_local_view(made, area.spaces.active, place)
        if look is not None and look.views.get(area.as_pointer()) == _view(area):
            still.append((window, area))
    free = [one for one in still if one[1].spaces.active.region_3d.view_perspective != "CAMERA"]
    if preferences.frames_results and free:
        window, area = max(free, key=lambda one: one[1].width * one[1].height)
        turn_to_front(made, place, area.spaces.active.region_3d)
        frame(made, window, area)
    show = show_splats if has_splats else show_textures_in_solid
    for _, area in still if preferences.shows_textures else ():
        show(area.spaces.active.shading)


def show_textures_where_untouched(place: Workplace) -> None:
    """What a painted mesh needs to be seen, as the preference says."""
    if preferences_of(bpy.context).shows_textures and not bpy.app.background:
        for _, area in viewports(place.scene):
            show_textures_in_solid(area.spaces.active.shading)


def show_textures_in_solid(shading: bpy.types.View3DShading) -> None:
    """Only where the artist has chosen nothing: Solid shading with the colours of the materials."""
    if (shading.type, shading.color_type) == ("SOLID", "MATERIAL"):
        shading.color_type = "TEXTURE"


def show_splats(shading: bpy.types.View3DShading) -> None:
    """Only where the artist has chosen nothing: in Solid shading each splat is an opaque body, and hides what stands behind."""
    if shading.type == "SOLID" and shading.color_type in ("MATERIAL", "TEXTURE"):
        shading.type = "MATERIAL"


def viewports(scene: bpy.types.Scene) -> Iterator[tuple[bpy.types.Window, bpy.types.Area]]:
    for window in bpy.context.window_manager.windows:
        if window.scene == scene:
            yield from ((window, area) for area in window.screen.areas if area.type == "VIEW_3D")


def _has_gone_on(made: Sequence[bpy.types.Object], layer: bpy.types.ViewLayer, look: FirstLook) -> bool:
    own = {obj.session_uid for obj in made}
    selected = {obj.session_uid for obj in layer.objects if obj.select_get(view_layer=layer)}
    active = _uid(layer.objects.active)
    return bool(selected - look.selected - own) or (active is not None and active != look.active and active not in own)


def _uid(obj: bpy.types.Object | None) -> int | None:
    return None if obj is None else obj.session_uid


def _view(area: bpy.types.Area) -> View:
    view = area.spaces.active.region_3d
    return view.view_perspective, tuple(number for row in view.view_matrix for number in row)


def _show_in_local_view(objects: Sequence[bpy.types.Object], space: bpy.types.SpaceView3D, place: Workplace) -> None:
    """Where only some objects are shown these are shown as well, as what Blender adds itself."""
    for obj in objects if space.local_view is not None else ():
        if obj.name in place.view_layer.objects:
            obj.local_view_set(space, True)
