"""The learned chain from the panel: the real backend in a Python with torch, on small trained models in the published layouts.

IMG23D_LEARNED_PYTHON is that Python, IMG23D_TINY_MODELS a models folder made by tests/tiny; build_addon.py test sets both.
"""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import bpy
import pytest
from conftest import PACKAGE, part

PYTHON, MODELS = os.environ.get("IMG23D_LEARNED_PYTHON", ""), os.environ.get("IMG23D_TINY_MODELS", "")
pytestmark = pytest.mark.skipif(not (PYTHON and MODELS), reason="IMG23D_LEARNED_PYTHON and IMG23D_TINY_MODELS are not set")

PHOTO = Path(__file__).resolve().parents[3] / "demo" / "plain" / "photo.jpg"
NAMES = ("pink lamp", "green bottle", "brown book", "blue mug", "red apple", "yellow duck", "purple star", "orange bowl")


@pytest.fixture(scope="module", autouse=True)
def ends_with_the_last_that_needs_it(request, shelf):
    """A backend with torch takes seconds to start and much memory: the files that need one share it, and no other test has it beside itself."""
    yield
    items = request.session.items
    last = max(number for number, item in enumerate(items) if item.path == request.path)
    if not any("learned" in item.fixturenames for item in items[last + 1 :]):
        shelf.clear()


@pytest.fixture
def learned(owner, values, monkeypatch):
    """The scene's settings, on a machine whose owner has set everything up."""
    preferences = bpy.context.preferences.addons[PACKAGE].preferences
    monkeypatch.setenv("IMG23D_PYTHON", PYTHON)
    preferences.models_folder = MODELS
    owner.session.engines, owner.session.weights = (), ()  # what the last backend has said may be of another folder
    values.photo, values.names, values.seed, values.engine = str(PHOTO), ", ".join(NAMES), 1, "hunyuan3d"
    values.octree_resolution, values.budget, values.texture = 64, 5000, False
    values.paint_steps = 5  # each takes as long as the other; how many are taken is asked in tests/learned
    yield values
    preferences.property_unset("models_folder")


