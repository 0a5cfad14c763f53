"""A viewport sees a run as its photo does, and nothing else; the scene's own camera, renders and objects stay as they are."""

from __future__ import annotations

import bpy
import pytest
from arranged import glbs, made, run, start  # noqa: F401  (glbs, run and start are fixtures)
from conftest import part
from drawing import Layout


@pytest.fixture
def own(run):
    """What is in the scene beside the run: the startup scene's cube before it, and a camera that is the scene's."""
    bpy.ops.mesh.primitive_cube_add(location=(0, 1.5, 0.5))
    cube = bpy.context.active_object
    camera = bpy.data.objects.new("own", bpy.data.cameras.new("own"))
    bpy.context.scene.collection.objects.link(camera)
    bpy.context.scene.camera = camera
    return cube, camera


def viewport() -> bpy.types.Area:
    return next(area for area in bpy.context.window.screen.areas if area.type == "VIEW_3D")


def look() -> None:
    with bpy.context.temp_override(area=viewport()):
        assert bpy.ops.img23d.use_photo_camera() == {"FINISHED"}


def shown() -> set[str]:
    """Meshes of the viewport's Local View: the evaluated objects know it where there is no window."""
    space, graph = viewport().spaces.active, bpy.context.evaluated_depsgraph_get()
    graph.update()
    return {obj.name for obj in bpy.context.scene.objects if obj.type == "MESH" and obj.evaluated_get(graph).local_view_get(space)}


def facts() -> dict[str, object]:
    """All that must come back."""
    space, scene = viewport().spaces.active, bpy.context.scene
    view = space.region_3d
    return {
        "view": (view.view_perspective, view.view_location[:], view.view_rotation[:], view.view_distance, view.view_camera_zoom),
        "camera": (scene.camera.name, space.use_local_camera),
        "local": space.local_view is None,
        "render": (scene.render.resolution_x, scene.render.resolution_y),
        "overlays": space.overlay.show_overlays,
        "selected": {obj.name for obj in bpy.context.selected_objects},
        "active": bpy.context.view_layer.objects.active.name,
        "hidden": {obj.name for obj in scene.objects if obj.hide_get() or obj.hide_viewport or obj.hide_render},
    }


def test_the_scene_stays_and_the_view_comes_back(own):
    cube, camera = own
    space = viewport().spaces.active
    space.overlay.show_overlays = False
    space.region_3d.view_distance = 7.5
    before = facts()
    look()
    assert space.region_3d.view_perspective == "CAMERA" and space.use_local_camera and space.camera.name == "three Camera"
    assert bpy.context.scene.camera == camera and space.overlay.show_overlays
    assert {key: facts()[key] for key in ("render", "selected", "active", "hidden")} == {key: before[key] for key in ("render", "selected", "active", "hidden")}
    assert part("scene.placement.seen_as_photo").is_seen_as_photo(bpy.context.window.screen, viewport())
    assert shown() == {"cup", "bowl"}
    look()
    assert facts() == before and not part("scene.placement.seen_as_photo").is_seen_as_photo(bpy.context.window.screen, viewport())


@pytest.mark.parametrize("frame", [16 / 9, 0.75])
@pytest.mark.parametrize("height", [1.0, 1.6])
def test_the_photo_is_framed_beside_what_lies_over_the_viewport(frame, height):
    """With Blender's own arithmetic (BKE_camera_params_compute_viewplane): where the frame comes to lie in the region."""
    wide, high = 1000.0, 700.0
    zoom = 22.0  # at which Blender's own centring fills the region
    region, free = (10.0, 20.0, 10.0 + wide, 20.0 + high), (60.0, 20.0, 730.0, 660.0)
    fitted, (right, up) = part("scene.placement.seen_as_photo").framed_into(free, region, frame=frame, height=height, zoom=zoom)

    def factor(zoom: float) -> float:
        return (2**0.5 + zoom / 50.0) ** 2 / 4

    width = min(wide, high * frame) * factor(fitted) / factor(zoom)
    x, y = region[0] + wide / 2 - wide * 2 * right * factor(fitted), region[1] + high / 2 - high * 2 * up * factor(fitted)
    left, bottom = x - width / 2, y - width / frame * height / 2
    assert x == pytest.approx((free[0] + free[2]) / 2) and y == pytest.approx((free[1] + free[3]) / 2)
    assert left >= free[0] and bottom >= free[1]
    assert min(left - free[0], bottom - free[1]) < 0.03 * wide, "and as large as it fits"


