"""The photo in an Image Editor: opened and given back, boxes drawn, a mask brushed, all with undo."""

from __future__ import annotations

import struct
import zlib

import bpy
import drawing
import numpy as np
import photos
import pytest
from conftest import PACKAGE, part


@pytest.fixture
def chosen(values, photo):
    values.photo, values.names = str(photo), "red ball, green box"
    return values


def _areas() -> list[str]:
    return sorted(area.type for area in bpy.context.window.screen.areas)


def _editor() -> bpy.types.Area:
    (area,) = [area for area in bpy.context.window.screen.areas if area.type == "IMAGE_EDITOR"]
    return area


def _add(values, name: str, box: tuple[float, float, float, float] | None = None):
    row = values.targets.add()
    row.name, row.has_box = name, box is not None
    if box is not None:
        row.left, row.top, row.right, row.bottom = box
        row.is_drawn = False
    return row


def _box(row) -> tuple[float, ...]:
    return tuple(round(edge, 3) for edge in (row.left, row.top, row.right, row.bottom))


# --- the editor -----------------------------------------------------------------------------------------------------


def test_the_photo_gets_half_of_the_viewport_and_is_put_away(owner, chosen, photo):
    before = _areas()
    assert bpy.ops.img23d.edit_boxes() == {"FINISHED"}
    assert _areas() == sorted([*before, "IMAGE_EDITOR"])
    space = _editor().spaces.active
    assert bpy.path.abspath(space.image.filepath) == str(photo) and space.show_region_ui and not space.image.use_fake_user
    owner.editors.fit()
    assert bpy.context.workspace.tools.from_space_image_mode("VIEW").idname == "img23d.box_tool"
    assert bpy.ops.img23d.close_boxes() == {"FINISHED"}
    assert "IMAGE_EDITOR" not in _areas(), "joined with its neighbour in a window; without one it is a viewport again"
    assert bpy.context.workspace.tools.from_space_image_mode("VIEW").idname != "img23d.box_tool"


def test_an_image_editor_that_is_there_is_used_and_stays(chosen):
    area = max(bpy.context.window.screen.areas, key=lambda one: one.width * one.height)
    area.type = "IMAGE_EDITOR"
    before = _areas()
    bpy.ops.img23d.edit_boxes()
    bpy.ops.img23d.edit_boxes()
    assert _areas() == before and len([image for image in bpy.data.images if image.source == "FILE"]) == 1
    bpy.ops.img23d.close_boxes()
    assert _areas() == before and _editor().spaces.active.image is None
    with pytest.raises(RuntimeError, match="No Image Editor shows the photo"):
        bpy.ops.img23d.close_boxes()


def test_without_a_photo_there_is_nothing_to_edit(values):
    assert not bpy.ops.img23d.edit_boxes.poll() and not bpy.ops.img23d.drag_box.poll()


@pytest.mark.parametrize("content", [None, b"this is not a picture" * 9])
def test_a_photo_that_cannot_be_shown_is_one_sentence(values, tmp_path, content):
    path = tmp_path / "broken.png"
    if content is not None:
        path.write_bytes(content)
    values.photo = str(path)
    before = _areas()
    with pytest.raises(RuntimeError, match="broken.png") as raised:
        bpy.ops.img23d.edit_boxes()
    assert "Traceback" not in str(raised.value) and str(tmp_path) not in str(raised.value)
    assert _areas() == before and not bpy.data.images


# What a camera held that way stores (Exif 2.32, tag 274): upright is red, green above and blue, white below.
_STORED = {1: "RG/BW", 2: "GR/WB", 3: "WB/GR", 4: "BW/RG", 5: "RB/GW", 6: "GW/RB", 7: "WG/BR", 8: "BR/WG"}
_COLOURS = {"R": (255, 0, 0), "G": (0, 255, 0), "B": (0, 0, 255), "W": (255, 255, 255)}


def _turned_png(orientation: int) -> bytes:
    upper, lower = ([_COLOURS[key] for key in row] for row in _STORED[orientation].split("/"))
    pixels = np.array([upper, lower], np.uint8).repeat(30 if orientation < 5 else 50, 0).repeat(50 if orientation < 5 else 30, 1)
    exif = b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 274, 3, 1, orientation, 0, 0)
    chunk = struct.pack(">I", len(exif)) + b"eXIf" + exif + struct.pack(">I", zlib.crc32(b"eXIf" + exif))
    data = photos.png_bytes(pixels)
    return data[:33] + chunk + data[33:]


