"""The mask: painted with the brush over the photo, one colour a part, and written as an indexed PNG."""

from __future__ import annotations

import struct

import bpy
import numpy as np
import pytest
from conftest import part
from drawing import drawn


@pytest.fixture
def painted(values, photo):
    """Two parts over the photo: a bar from left to right at the top, and a dot below it."""
    values.photo, values.paints_parts = str(photo), True
    bpy.ops.img23d.add_mask_part()
    bpy.ops.img23d.brush_mask(way="0.2 0.25, 0.8 0.25", radius=0.05)
    bpy.ops.img23d.add_mask_part()
    bpy.ops.img23d.brush_mask(way="0.5 0.75", radius=0.1)
    return values


def test_each_part_keeps_its_strokes(painted):
    assert [row.name for row in painted.mask_parts] == ["part 1", "part 2"] and painted.active_mask_part == 1
    assert all(row.strokes for row in painted.mask_parts) and not painted.targets
    assert painted.mask_parts[0].color[:] != painted.mask_parts[1].color[:]
    bpy.ops.img23d.clear_mask_part()
    assert [bool(row.strokes) for row in painted.mask_parts] == [True, False]
    bpy.ops.img23d.remove_mask_part()
    assert [row.name for row in painted.mask_parts] == ["part 1"] and painted.active_mask_part == 0


def test_the_brush_needs_a_part(values, photo):
    values.photo, values.paints_parts = str(photo), True
    assert not bpy.ops.img23d.brush_mask.poll()
    bpy.ops.img23d.add_mask_part()
    assert bpy.ops.img23d.brush_mask.poll()


def test_the_file_is_an_indexed_png(painted, tmp_path):
    mask = part("scene.parts.mask_file")
    path = mask.write_mask(tmp_path / "run" / "mask.png", painted.photo, [row.strokes for row in painted.mask_parts])
    data = path.read_bytes()
    width, height, bits, kind = struct.unpack(">IIBB", data[16:26])
    assert data[:8] == b"\x89PNG\r\n\x1a\n" and (bits, kind) == (8, 3)
    photo_width, photo_height = part("scene.photo.image").photo_size(painted.photo)
    assert (width, height) == (photo_width, photo_height)
    image = bpy.data.images.load(str(path))  # Blender's own reader: the colours of the rows over black
    pixels = np.empty(width * height * 4, np.float32)
    image.pixels.foreach_get(pixels)
    rows = (pixels.reshape(height, width, 4)[::-1, :, :3] * 255).round().astype(int)
    colors = [tuple(round(255 * one) for one in row.color) for row in painted.mask_parts]
    assert tuple(rows[height // 4, width // 2]) == colors[0] and tuple(rows[3 * height // 4, width // 2]) == colors[1]
    assert tuple(rows[height // 2, width // 8]) == (0, 0, 0)
    assert {tuple(one) for one in rows.reshape(-1, 3)} == {(0, 0, 0), *colors}


def test_the_brush_covers_what_is_nearer_than_its_radius(owner):
    draw_mask, m = part("scene.mask.pixels").draw_mask, part("shared.img23d_protocol.messages")
    bar = m.Stroke(xs=(0.2, 0.7), ys=(0.3, 0.6), radius=0.1)
    dot = m.Stroke(xs=(0.7,), ys=(0.6,), radius=0.05)
    gone = m.Stroke(xs=(0.2,), ys=(0.3,), radius=0.03, adds=False)
    labels = draw_mask([(bar, gone), (dot,)], 80, 60)
    for y in range(60):
        for x in range(80):
            place = np.array((x + 0.5, y + 0.5))
            start, end = np.array((16.0, 18.0)), np.array((56.0, 36.0))
            share = np.clip((place - start) @ (end - start) / ((end - start) @ (end - start)), 0, 1)
            wanted = 1 if np.linalg.norm(place - start - share * (end - start)) <= 8 else 0
            wanted = 0 if np.linalg.norm(place - start) <= 2.4 else wanted
            wanted = 2 if np.linalg.norm(place - end) <= 4 else wanted
            assert labels[y, x] == wanted, (x, y)


def test_nothing_painted_is_a_sentence(values, photo, tmp_path):
    mask, error = part("scene.parts.mask_file"), part("shared.img23d_protocol").Img23DError
    with pytest.raises(error, match="paint each part"):
        mask.write_mask(tmp_path / "mask.png", str(photo), ["", ""])
    assert not (tmp_path / "mask.png").exists()


def test_the_list_stands_in_both_editors(painted):
    panel = part("panels.parts.mask")
    shown = drawn(type("P", (), {"draw": staticmethod(lambda layout, context: panel.draw_mask(layout, context, painted))})())
    assert shown.pressed("img23d.paint_parts") and "IMG23D_UL_mask_parts" in shown.texts and "mask_file" in shown.properties
    painted.mask_file = "/masks/chair.png"
    shown = drawn(type("P", (), {"draw": staticmethod(lambda layout, context: panel.draw_mask(layout, context, painted))})())
    assert not shown.pressed("img23d.paint_parts")


def test_a_chosen_file_is_the_mask(owner, values, photo):
    assert bpy.ops.img23d.choose_photo(filepath=str(photo), purpose="mask_file") == {"FINISHED"}
    assert values.mask_file == str(photo) and not values.photo