def test_a_viewport_without_a_size_keeps_its_framing():
    assert part("scene.placement.seen_as_photo").framed_into((0, 0, 0, 0), (0, 0, 1, 1), frame=1.5, height=1.0, zoom=0.0) is None


def test_turning_the_view_brings_the_rest_back(own):
    look()
    view = viewport().spaces.active.region_3d
    view.view_perspective = "PERSP"
    view.view_distance = 3.25
    part("scene.placement.seen_as_photo").watch_views()
    space = viewport().spaces.active
    assert space.local_view is None and view.view_distance == 3.25 and not space.use_local_camera and bpy.context.scene.camera == own[1]


def test_saved_and_opened_it_still_goes_back(own, tmp_path):
    before = facts()
    look()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "seen.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "seen.blend"))
    assert viewport().spaces.active.local_view is not None and shown() == {"cup", "bowl"}
    look()
    assert facts() == before


def test_an_artists_own_local_view_comes_back(own):
    cube, _ = own
    space = viewport().spaces.active
    bpy.ops.object.select_all(action="DESELECT")
    cube.select_set(True)
    with bpy.context.temp_override(area=viewport(), region=next(r for r in viewport().regions if r.type == "WINDOW")):
        bpy.ops.view3d.localview(frame_selected=False)
    look()
    assert shown() == {"cup", "bowl"}
    look()
    assert space.local_view is not None and shown() == {cube.name}


def test_the_deleted_camera_leaves_nothing_hidden(own):
    look()
    bpy.data.objects.remove(bpy.data.objects["three Camera"])
    part("scene.placement.seen_as_photo").watch_views()
    assert viewport().spaces.active.local_view is None


# --- a re-texture in Solid shading ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("has_uv_map", [True, False])
def test_a_new_picture_is_seen_or_can_be_with_a_press(owner, values, photo, monkeypatch, has_uv_map):
    """Solid shading shows a picture by the active UV map, which stays the artist's where the mesh has one."""
    switched = []
    monkeypatch.setattr(part("app.jobs.retexturing"), "show_textures_where_untouched", lambda place: switched.append(place.scene.name))
    bpy.ops.mesh.primitive_cube_add()
    if not has_uv_map:
        mesh = bpy.context.object.data
        mesh.uv_layers.remove(mesh.uv_layers[0])
    values.retexture_picture = str(photo)
    assert bpy.ops.img23d.retexture() == {"FINISHED"}
    assert switched == ([] if has_uv_map else [bpy.context.scene.name])
    shading, buttons = viewport().spaces.active.shading, {}
    for kind, colours in (("SOLID", "TEXTURE"), ("SOLID", "MATERIAL"), ("MATERIAL", "MATERIAL")):
        shading.type = kind
        shading.color_type = colours
        layout = Layout()
        with bpy.context.temp_override(area=viewport()):
            part("panels.sidebar.look").draw_look(layout, bpy.context, owner)
        buttons[kind, colours] = [name for name, _ in layout.buttons]
    assert "img23d.show_textures" in buttons["SOLID", "MATERIAL"] and not buttons["MATERIAL", "MATERIAL"]
    assert ("img23d.show_textures" in buttons["SOLID", "TEXTURE"]) or not has_uv_map


def test_the_button_stays_in_its_place_and_is_pressed_while_it_holds(own, owner):
    def drawn() -> Layout:
        layout = Layout()
        with bpy.context.temp_override(area=viewport()):
            part("panels.sidebar.look").draw_look(layout, bpy.context, owner)
        return layout

    owner.session.jobs.clear()
    assert "img23d.use_photo_camera" not in dict(drawn().buttons)
    look()
    assert "img23d.use_photo_camera" in dict(drawn().buttons), "to go back by, also while a run goes on"
    assert drawn().depressed == ["See It as in the Photo"]
    look()
    assert "img23d.use_photo_camera" not in dict(drawn().buttons)