@pytest.mark.parametrize("orientation", _STORED)
def test_a_photo_that_lies_on_its_side_is_shown_upright(values, tmp_path, orientation):
    path = tmp_path / f"turned {orientation}.png"
    path.write_bytes(_turned_png(orientation))
    values.photo = str(path)
    bpy.ops.img23d.edit_boxes()
    image = _editor().spaces.active.image
    assert tuple(image.size) == (100, 60)
    pixels = np.empty(100 * 60 * 4, np.float32)
    image.pixels.foreach_get(pixels)
    rows = pixels.reshape(60, 100, 4)[::-1, :, :3]
    seen = [rows[y, x].round(1).tolist() for y, x in ((5, 5), (5, 95), (55, 5), (55, 95))]
    assert seen == [[channel / 255 for channel in _COLOURS[key]] for key in "RGBW"]
    assert part("scene.photo.shown_photo").shows_photo(_editor().spaces.active, bpy.context.scene)


def test_another_photo_is_not_taken_for_this_one(chosen, pictures):
    bpy.ops.img23d.edit_boxes()
    chosen.photo = str(pictures / "other.png")
    assert not part("scene.photo.shown_photo").shows_photo(_editor().spaces.active, bpy.context.scene)


# --- boxes ----------------------------------------------------------------------------------------------------------


def test_a_new_box_takes_the_next_typed_name(chosen):
    for box in ((0.1, 0.2, 0.3, 0.9), (0.4, 0.1, 0.6, 0.5), (0.7, 0.1, 0.9, 0.5)):
        assert bpy.ops.img23d.drag_box(box=box) == {"FINISHED"}
    assert [row.name for row in chosen.targets] == ["red ball", "green box", "Thing 3"]
    assert all(row.has_box and row.is_drawn for row in chosen.targets)
    assert _box(chosen.targets[0]) == (10, 20, 30, 90) and chosen.active_target == 2


def test_a_box_that_is_moved_is_the_artists_and_what_was_known_of_the_old_one_goes(chosen):
    row = _add(chosen, "red ball", (10, 10, 30, 30))
    row.note, row.cutout = "found at the left", "/somewhere/cutout.png"
    bpy.ops.img23d.drag_box(box=(0.2, 0.2, 0.5, 0.5), target=0)
    (row,) = chosen.targets
    assert _box(row) == (20, 20, 50, 50) and row.is_drawn and (row.note, row.cutout) == ("", "")


def test_a_box_for_a_name_that_was_not_found_fills_its_row(chosen):
    rows = part("scene.photo.box_rows")
    _add(chosen, "red ball", (10, 10, 30, 30))
    _add(chosen, "unicorn")
    chosen.active_target = 1
    assert rows.row_for_new_box(chosen) == 1
    bpy.ops.img23d.drag_box(box=(0.5, 0.5, 0.8, 0.8), target=1)
    assert [(row.name, row.has_box) for row in chosen.targets] == [("red ball", True), ("unicorn", True)]
    assert rows.row_for_new_box(chosen) == rows.NEW


def test_a_box_without_a_size_is_refused(chosen):
    with pytest.raises(RuntimeError, match="width"):
        bpy.ops.img23d.drag_box(box=(0.5, 0.5, 0.5, 0.8))
    assert not chosen.targets


def test_what_is_being_drawn_is_shown_before_it_is_in_the_list(chosen):
    overlay, box = part("scene.photo.overlay"), part("shared.img23d_protocol.job_requests").Box
    _add(chosen, "red ball", (10, 10, 30, 30))
    _add(chosen, "unicorn")
    draft = overlay.Draft(index=0, box=box(left=0.5, top=0.5, right=0.6, bottom=0.6))
    (moved,) = overlay.shown_boxes(bpy.context.scene, draft)
    assert moved.box == draft.box and moved.is_active and _box(chosen.targets[0]) == (10, 10, 30, 30)
    opened = overlay.shown_boxes(bpy.context.scene, overlay.Draft(index=-1, box=draft.box))
    assert [(one.name, one.is_active) for one in opened] == [("red ball", False), ("", True)]


