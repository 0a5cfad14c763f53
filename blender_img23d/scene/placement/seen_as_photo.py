"""The photo's view of a run in a viewport: its camera as a local camera, Local View of nothing but the run, and back.

What else is in the scene is left out by Blender's own Local View, of this viewport alone; the scene's camera, its renders and the objects'
visibility stay as they are. How the viewport looked before is kept with the screen, which is saved with the file and not undone.
"""

from __future__ import annotations

from collections.abc import Iterator

import bpy

from ..file.tags import CAMERA, RUN
from ..view.uncovered import Rect, uncovered

_KEPT = "img23d_seen_as_photo"  # of a screen: JSON, what each of its viewports was, by the number of its area
_LOOK = ("view_location", "view_rotation", "view_distance", "view_perspective", "view_camera_zoom", "view_camera_offset")
_ZOOM = 50.0  # Blender's camera zoom is (sqrt(4 * factor) - sqrt(2)) * 50 (BKE_screen_view3d_zoom_from_fac)
_LEAST_ZOOM, _MOST_ZOOM = -30.0, 600.0
_SHARE = 0.97  # of the free part that the photo takes
_SHOWN_WITH = {"LIGHT", "LIGHT_PROBE"}  # where the lights of the scene light what is seen


def is_seen_as_photo(screen: bpy.types.Screen, area: bpy.types.Area) -> bool:
    kept = _kept(screen).get(_number(screen, area)) if _KEPT in screen else None
    return kept is not None and _still_looks(area, kept["run"])


def look_as_photo(window: bpy.types.Window, area: bpy.types.Area, camera: bpy.types.Object) -> None:
    """Through `camera`, which a run has made, at that run alone."""
    from .photo_camera import fit_photo  # late: panels import this module, and Blender's start waits for what they do

    screen, space, run = window.screen, area.spaces.active, camera[CAMERA]
    view, layer = space.region_3d, window.view_layer
    layer.update()
    kept = {
        "run": run,
        "view": {name: _plain(getattr(view, name)) for name in _LOOK},
        "overlays": space.overlay.show_overlays,
        "has_own_camera": space.use_local_camera,
        "camera": space.camera.name if space.use_local_camera and space.camera is not None else "",
        "local": None if space.local_view is None else _members(layer, space),
    }
    if space.local_view is None:
        _toggle_local_view(window, area, camera)
    _keep(screen, _number(screen, area), kept)
    show_only_run(window, area, run)
    fit_photo(camera, window.scene)
    space.use_local_camera, space.camera = True, camera
    space.overlay.show_overlays = True  # the photo is one of them
    view.view_perspective = "CAMERA"
    _centre(window, area, camera)


def look_as_before(window: bpy.types.Window, area: bpy.types.Area, *, keeps_view: bool = False) -> None:
    """With `keeps_view` only what was left out comes back: the artist has turned the view meanwhile."""
    screen, space = window.screen, area.spaces.active
    number = _number(screen, area)
    kept = _kept(screen)[number]
    own, own_camera = _still_looks(area, kept["run"]), space.camera
    present = {name: _plain(getattr(space.region_3d, name)) for name in _LOOK}
    if space.local_view is not None and kept["local"] is None:
        _toggle_local_view(window, area, None)
    elif space.local_view is not None:
        for obj in window.view_layer.objects:
            obj.local_view_set(space, obj.name in kept["local"])
    if own or (space.use_local_camera and own_camera is not None and own_camera.get(CAMERA) == kept["run"]):
        space.use_local_camera = kept["has_own_camera"]
        space.camera = bpy.data.objects.get(kept["camera"]) if kept["has_own_camera"] else window.scene.camera
    else:
        space.camera = own_camera
    space.overlay.show_overlays = kept["overlays"]
    for name, value in (present if keeps_view else kept["view"]).items():
        setattr(space.region_3d, name, value)
    _keep(screen, number, None)


def show_only_run(window: bpy.types.Window, area: bpy.types.Area, run: str) -> None:
    """Also what is being edited; lights where they light."""
    space = area.spaces.active
    is_lit = space.shading.type == "RENDERED"
    for obj in window.view_layer.objects:
        is_own = obj.get(RUN) == run or obj.mode != "OBJECT"
        obj.local_view_set(space, is_own or (is_lit and obj.type in _SHOWN_WITH))


def watch_views() -> None:
    """Called by the pump: who turns such a view, or leaves the camera in another way, gets back what was left out of it."""
    for window, area in _seen():
        if not _still_looks(area, _kept(window.screen)[_number(window.screen, area)]["run"]):
            look_as_before(window, area, keeps_view=True)


def renew_views() -> None:
    """After an undo step, which may bring objects back that no Local View knows."""
    for window, area in _seen():
        kept = _kept(window.screen)[_number(window.screen, area)]
        if area.spaces.active.local_view is not None and _still_looks(area, kept["run"]):
            show_only_run(window, area, kept["run"])


# --- steps ----------------------------------------------------------------------------------------------------------


