"""Where textures are kept, packed or beside the .blend, and how the materials that show them are set."""

from __future__ import annotations

import shutil
from pathlib import Path

import bpy
import numpy as np
import pytest
from conftest import PACKAGE, quick_settings
from test_generate import generate


@pytest.fixture
def beside(owner):
    preferences = bpy.context.preferences.addons[PACKAGE].preferences
    preferences.textures = "BESIDE"
    yield preferences
    preferences.property_unset("textures")


@pytest.fixture
def saved(owner, beside, tmp_path) -> Path:
    """The folder of a .blend that was saved; textures go beside it."""
    folder = tmp_path / "my film"
    folder.mkdir()
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "scene.blend"))
    return folder


@pytest.fixture
def values(request):
    """Saving under another name changes nothing in the scene, but a reference taken before would be stale."""
    if "saved" in request.fixturenames:
        request.getfixturevalue("saved")
    request.getfixturevalue("owner")
    return bpy.context.scene.img23d


def ball(values, photo, names="red ball", **settings) -> list[bpy.types.Object]:
    return generate(values, photo, names, faces=500, **settings)


def material_of(obj) -> bpy.types.Material:
    return obj.material_slots[obj.data.polygons[0].material_index].material


def image_of(obj) -> bpy.types.Image:
    return next(node.image for node in material_of(obj).node_tree.nodes if node.type == "TEX_IMAGE")


def pixels(image) -> np.ndarray:
    values = np.zeros(len(image.pixels), np.float32)
    image.pixels.foreach_get(values)
    return values.reshape(-1, 4)


def is_red(obj) -> bool:
    """Decoded from wherever the picture is kept now."""
    image = image_of(obj)
    image.buffers_free()
    red, _, blue = pixels(image)[:, :3].mean(axis=0)
    return tuple(image.size) == (1024, 1024) and red > 1.5 * blue


def retexture(values, photo) -> bpy.types.Object:
    bpy.ops.mesh.primitive_cube_add()
    values.retexture_picture, values.seed = str(photo), 3
    assert bpy.ops.img23d.retexture() == {"FINISHED"}
    return bpy.context.object


def test_imported_and_projected_results_have_the_same_surface(values, photo):
    for obj in (*ball(values, photo), retexture(values, photo)):
        material, image = material_of(obj), image_of(obj)
        assert image.colorspace_settings.name == "sRGB" and image.alpha_mode == "NONE"
        assert image.packed_file is not None
        shader = next(node for node in material.node_tree.nodes if node.type == "BSDF_PRINCIPLED")
        assert shader.inputs["Roughness"].default_value == pytest.approx(0.6)
        assert shader.inputs["Metallic"].default_value == 0.0
        assert shader.inputs["Alpha"].default_value == 1.0 and not shader.inputs["Alpha"].is_linked
        assert shader.inputs["Base Color"].links[0].from_node.image == image
        assert not material.use_backface_culling
        colour = np.array(material.diffuse_color[:3])
        assert colour.max() < 0.9 and tuple(colour) != pytest.approx((0.8, 0.8, 0.8)), "the picture's, in Solid shading"


def test_beside_the_blend(values, photo, saved, owner):
    made = [*ball(values, photo), *ball(values, photo), retexture(values, photo)]
    files = {path.name for path in (saved / "textures").iterdir()}
    assert files == {"red_ball.png", "red_ball.001.png", "Cube_Img23D.png"}
    for obj in made:
        image = image_of(obj)
        assert image.packed_file is None and image.filepath.removeprefix("//textures/") in files
    assert not owner.session.jobs[0].notes and is_red(made[0])


def test_no_other_file_is_overwritten(values, photo, saved):
    (saved / "textures").mkdir()
    (saved / "textures" / "red_ball.png").write_bytes(b"the artist's own")
    (obj,) = ball(values, photo)
    assert image_of(obj).filepath == "//textures/red_ball-2.png"
    assert (saved / "textures" / "red_ball.png").read_bytes() == b"the artist's own"


def test_moved_together_and_saved_elsewhere_the_picture_is_found(values, photo, saved, tmp_path):
    ball(values, photo)
    bpy.ops.wm.save_mainfile()
    other = tmp_path / "another disk"
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "renamed.blend"))
    assert is_red(bpy.data.objects["red ball"]), "Save As adapts the path"
    shutil.move(saved, other)
    bpy.ops.wm.open_mainfile(filepath=str(other / "scene.blend"))
    assert image_of(bpy.data.objects["red ball"]).filepath == "//textures/red_ball.png"
    assert is_red(bpy.data.objects["red ball"])


def test_never_saved_it_is_packed_and_said_once(owner, beside, photo):
    bpy.ops.wm.read_homefile(use_empty=True)
    values = quick_settings()
    made = ball(values, photo, "red ball, blue ball")
    assert all(image_of(obj).packed_file is not None for obj in made)
    (note,) = owner.session.jobs[0].notes
    assert "never saved" in note
    retexture(values, photo)
    assert note in owner.session.jobs[0].notes


def test_a_folder_that_cannot_be_written(values, photo, saved, owner):
    (saved / "textures").write_bytes(b"a file in the way")
    (obj,) = ball(values, photo)
    assert image_of(obj).packed_file is not None and is_red(obj)
    (note,) = owner.session.jobs[0].notes
    assert "cannot be written" in note


def test_undone_and_redone(values, photo, saved):
    bpy.ops.ed.undo_push(message="before")
    ball(values, photo)
    bpy.ops.ed.undo()
    assert not bpy.data.objects.keys() and (saved / "textures" / "red_ball.png").is_file()
    bpy.ops.ed.redo()
    assert is_red(bpy.data.objects["red ball"]) and image_of(bpy.data.objects["red ball"]).packed_file is None
    (again,) = ball(bpy.context.scene.img23d, photo)
    assert image_of(again).filepath == "//textures/red_ball.001.png", "named as its object"
