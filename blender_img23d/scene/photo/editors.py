"""The Image Editor that shows the photo: found or made, fitted, and given back. Areas are looked up anew each time."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import bpy

from ...shared.img23d_protocol import ErrorCode, Img23DError
from ..view.uncovered import uncovered
from .shown_photo import shows_photo

TAB = "Img23D"
BOX_TOOL, BRUSH_TOOL, PICK_TOOL = "img23d.box_tool", "img23d.brush_tool", "img23d.pick_tool"
_MODE = "VIEW"  # of the Image Editor, to which the tools belong
_FITTED = 0.96  # of the free room that the photo takes


class Editors:
    """What was opened and is still to be fitted: addresses only, which are compared and never followed."""

    def __init__(self) -> None:
        self._opened: set[int] = set()
        self._unfitted: dict[int, str] = {}  # the tool that is wanted there
        self._drawn: set[int] = set()  # of the unfitted ones: their size is known now

    def show(self, window: bpy.types.Window, near: bpy.types.Area | None, image: bpy.types.Image, *, tool: str = BOX_TOOL) -> None:
        """In the window's largest Image Editor, or in half of the 3D viewport. Raises Img23DError."""
        area = _image_editor(window)
        if area is None:
            area = _split(window, near if near is not None and near.type == "VIEW_3D" else _largest(window, "VIEW_3D"))
            area.type = "IMAGE_EDITOR"
            area.spaces.active.show_region_toolbar = False  # the tab has the tools, and the photo needs the room
            self._opened.add(area.as_pointer())
        space = area.spaces.active
        space.mode, space.image, space.show_region_ui, space.show_region_tool_header = _MODE, image, True, True
        self._unfitted[area.as_pointer()] = tool
        area.tag_redraw()

    def forget(self) -> None:
        """A file was loaded: its areas are others."""
        self._opened.clear()
        self._unfitted.clear()
        self._drawn.clear()

    def is_unfitted(self, area: bpy.types.Area) -> bool:
        """Asked when it is drawn: from then on its size is known."""
        if not self._unfitted or area.as_pointer() not in self._unfitted:
            return False
        self._drawn.add(area.as_pointer())
        return True

    def fit(self) -> None:
        """The photo as large as it fits beside the sidebar, whose tab is opened, with the wanted tool in hand."""
        ready = self._unfitted.keys() if bpy.app.background else self._drawn & self._unfitted.keys()
        if not ready:
            return
        for window, area in _areas("IMAGE_EDITOR"):
            if area.as_pointer() in ready:
                _fit(window, area, self._unfitted[area.as_pointer()])
        self._unfitted.clear()
        self._drawn.clear()

    def close(self, window: bpy.types.Window, near: bpy.types.Area | None) -> None:
        """The area goes back to its neighbour where `show` took it from there; in any case it no longer shows the photo."""
        shown = [area for area in window.screen.areas if shows_photo(area.spaces.active, window.scene)]
        area = near if near in shown else next(iter(shown), None)
        if area is None:
            raise Img23DError(ErrorCode.BAD_REQUEST, "No Image Editor shows the photo.")
        self._unfitted.pop(area.as_pointer(), None)
        _put_down_tool(window, area)
        area.spaces.active.image = None
        if area.as_pointer() in self._opened:
            self._opened.discard(area.as_pointer())
            _give_back(window, area)


def redraw_editors() -> None:
    for _, area in _areas("IMAGE_EDITOR"):
        area.tag_redraw()


def use_tool(window: bpy.types.Window, area: bpy.types.Area, tool: str) -> None:
    with bpy.context.temp_override(window=window, area=area, region=_region(area, "WINDOW")):
        bpy.ops.wm.tool_set_by_id(name=tool, space_type="IMAGE_EDITOR")


def put_down_tools() -> None:
    """Before the tools go: Blender keeps drawing the cursor of the one that is in hand."""
    for window, area in _areas("IMAGE_EDITOR"):
        _put_down_tool(window, area)


def _put_down_tool(window: bpy.types.Window, area: bpy.types.Area) -> None:
    tool = window.workspace.tools.from_space_image_mode(_MODE)
    if area.spaces.active.mode == _MODE and tool is not None and tool.idname in (BOX_TOOL, BRUSH_TOOL, PICK_TOOL):
        use_tool(window, area, "builtin.sample")


def _areas(kind: str) -> Iterator[tuple[bpy.types.Window, bpy.types.Area]]:
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.ui_type == kind:
                yield window, area


def _region(area: bpy.types.Area, kind: str) -> bpy.types.Region:
    return next(region for region in area.regions if region.type == kind)


def _largest(window: bpy.types.Window, kind: str) -> bpy.types.Area | None:
    return max((a for a in window.screen.areas if a.ui_type == kind), key=lambda a: a.width * a.height, default=None)


def _image_editor(window: bpy.types.Window) -> bpy.types.Area | None:
    shown = [area for area in window.screen.areas if shows_photo(area.spaces.active, window.scene)]
    return shown[0] if shown else _largest(window, "IMAGE_EDITOR")


def _split(window: bpy.types.Window, area: bpy.types.Area | None) -> bpy.types.Area:
    before = {one.as_pointer() for one in window.screen.areas}
    if area is not None:
        with contextlib.suppress(RuntimeError), bpy.context.temp_override(window=window, area=area):
            # Up to a half the new area is the left one, so that the sidebar stays where it is
            bpy.ops.screen.area_split(direction="VERTICAL", factor=0.499)
    fresh = next((one for one in window.screen.areas if one.as_pointer() not in before), None)
    if fresh is None:
        raise Img23DError(ErrorCode.BAD_REQUEST, "There is no room for an Image Editor: open one in any area, and press the button again.")
    return fresh


def _give_back(window: bpy.types.Window, area: bpy.types.Area) -> None:
    """To its neighbour; where there is none of its height any more it becomes a 3D viewport, as it was."""
    area.type = "VIEW_3D"
    if not bpy.app.background:  # areas that were never drawn have no size, and Blender would look for their edges for ever
        with contextlib.suppress(RuntimeError), bpy.context.temp_override(window=window, area=area):
            bpy.ops.screen.area_close()


def _fit(window: bpy.types.Window, area: bpy.types.Area, tool: str) -> None:
    space, region = area.spaces.active, _region(area, "WINDOW")
    if space.image is None or 0 in space.image.size:
        return
    use_tool(window, area, tool)
    with contextlib.suppress(TypeError, AttributeError):  # the sidebar is too low to have tabs
        _region(area, "UI").active_panel_category = TAB
    left, right = _covered(area)
    free = max(1, region.width - left - right)
    with bpy.context.temp_override(window=window, area=area, region=region):
        bpy.ops.image.view_all(fit_view=False)  # also brings it into the middle
        width, height = space.image.size
        space.zoom_percentage = 100 * _FITTED * min(free / width, region.height / height)
        zoom = space.zoom_percentage / 100
        bpy.ops.image.view_pan(offset=((right - left) / 2 / zoom, 0.0))


def _covered(area: bpy.types.Area) -> tuple[float, float]:
    """Pixels at the left and the right of the photo's region over which the toolbar and the sidebar lie."""
    region, (left, _bottom, right, _top) = _region(area, "WINDOW"), uncovered(area)
    return left - region.x, region.x + region.width - right
