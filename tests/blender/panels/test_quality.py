"""Draft, Balanced, Best in the panel; what new scenes begin with; Blender's own presets."""

from __future__ import annotations

from pathlib import Path

import bpy
import pytest
from conftest import part
from drawing import Layout


@pytest.fixture(autouse=True)
def built_in_defaults(owner):
    yield
    defaults = part("properties").preferences_of(bpy.context).defaults
    for name in part("properties").DEFAULT_FIELDS:
        defaults.property_unset(name)


@pytest.fixture
def defaults(owner):
    return part("properties").preferences_of(bpy.context).defaults


def pressed(values) -> list[str]:
    """The labels of the quality buttons that are shown as chosen."""
    layout = Layout()
    part("panels.sidebar.main")._draw_quality(layout, bpy.context, None, values)
    assert [button["quality"] for button in layout.pressed("img23d.set_quality")] == ["draft", "balanced", "best"]
    return layout.depressed


def begin(scene=None) -> bool:
    return part("app.jobs.defaults").begin_with_defaults(bpy.context, scene or bpy.context.scene)


def test_a_new_scene_is_balanced_and_one_click_changes_it(untouched):
    values = untouched
    assert pressed(values) == ["Balanced"]
    assert bpy.ops.img23d.set_quality(quality="best") == {"FINISHED"}
    assert (values.texture_size, values.shape_model, values.octree_resolution) == ("4096", "hunyuan3d-2", 384)
    assert pressed(values) == ["Best"]
    values.faces += 1
    assert pressed(values) == []


def test_each_button_says_what_it_costs(owner):
    classes = part("operators.quality")
    from types import SimpleNamespace

    said = [classes.IMG23D_OT_set_quality.description(None, SimpleNamespace(quality=name)) for name in ("draft", "best")]
    assert "quick" in said[0] and "12 GB" in said[1] and "downloads" in said[1]


def test_what_is_saved_as_default_is_what_new_scenes_begin_with(values, defaults):
    values.engine, values.layout, values.check_first, values.thickness = "cutout", "ROW", True, 0.5
    bpy.ops.img23d.set_quality(quality="draft")
    assert bpy.ops.img23d.save_defaults() == {"FINISHED"}
    assert (defaults.engine, defaults.layout, defaults.faces) == ("cutout", "ROW", 5_000)

    other = bpy.data.scenes.new("other")
    assert begin(other)
    begun = other.img23d
    assert (begun.engine, begun.layout, begun.check_first, begun.faces) == ("cutout", "ROW", True, 5_000)
    assert begun.thickness == pytest.approx(0.5)
    begun.faces = 9_000
    assert not begin(other) and begun.faces == 9_000


def test_a_scene_that_was_set_up_keeps_its_settings(values, defaults):
    defaults.faces = 1_234
    values.layout = values.layout  # what the artist has clicked, though it is the usual one
    begin()
    assert values.faces == 20_000 and values.has_defaults


def test_a_saved_scene_that_was_worked_with_keeps_what_it_was_made_with(values, defaults, tmp_path):
    values.names = "mug"
    path = str(tmp_path / "used.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    defaults.faces = 1_234
    begin()
    assert bpy.context.scene.img23d.faces == 20_000


def test_a_request_is_made_with_the_defaults_also_where_the_tab_was_never_open(values, defaults, photo):
    """As a script in background mode does it."""
    defaults.texture_size = "2048"
    values.photo = str(photo)
    bpy.ops.wm.read_homefile(use_empty=True)  # a file that was never saved
    values = bpy.context.scene.img23d
    values.photo, values.names = str(photo), "red ball"
    assert part("app.jobs.requests").generate_request(bpy.context).settings.common.texture_size == 2048


def test_the_timer_gives_a_scene_its_defaults_when_the_tab_first_sees_it(owner, untouched, defaults):
    defaults.faces = 1_234
    owner.pump._look_up(owner, None)
    assert untouched.faces == 1_234


def test_back_to_the_defaults(values, defaults):
    defaults.layout, values.layout, values.names = "CURSOR", "ROW", "mug"
    bpy.ops.img23d.set_quality(quality="best")
    assert bpy.ops.img23d.reset_to_defaults() == {"FINISHED"}
    assert (values.layout, values.texture_size, values.names) == ("CURSOR", "1024", "mug")


def test_the_preferences_have_the_same_buttons_and_every_setting_below_them(owner, defaults):
    bpy.ops.img23d.set_default_quality(quality="draft")
    assert defaults.faces == 5_000 and bpy.context.preferences.is_dirty
    preferences = part("properties").preferences_of(bpy.context)
    short, long = Layout(), Layout()
    part("properties.preferences")._draw_defaults(short, preferences)
    preferences.shows_defaults = True
    part("properties.preferences")._draw_defaults(long, preferences)
    preferences.shows_defaults = False
    assert short.depressed == ["Draft"] and short.properties == ["shows_defaults"]
    assert set(long.properties) == {"shows_defaults", *part("properties").DEFAULT_FIELDS}


def test_an_artists_own_preset_in_blenders_menu(values):
    bpy.ops.img23d.set_quality(quality="best")
    values.engine, values.guidance = "hunyuan3d", 7.5
    bpy.ops.img23d.add_preset(name="For Close-ups")
    kept = Path(bpy.utils.user_resource("SCRIPTS", path="presets/img23d")) / "For_Close-ups.py"
    assert kept.is_file()
    bpy.ops.img23d.set_quality(quality="draft")
    values.engine, values.guidance = "preview", 0.0
    bpy.ops.script.execute_preset(filepath=str(kept), menu_idname="IMG23D_PT_presets")
    assert (values.engine, values.guidance, values.texture_size) == ("hunyuan3d", 7.5, "4096")
    bpy.ops.img23d.add_preset(name="For Close-ups", remove_name=True)
    assert not kept.exists()


def test_the_ranges_in_the_tooltips_are_the_real_ones(values):
    """They are written out, so that they can be translated."""
    ranges = {"faces": ("500", "200,000"), "octree_resolution": ("64", "512"), "steps": ("100",), "paint_steps": ("100",)}
    ranges |= {"budget": ("5,000,000",), "thickness": ("0.05", "3")}
    for name, numbers in ranges.items():
        known = values.bl_rna.properties[name]
        said = known.description
        assert all(number in said for number in numbers), name
        assert f"{known.hard_max:,.5g}".rstrip("0").rstrip(".") in said or f"{known.hard_max:,}" in said, name