def _seen() -> Iterator[tuple[bpy.types.Window, bpy.types.Area]]:
    for window in bpy.context.window_manager.windows:
        if _KEPT in window.screen:
            for number in _kept(window.screen):
                area = window.screen.areas[int(number)] if int(number) < len(window.screen.areas) else None
                if area is not None and area.type == "VIEW_3D":
                    yield window, area


def _still_looks(area: bpy.types.Area, run: str) -> bool:
    space = area.spaces.active
    if area.type != "VIEW_3D" or not space.use_local_camera or space.region_3d.view_perspective != "CAMERA":
        return False
    return space.camera is not None and space.camera.get(CAMERA) == run


def _members(layer: bpy.types.ViewLayer, space: bpy.types.SpaceView3D) -> list[str]:
    """Asked of evaluated objects: without a window the others do not know it."""
    graph = bpy.context.evaluated_depsgraph_get()
    return [obj.name for obj in layer.objects if obj.evaluated_get(graph).local_view_get(space)]


def _toggle_local_view(window: bpy.types.Window, area: bpy.types.Area, member: bpy.types.Object | None) -> None:
    """Blender takes what is selected along: `member` is, for that moment, when one has to be."""
    layer = window.view_layer
    selected = [obj for obj in layer.objects if obj.select_get(view_layer=layer)]
    if member is not None and member.visible_get(view_layer=layer):
        member.select_set(True, view_layer=layer)
    region = next(region for region in area.regions if region.type == "WINDOW")
    with bpy.context.temp_override(window=window, area=area, region=region):
        bpy.ops.view3d.localview(frame_selected=False)
    if member is not None and member not in selected:
        member.select_set(False, view_layer=layer)


def _centre(window: bpy.types.Window, area: bpy.types.Area, camera: bpy.types.Object) -> None:
    """The whole photo, which may be higher than the frame of the scene's renders that it is as wide as, beside what lies over
    the viewport."""
    region = next(region for region in area.regions if region.type == "WINDOW")
    with bpy.context.temp_override(window=window, area=area, region=region):
        if not bpy.ops.view3d.view_center_camera.poll():
            return
        bpy.ops.view3d.view_center_camera()
    view, render = area.spaces.active.region_3d, window.scene.render
    whole, free = (region.x, region.y, region.x + region.width, region.y + region.height), uncovered(area)
    framed = framed_into(
        (*map(max, free[:2], whole[:2]), *map(min, free[2:], whole[2:])),  # of a quad view only the one that has a camera
        whole,
        frame=render.resolution_x * render.pixel_aspect_x / (render.resolution_y * render.pixel_aspect_y),
        height=max(_height_in_frames(camera, window.scene), 1.0),
        zoom=view.view_camera_zoom,
    )
    if framed is not None:
        view.view_camera_zoom, view.view_camera_offset = framed


def framed_into(free: Rect, region: Rect, *, frame: float, height: float, zoom: float) -> tuple[float, tuple[float, float]] | None:
    """Blender's camera zoom and offset that bring what is seen into the `free` part of a region; None where there is none.

    `zoom` is that at which the frame, `frame` wide for a height of 1, fills the region; what is seen is `height` frames high.
    The region's middle is moved by twice the offset times the zoom's factor, in its widths and heights (camera.cc).
    """
    wide, high = region[2] - region[0], region[3] - region[1]
    room, rise = free[2] - free[0], free[3] - free[1]
    if min(wide, high, room, rise) <= 1:
        return None
    share = _SHARE * min(room, rise * frame / height) / min(wide, high * frame)
    factor = share * (zoom / _ZOOM + 2**0.5) ** 2 / 4
    fitted = min(max(((4 * factor) ** 0.5 - 2**0.5) * _ZOOM, _LEAST_ZOOM), _MOST_ZOOM)
    factor = (fitted / _ZOOM + 2**0.5) ** 2 / 4
    right = (free[0] + free[2] - region[0] - region[2]) / 2 / wide
    up = (free[1] + free[3] - region[1] - region[3]) / 2 / high
    return fitted, (-right / (2 * factor), -up / (2 * factor))


def _height_in_frames(camera: bpy.types.Object, scene: bpy.types.Scene) -> float:
    from .photo_camera import photo_aspect  # late, as above

    render = scene.render
    frame = render.resolution_x * render.pixel_aspect_x / (render.resolution_y * render.pixel_aspect_y)
    return frame / (photo_aspect(camera) or frame)


def _number(screen: bpy.types.Screen, area: bpy.types.Area) -> str:
    return str(next((number for number, one in enumerate(screen.areas) if one == area), -1))


def _kept(screen: bpy.types.Screen) -> dict[str, dict]:
    import json  # late, as above

    return json.loads(screen.get(_KEPT, "{}"))


def _keep(screen: bpy.types.Screen, number: str, kept: dict | None) -> None:
    """None takes it away."""
    import json

    every = _kept(screen) | {number: kept}
    every = {key: value for key, value in every.items() if value is not None}
    if every:
        screen[_KEPT] = json.dumps(every)
    elif _KEPT in screen:
        del screen[_KEPT]


def _plain(value: object) -> object:
    return value if isinstance(value, (str, float)) else list(value)