# --- the brush ------------------------------------------------------------------------------------------------------


def _strokes(row):
    return part("core.boxes.strokes").parse_strokes(row.strokes)


def test_strokes_are_kept_in_their_order_with_the_selected_thing(chosen):
    _add(chosen, "red ball", (10, 10, 30, 30))
    _add(chosen, "green box", (40, 10, 60, 30))
    chosen.active_target = 1
    bpy.ops.img23d.edit_boxes()
    bpy.ops.img23d.brush_mask(way="0.45 0.2, 0.5 0.2, 0.55 0.2", radius=0.03)
    bpy.ops.img23d.brush_mask(way="0.5 0.1", adds=False)
    inside, outside = _strokes(chosen.targets[1])
    assert (inside.xs, inside.ys, inside.adds) == ((0.45, 0.55), (0.2, 0.2), True) and inside.radius == pytest.approx(0.03)
    assert outside.xs == (0.5,) and not outside.adds
    assert not chosen.targets[0].strokes
    assert bpy.ops.img23d.clear_strokes() == {"FINISHED"}
    assert not chosen.targets[1].strokes and not bpy.ops.img23d.clear_strokes.poll()


def test_the_overlay_shows_each_stroke_and_the_later_one_where_two_cross():
    green, red = (0.0, 1.0, 0.0, 0.5), (1.0, 0.0, 0.0, 0.5)
    across, down = np.array([(5.0, 20.0), (35.0, 20.0)]), np.array([(20.0, 5.0), (20.0, 35.0)])
    picture = part("scene.photo.overlay_shapes").stroke_pixels([(across, 4.0, green), (down, 4.0, red)], (0.0, 0.0), (40, 40))
    assert tuple(picture[20, 8]) == green and tuple(picture[8, 20]) == red and tuple(picture[20, 20]) == red
    assert not picture[5, 5].any()
    assert (picture[..., 3] > 0).sum() == pytest.approx(2 * 30 * 8 - 64 + 50, rel=0.2)
    dab = part("scene.photo.overlay_shapes").stroke_pixels([(np.array([(10.0, 10.0)]), 3.0, red)], (5.0, 5.0), (10, 10))
    assert tuple(dab[5, 5]) == red and not dab[0, 0].any()


def test_there_is_nothing_to_brush_without_a_box(chosen):
    assert not bpy.ops.img23d.brush_mask.poll()
    _add(chosen, "unicorn")
    assert not bpy.ops.img23d.brush_mask.poll()


def test_a_way_that_is_none_is_refused(chosen):
    _add(chosen, "red ball", (10, 10, 30, 30))
    with pytest.raises(RuntimeError, match="way"):
        bpy.ops.img23d.brush_mask(way="here and there")
    assert not chosen.targets[0].strokes


def test_the_brush_changes_its_size_within_bounds(chosen):
    state = bpy.context.window_manager.img23d
    state.brush_radius = 2.0
    bpy.ops.img23d.resize_brush(factor=2.0)
    assert state.brush_radius == pytest.approx(4.0)
    for _ in range(9):
        bpy.ops.img23d.resize_brush(factor=10.0)
    assert state.brush_radius == pytest.approx(25.0)


def test_every_change_can_be_undone(chosen):
    call = ("EXEC_DEFAULT", True)  # with an undo step, as by hand
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.img23d.edit_boxes(*call)
    bpy.ops.img23d.drag_box(*call, box=(0.1, 0.1, 0.4, 0.4))
    bpy.ops.img23d.drag_box(*call, box=(0.2, 0.2, 0.6, 0.6), target=0)
    bpy.ops.img23d.brush_mask(*call, way="0.3 0.3")

    def state() -> list[tuple]:
        return [(_box(row), bool(row.strokes)) for row in bpy.context.scene.img23d.targets]

    assert state() == [((20, 20, 60, 60), True)]
    bpy.ops.ed.undo()
    assert state() == [((20, 20, 60, 60), False)]
    bpy.ops.ed.undo()
    assert state() == [((10, 10, 40, 40), False)]
    bpy.ops.ed.undo()
    assert state() == [] and len(bpy.data.images) == 1, "the photo stays in its editor"
    bpy.ops.ed.redo()
    assert state() == [((10, 10, 40, 40), False)]


