"""What stands in the panel and the preferences about the learned models reaches the backend; and memory before a render."""

from __future__ import annotations

import bpy
import pytest
from conftest import PACKAGE, part
from drawing import drawn
from scripted import Rehearsal


@pytest.fixture
def machine(owner):
    preferences = bpy.context.preferences.addons[PACKAGE].preferences
    yield preferences
    for name in ("small_memory", "locate_device", "matte_device", "shape_device", "paint_device", "free_before_render"):
        preferences.property_unset(name)


def test_the_settings_reach_generate_and_locate(values, photo, machine):
    requests = part("app.jobs.requests")
    values.photo, values.engine, values.grounder, values.matter = str(photo), "hunyuan3d", "qwen3-vl-8b", "birefnet-hr"
    values.shape_model, values.speed, values.steps, values.guidance = "hunyuan3d-2", "standard", 30, 7.5
    values.octree_resolution, values.budget = 384, 0
    values.painter, values.paint_steps, values.paint_guidance, values.delight = "hunyuan3d-paint-turbo", 20, 3.0, False
    values.match_positions = False
    values.texture_size = "4096"
    machine.small_memory, machine.locate_device, machine.shape_device, machine.paint_device = True, "cpu", "gpu:1", "gpu"
    for request in (requests.generate_request(bpy.context), requests.locate_request(bpy.context)):
        settings = request.settings
        shape, paint = settings.hunyuan3d.shape, settings.hunyuan3d.paint
        assert request.engine == "hunyuan3d"
        assert (settings.search.grounder, settings.matte.matter, shape.file_set) == ("qwen3-vl-8b", "birefnet-hr", "hunyuan3d-2-standard")
        assert (shape.steps, shape.guidance, shape.octree_resolution, shape.faces) == (30, 7.5, 384, 0)
        assert (paint.painter, paint.paint_steps, paint.paint_guidance) == ("hunyuan3d-paint-turbo", 20, 3.0)
        assert settings.machine.small_memory and not paint.delight and not paint.match_positions and settings.common.texture_size == 4096
        devices = settings.machine.devices
        assert (devices.locate, devices.matte, devices.shape, devices.paint) == ("cpu", "auto", "gpu:1", "gpu")


def test_the_fresh_panel_holds_the_defaults(untouched, photo):
    untouched.photo = str(photo)
    settings = part("shared.img23d_protocol.messages").Settings
    assert part("app.jobs.requests").generate_request(bpy.context).settings == settings()


def test_the_standard_painter_is_the_default_and_older_scenes_keep_theirs(values):
    """Blender saves the number of a choice; those of before the standard painter became the first are kept."""
    assert values.painter == "hunyuan3d-paint"
    items = values.bl_rna.properties["painter"].enum_items
    assert [item.identifier for item in items] == ["hunyuan3d-paint", "hunyuan3d-paint-turbo", "preview"]
    assert {item.identifier: item.value for item in items} == {"hunyuan3d-paint-turbo": 0, "hunyuan3d-paint": 1, "preview": 2}


def test_an_engine_that_is_not_set_up_stays_chosen_in_the_file(values, tmp_path):
    values.engine = "hunyuan3d"
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "scene.blend"))
    assert bpy.context.scene.img23d.engine == "hunyuan3d"


@pytest.mark.parametrize("engine", ["preview", "hunyuan3d", "cutout"])
def test_each_engine_shows_what_it_uses(values, engine):
    values.engine = engine
    shape, search = (drawn(getattr(part("panels.tab"), name)) for name in ("IMG23D_PT_shape", "IMG23D_PT_engine"))
    assert ("thickness" in shape.properties) == (engine != "hunyuan3d")
    assert ("shape_model" in shape.properties) == (engine == "hunyuan3d")
    assert ("grounder" in search.properties) == (engine != "preview")
    assert "seed" in search.properties
    texture = drawn(part("panels.tab").IMG23D_PT_texture)
    assert "texture_size" in texture.properties and ("painter" in texture.properties) == (engine == "hunyuan3d")


@pytest.mark.parametrize(
    ("painter", "shown", "hidden"),
    [
        ("hunyuan3d-paint-turbo", {"delight", "paint_steps", "match_positions"}, {"paint_guidance"}),
        ("hunyuan3d-paint", {"delight", "paint_steps", "paint_guidance"}, {"match_positions"}),
        ("preview", set(), {"delight", "paint_steps", "paint_guidance", "match_positions"}),
    ],
)
def test_each_painter_shows_what_it_uses(values, painter, shown, hidden):
    values.engine, values.painter = "hunyuan3d", painter
    properties = set(drawn(part("panels.tab").IMG23D_PT_texture).properties)
    assert shown <= properties and not hidden & properties


def test_the_main_panel_says_what_an_engine_lacks(owner, values, monkeypatch):
    info = part("shared.img23d_protocol.messages").EngineInfo
    lacking = info(id="hunyuan3d", label="Hunyuan3D", ready=False, note="Hunyuan3D is not set up yet.")
    monkeypatch.setattr(owner.session, "engines", (info(id="preview", label="P", ready=True), lacking))
    main = part("panels.tab").IMG23D_PT_main
    assert "AI models (below)" in drawn(main).said
    values.engine = "hunyuan3d"
    assert "Hunyuan3D is not set up yet." in drawn(main).said
    monkeypatch.setattr(owner.session, "engines", (info(id="hunyuan3d", label="H", ready=True),))
    assert "not set up" not in drawn(main).said
    values.engine = "preview"
    assert "Set up AI models" not in drawn(main).said


@pytest.fixture
def rehearsal(owner, monkeypatch, as_with_a_window, values, photo) -> Rehearsal:
    rehearsal = Rehearsal(owner, monkeypatch)
    values.photo, values.names = str(photo), "cup"
    bpy.ops.img23d.generate()
    rehearsal.tick()
    return rehearsal


def unloads(rehearsal) -> int:
    return sum(isinstance(message, rehearsal.messages.Unload) for message in rehearsal.link.said)


def test_memory_is_given_back_before_a_render(rehearsal, machine):
    scene = bpy.context.scene
    scene.collection.objects.link(camera := bpy.data.objects.new("camera", bpy.data.cameras.new("camera")))
    scene.camera, scene.render.engine, scene.cycles.samples = camera, "CYCLES", 1
    scene.render.resolution_x = scene.render.resolution_y = 8
    bpy.ops.render.render()
    assert unloads(rehearsal) == 0, "a running job keeps what it works with"
    rehearsal.finish(0)
    bpy.ops.render.render()
    assert unloads(rehearsal) == 1
    machine.free_before_render = False
    bpy.ops.render.render()
    assert unloads(rehearsal) == 1


def test_a_render_without_a_backend(owner, machine):
    owner.session.shutdown()
    part("registration")._on_render(bpy.context.scene, None)
    assert owner.session.state.name == "OFF"