def tick_until(owner, condition, seconds: float = 120.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        owner.pump.tick()
        time.sleep(0.02)


def test_one_mesh_a_name(learned, owner):
    assert bpy.ops.img23d.generate() == {"FINISHED"}
    job = owner.session.jobs[0]
    assert [target.name for target in job.targets] == list(NAMES) and not any(target.error for target in job.targets)
    meshes = [obj for obj in bpy.data.objects if obj.type == "MESH"]
    assert sorted(obj.name for obj in meshes) == sorted(NAMES)
    for obj in meshes:
        assert 100 < len(obj.data.polygons) <= 5000, obj.name
        edges = {}
        for polygon in obj.data.polygons:
            for edge in polygon.edge_keys:
                edges[edge] = edges.get(edge, 0) + 1
        assert set(edges.values()) == {2}, f"{obj.name} is not closed"


def is_textured(obj) -> bool:
    return any(node.type == "TEX_IMAGE" for node in obj.data.materials[0].node_tree.nodes)


def test_the_texture_takes_the_shapes_place(learned, owner, as_with_a_window):
    """Minutes lie between the two on a real machine, in which the artist goes on working."""
    learned.names, learned.texture = "red apple, blue mug", True
    assert bpy.ops.img23d.generate() == {"FINISHED"}
    job = owner.session.jobs[0]
    tick_until(owner, lambda: "red apple" in bpy.data.objects and "blue mug" in bpy.data.objects)
    apple, mug = bpy.data.objects["red apple"], bpy.data.objects["blue mug"]
    assert not is_textured(apple)
    kept = apple.session_uid, mug.session_uid
    table = bpy.data.objects.new("table", None)
    bpy.context.scene.collection.objects.link(table)
    apple.name, apple.location, apple.rotation_euler.z, apple.parent = "pippin", (1, 2, 3), 0.5, table
    apple.modifiers.new("Wood", "SOLIDIFY")
    tick_until(owner, lambda: job.is_over and not owner.applier.is_busy)
    assert not job.error and not any(target.error for target in job.targets)
    assert all(any("Hunyuan3D Paint." in note for note in target.notes) for target in job.targets)
    apple, mug = bpy.data.objects["pippin"], bpy.data.objects["blue mug"]
    assert (apple.session_uid, mug.session_uid) == kept and is_textured(apple) and is_textured(mug)
    assert tuple(apple.location) == (1, 2, 3) and apple.rotation_euler.z == 0.5 and apple.parent.name == "table"
    assert apple.modifiers.keys() == ["Wood"] and len(bpy.data.meshes) == 2
    assert len(bpy.data.images) == 3  # their textures, and the photo behind its camera
    for obj, strongest in ((apple, 0), (mug, 2)):
        colour = obj.data.materials[0].diffuse_color[:3]
        assert max(colour) == colour[strongest], f"{obj.name} shows {colour} in Solid shading"


def test_a_mesh_of_ones_own_is_painted_from_all_sides(learned, owner):
    bpy.ops.mesh.primitive_monkey_add()
    monkey = bpy.context.object
    monkey.modifiers.new("Subdivision", "SUBSURF").levels = 1
    learned.retexture_picture = str(PHOTO)
    assert bpy.ops.img23d.retexture() == {"FINISHED"}
    (target,) = owner.session.jobs[0].targets
    assert any("Hunyuan3D Paint." in note for note in target.notes)
    monkey = bpy.data.objects["Suzanne"]
    assert len(monkey.data.vertices) == 507 and monkey.modifiers.keys() == ["Subdivision"]
    material = monkey.material_slots[monkey.data.polygons[0].material_index].material
    image = next(node.image for node in material.node_tree.nodes if node.type == "TEX_IMAGE")
    assert tuple(image.size) == (1024, 1024) and image.colorspace_settings.name == "sRGB"
    assert bpy.ops.img23d.switch_texture() == {"FINISHED"}
    assert monkey.material_slots[monkey.data.polygons[0].material_index].material is None


def test_a_painter_that_is_not_downloaded(learned, owner, tmp_path):
    for name in ("qwen3-vl-2b", "birefnet-general", "hunyuan3d-2mini-turbo"):
        (tmp_path / name).symlink_to((Path(MODELS) / name).absolute())
    bpy.context.preferences.addons[PACKAGE].preferences.models_folder = str(tmp_path)
    learned.names, learned.texture = "", True
    box = learned.targets.add()
    box.name, box.has_box = "red apple", True
    box.left, box.top, box.right, box.bottom = 5.0, 59.0, 20.0, 81.0
    assert bpy.ops.img23d.generate() == {"FINISHED"}
    assert is_textured(bpy.data.objects["red apple"])
    assert any("not downloaded" in note for note in owner.session.jobs[0].notes)


def test_boxes_are_found_for_correction(learned, owner):
    learned.engine = "cutout"
    assert bpy.ops.img23d.find_targets() == {"FINISHED"}
    assert sorted(box.name for box in learned.targets) == sorted(NAMES)


def test_the_panel_lists_what_is_there(learned, owner):
    owner.models.want()
    assert bpy.ops.img23d.refresh_models() == {"FINISHED"}
    tick_until(owner, lambda: owner.session.weights)
    part("app.models").sync_weights(bpy.context.window_manager, owner)
    owner.models.update(bpy.context, owner)
    assert owner.models.view.environment.state == "chosen"
    assert {"qwen3-vl-2b", "birefnet-general", "hunyuan3d-2mini-turbo"} <= {row.id for row in owner.session.weights}
    ready = {engine.id for engine in owner.session.engines if engine.ready}
    assert ready == {"preview", "cutout", "hunyuan3d", "trellis", "light", "instantmesh", "triposg"}
    assert any(device.id == "cpu" for device in owner.session.devices)


def test_a_model_is_verified_found_damaged_and_deleted(learned, owner, tmp_path):
    name = "birefnet-general"
    shutil.copytree(Path(MODELS) / name, tmp_path / name)
    bpy.context.preferences.addons[PACKAGE].preferences.models_folder = str(tmp_path)
    assert bpy.ops.img23d.verify_weights(weights=name) == {"FINISHED"}
    with (tmp_path / name / "model.safetensors").open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        last = file.read(1)
        file.seek(-1, os.SEEK_END)
        file.write(bytes([last[0] ^ 1]))
    with pytest.raises(RuntimeError, match="damaged"):
        bpy.ops.img23d.verify_weights(weights=name)

    def state() -> str:
        return next((row.state for row in owner.session.weights if row.id == name), "")

    tick_until(owner, lambda: state() == "damaged")
    assert bpy.ops.img23d.delete_weights(weights=name) == {"FINISHED"}
    assert not (tmp_path / name).exists()
    tick_until(owner, lambda: state() == "missing")