# --- the tab and the tools ------------------------------------------------------------------------------------------


def _tab(area: bpy.types.Area) -> drawing.Layout:
    with bpy.context.temp_override(area=area):
        return drawing.drawn(part("panels.tab").IMG23D_PT_image_editor)


def test_the_tab_offers_the_photo_then_the_tools(owner, chosen):
    area = max(bpy.context.window.screen.areas, key=lambda one: one.width * one.height)
    area.type = "IMAGE_EDITOR"
    assert [name for name, _ in _tab(area).buttons] == ["img23d.edit_boxes"]
    bpy.ops.img23d.edit_boxes()
    owner.editors.fit()
    _add(chosen, "unicorn")
    shown = _tab(area)
    assert [tool["name"] for tool in shown.pressed("wm.tool_set_by_id")] == ["img23d.box_tool", "img23d.brush_tool"]
    assert shown.pressed("img23d.close_boxes") and "drag over it" in shown.said


def test_with_the_picking_tool_the_tab_says_what_to_do_and_what_came_to_nothing(owner, chosen):
    bpy.ops.img23d.edit_boxes()
    owner.editors.fit()
    part("scene.photo.editors").use_tool(bpy.context.window, _editor(), "img23d.pick_tool")
    owner.picker.picks, owner.picker.sentence = None, ""
    assert "Press Pick in the Photo to have it looked at." in _tab(_editor()).said
    owner.picker.sentence = "Nothing stands apart there."
    shown = _tab(_editor())
    assert "Nothing stands apart there." in shown.said and shown.pressed("img23d.pick_in_photo")
    owner.picker.sentence = ""


def test_the_tools_have_keys_and_go_with_the_extension(owner, chosen):
    from bl_ui.space_toolsystem_common import ToolSelectPanelHelper

    helper = ToolSelectPanelHelper._tool_class_from_space_type("IMAGE_EDITOR")

    def names() -> list[str]:
        tools = ToolSelectPanelHelper._tools_flatten(helper._tools["VIEW"])
        return [tool.idname for tool in tools if tool is not None and tool.idname.startswith("img23d.")]

    assert names() == ["img23d.box_tool", "img23d.pick_tool", "img23d.brush_tool"]
    keymaps = bpy.context.window_manager.keyconfigs.addon.keymaps
    keys = {(item.idname, item.type) for name, keymap in keymaps.items() if "Target Boxes" in name for item in keymap.keymap_items}
    assert ("img23d.drag_box", "LEFTMOUSE") in keys and ("img23d.remove_target", "DEL") in keys
    bpy.ops.img23d.edit_boxes()
    owner.editors.fit()
    bpy.ops.preferences.addon_disable(module=PACKAGE)
    try:
        assert names() == [] and bpy.context.workspace.tools.from_space_image_mode("VIEW").idname == "builtin.sample"
    finally:
        bpy.ops.preferences.addon_enable(module=PACKAGE)
    assert names() == ["img23d.box_tool", "img23d.pick_tool", "img23d.brush_tool"]


def test_what_the_tools_show_of_their_settings_is_read_when_it_is_drawn(owner, chosen):
    tools = part("panels.image_editor.tools")
    area = max(bpy.context.window.screen.areas, key=lambda one: one.width * one.height)
    area.type = "IMAGE_EDITOR"
    _add(chosen, "unicorn")
    boxes, brush, pick = (drawing.Layout() for _ in range(3))
    with bpy.context.temp_override(area=area):
        for tool, layout in ((tools.IMG23D_WST_boxes, boxes), (tools.IMG23D_WST_brush, brush), (tools.IMG23D_WST_pick, pick)):
            tool.draw_settings(bpy.context, layout, None)
    assert [name for name, _ in boxes.buttons] == ["img23d.edit_boxes"]
    assert brush.properties == ["brush", "brush_radius"] and "unicorn" in brush.said
    assert pick.properties == ["picks"] and "Click: list it." in pick.said
