"""Make Parts: the colours on the mesh, the list, and back to how it was."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
from conftest import part
from dividing import answer, by_height, digest, make_parts, press
from drawing import drawn

HEIGHTS = by_height(2.8, 3.2)


def colors(mesh) -> np.ndarray:
    """(corners, 3) in sRGB, 0..255"""
    values = np.empty(len(mesh.loops) * 4, np.float32)
    mesh.color_attributes["img23d_parts"].data.foreach_get("color_srgb", values)
    return np.round(values.reshape(-1, 4)[:, :3] * 255).astype(int)


def test_each_face_has_its_parts_colour(rehearsal, whole):
    request = make_parts(rehearsal, HEIGHTS)
    assert isinstance(request, rehearsal.messages.Split) and request.name == "Sphere" and request.settings.parts.splitter == "preview"
    assert [row.name for row in whole.img23d_parts.rows] == ["low", "middle", "high"]
    with np.load(request.mesh) as file:
        middles = file["vertices"][file["triangles"]].mean(axis=1)
    whole.data.calc_loop_triangles()
    shown = colors(whole.data)
    wanted = np.array([(255, 0, 0), (0, 255, 0), (0, 0, 255)])
    labels = {}
    for triangle, number in zip(whole.data.loop_triangles, HEIGHTS(middles), strict=True):
        labels.setdefault(triangle.polygon_index, set()).add(int(number))
    clear = {polygon: numbers.pop() for polygon, numbers in labels.items() if len(numbers) == 1}
    assert len(clear) > 300
    for polygon, number in clear.items():
        for corner in whole.data.polygons[polygon].loop_indices:
            assert (shown[corner] == wanted[number]).all()
    assert whole.data.color_attributes.active_color_name == "img23d_parts"


def test_discard_leaves_the_mesh_as_it_was(rehearsal, whole):
    own = whole.data.color_attributes.new("mine", "FLOAT_COLOR", "POINT")
    whole.data.color_attributes.new("for renders", "BYTE_COLOR", "CORNER")
    whole.data.color_attributes.active_color = own
    whole.data.color_attributes.default_color_name = "for renders"
    before = digest(whole.data)
    make_parts(rehearsal, HEIGHTS)
    assert whole.data.color_attributes.default_color_name == "for renders", "a render shows the artist's own"
    assert bpy.ops.img23d.discard_parts() == {"FINISHED"}
    assert digest(whole.data) == before and not whole.img23d_parts.rows


def test_what_is_hidden_or_left_out_is_grey_and_what_is_selected_lighter(rehearsal, whole):
    make_parts(rehearsal, HEIGHTS)
    rows = whole.img23d_parts.rows
    rows[0].is_shown = False
    rows[1].use = False
    shown = {tuple(color) for color in colors(whole.data)}
    assert shown == {(56, 56, 56), (0, 0, 255)}
    whole.img23d_parts.active = 2
    assert [row.is_marked for row in rows] == [False, False, True]
    (lighter,) = {tuple(color) for color in colors(whole.data)} - {(56, 56, 56)}
    assert lighter[2] == 255 and 100 < lighter[0] == lighter[1] < 180
    rows[0].is_shown = rows[1].use = True
    assert {(255, 0, 0), (0, 255, 0)} < {tuple(color) for color in colors(whole.data)}


def test_two_parts_become_one(rehearsal, whole):
    make_parts(rehearsal, HEIGHTS)
    with pytest.raises(RuntimeError, match="two parts"):
        bpy.ops.img23d.merge_parts()
    whole.img23d_parts.active = 2
    bpy.ops.img23d.mark_part(number=0)
    assert bpy.ops.img23d.merge_parts() == {"FINISHED"}
    assert [row.name for row in whole.img23d_parts.rows] == ["middle", "high"]
    labels = part("scene.parts.labels").read_labels(whole.data)
    assert set(np.unique(labels).tolist()) == {1, 2}
    assert whole.img23d_parts.rows[whole.img23d_parts.active].name == "high"


def test_a_click_selects_the_faces_in_edit_mode(rehearsal, whole):
    make_parts(rehearsal, HEIGHTS)
    bpy.ops.object.mode_set(mode="EDIT")
    whole.img23d_parts.active = 1
    bpy.ops.object.mode_set(mode="OBJECT")
    selected = np.array([polygon.select for polygon in whole.data.polygons])
    assert np.array_equal(selected, part("scene.parts.labels").read_labels(whole.data) == 1)


def test_faces_that_were_hidden_stay_hidden(rehearsal, whole):
    hidden = [polygon.index for polygon in whole.data.polygons][:40]
    for index in hidden:
        whole.data.polygons[index].hide = True
    make_parts(rehearsal, HEIGHTS)
    whole.img23d_parts.rows[0].is_shown = False
    bpy.ops.object.mode_set(mode="EDIT")
    whole.img23d_parts.active = 2
    bpy.ops.object.mode_set(mode="OBJECT")
    assert [polygon.index for polygon in whole.data.polygons if polygon.hide] == hidden


@pytest.mark.parametrize("kind", ["SUBSURF", "MIRROR", "SOLIDIFY", "TRIANGULATE"])
def test_what_modifiers_make_is_shown_on_an_object_of_its_own(rehearsal, whole, kind):
    whole.modifiers.new("m", kind)
    before, names = digest(whole.data), {obj.name for obj in bpy.data.objects}
    make_parts(rehearsal, HEIGHTS)
    stand_in = bpy.context.object
    assert stand_in != whole and stand_in.img23d_parts.source == whole and whole.hide_get() and not whole.hide_viewport
    graph = bpy.context.evaluated_depsgraph_get()
    assert len(stand_in.data.polygons) == len(part("scene.mesh.evaluated").new_mesh_of(whole, bpy.context.view_layer).polygons)
    assert np.allclose(np.array(stand_in.evaluated_get(graph).matrix_world), np.array(whole.matrix_world), atol=1e-6)
    assert "modifiers" in stand_in.img23d_parts.note and digest(whole.data) == before
    assert bpy.ops.img23d.discard_parts() == {"FINISHED"}
    assert {obj.name for obj in bpy.data.objects} == names and not whole.hide_get() and bpy.context.object == whole
    assert digest(whole.data) == before


def test_a_deforming_modifier_keeps_the_preview_on_the_mesh(rehearsal, whole):
    whole.modifiers.new("m", "CAST").factor = 0.5
    make_parts(rehearsal, HEIGHTS)
    assert bpy.context.object == whole and len(whole.img23d_parts.rows) == 3


def test_the_preview_is_one_step_of_undo(rehearsal, whole, owner):
    bpy.ops.ed.undo_push(message="before")
    before = digest(whole.data)
    make_parts(rehearsal, HEIGHTS)
    bpy.ops.ed.undo()
    whole = bpy.data.objects["Sphere"]
    assert not whole.img23d_parts.rows and digest(whole.data) == before
    bpy.ops.ed.redo()
    whole = bpy.data.objects["Sphere"]
    assert [row.name for row in whole.img23d_parts.rows] == ["low", "middle", "high"] and "img23d_parts" in whole.data.color_attributes


def test_the_list_and_the_preview_survive_saving(rehearsal, whole, tmp_path):
    make_parts(rehearsal, HEIGHTS)
    whole.img23d_parts.rows[1].name, shown = "belly", colors(whole.data)
    path = str(tmp_path / "saved.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.read_homefile(use_empty=True)
    bpy.ops.wm.open_mainfile(filepath=path)
    whole = bpy.data.objects["Sphere"]
    assert [row.name for row in whole.img23d_parts.rows] == ["low", "belly", "high"] and np.array_equal(colors(whole.data), shown)
    whole.img23d_parts.active = 0
    assert bpy.ops.img23d.discard_parts() == {"FINISHED"} and "img23d_parts" not in whole.data.color_attributes


def test_making_parts_again_takes_the_place_of_the_first(rehearsal, whole, values):
    make_parts(rehearsal, HEIGHTS)
    values.parts_more = 1.0
    assert bpy.ops.img23d.split_again(step=0.5) == {"FINISHED"}
    rehearsal.tick()
    assert rehearsal.link.said[-1].settings.parts.built_in.division.more == 1.5
    answer(rehearsal, by_height(3.0), ("low", "high"))
    assert [row.name for row in whole.img23d_parts.rows] == ["low", "high"]
    assert bpy.ops.img23d.discard_parts() == {"FINISHED"} and len(whole.data.color_attributes) == 0


def test_the_modifiers_preview_made_again(rehearsal, whole):
    whole.modifiers.new("m", "SUBSURF")
    make_parts(rehearsal, HEIGHTS)
    assert bpy.context.object != whole
    bpy.ops.img23d.split_again()
    rehearsal.tick()
    answer(rehearsal, by_height(3.0), ("low", "high"))
    stand_ins = [obj for obj in bpy.data.objects if obj.img23d_parts.source == whole]
    assert [len(one.img23d_parts.rows) for one in stand_ins] == [2] and len(bpy.data.objects) == 2


def test_another_press_waits_its_turn(rehearsal, whole, owner):
    press(rehearsal)
    first = rehearsal.link.said[-1]
    bpy.ops.mesh.primitive_cube_add()
    assert bpy.ops.img23d.make_parts() == {"FINISHED"}
    assert [job.names for job in owner.applier.queue.waiting] == [("Cube",)] and rehearsal.link.said[-1] is first
    answer(rehearsal, HEIGHTS)
    rehearsal.tick()
    second = rehearsal.link.said[-1]
    assert second.name == "Cube" and second.job != first.job and not owner.applier.queue.waiting
    answer(rehearsal, by_height(0.0), ("bottom", "top"))
    assert [row.name for row in bpy.data.objects["Cube"].img23d_parts.rows] == ["bottom", "top"]


def test_cancel_leaves_all_as_it_was(rehearsal, whole, owner):
    before = digest(whole.data)
    press(rehearsal)
    assert bpy.ops.img23d.cancel() == {"FINISHED"}
    rehearsal.tick()
    assert rehearsal.job.state.name == "CANCELLED" and digest(whole.data) == before and not whole.img23d_parts.rows
    assert not owner.applier.queue.is_busy


def test_faces_that_changed_meanwhile_are_a_sentence(rehearsal, whole, owner):
    press(rehearsal)
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.ops.mesh.select_all(action="SELECT")
    bpy.ops.mesh.subdivide()
    bpy.ops.object.mode_set(mode="OBJECT")
    before = digest(whole.data)
    answer(rehearsal, HEIGHTS)
    assert "changed meanwhile" in owner.applier.failures[rehearsal.job.id, 0] and digest(whole.data) == before
    assert "changed meanwhile" in drawn(part("panels.tab").IMG23D_PT_parts).said


def test_labels_of_another_mesh_are_a_sentence(rehearsal, whole, owner):
    press(rehearsal)
    answer(rehearsal, lambda middles: HEIGHTS(middles)[:-1])
    assert "do not fit" in owner.applier.failures[rehearsal.job.id, 0] and not whole.img23d_parts.rows
    press(rehearsal)
    answer(rehearsal, lambda middles: HEIGHTS(middles) + 5)
    assert "do not fit" in owner.applier.failures[rehearsal.job.id, 0] and "img23d_part" not in whole.data.attributes


def test_two_objects_with_one_mesh(rehearsal, whole):
    other = whole.copy()
    bpy.context.scene.collection.objects.link(other)
    make_parts(rehearsal, HEIGHTS)
    assert "2 objects share this mesh" in whole.img23d_parts.note
    bpy.context.view_layer.objects.active = other
    press(rehearsal)
    answer(rehearsal, HEIGHTS)
    assert "discard these first" in rehearsal.owner.applier.failures[rehearsal.job.id, 0] and len(whole.img23d_parts.rows) == 3


def test_an_object_in_a_hidden_collection(rehearsal, whole):
    collection = bpy.data.collections.new("hidden")
    bpy.context.scene.collection.children.link(collection)
    collection.objects.link(whole)
    bpy.context.scene.collection.objects.unlink(whole)
    collection.hide_viewport = True
    bpy.context.view_layer.objects.active = whole
    make_parts(rehearsal, HEIGHTS)
    assert len(whole.img23d_parts.rows) == 3


@pytest.mark.parametrize("what", ["no faces", "points", "edit mode", "linked", "nothing", "camera", "scaled to nothing"])
def test_what_cannot_be_divided_is_a_sentence(rehearsal, whole, owner, what, tmp_path):
    sentence = {
        "no faces": "no faces",
        "points": "no faces",
        "edit mode": "Object Mode",
        "linked": "another file",
        "nothing": "Select a mesh",
        "camera": "Select a mesh",
        "scaled to nothing": "",
    }[what]
    if what in ("no faces", "points"):
        mesh = bpy.data.meshes.new("m")
        mesh.from_pydata([(0, 0, 0), (1, 0, 0)] if what == "points" else [], [], [])
        whole.data = mesh
    elif what == "edit mode":
        bpy.ops.object.mode_set(mode="EDIT")
    elif what == "linked":
        path = str(tmp_path / "other.blend")
        bpy.data.libraries.write(path, {whole.data})
        with bpy.data.libraries.load(path, link=True) as (source, target):
            target.meshes = source.meshes
        whole.data = target.meshes[0]
    elif what == "nothing":
        bpy.context.view_layer.objects.active = None
    elif what == "camera":
        bpy.ops.object.camera_add()
    elif what == "scaled to nothing":
        whole.scale = (0, 0, 0)
        assert press(rehearsal).mesh, "the backend says what it can make of it"
        return
    said = len(rehearsal.link.said)
    with pytest.raises(RuntimeError, match=sentence):
        bpy.ops.img23d.make_parts()
    rehearsal.tick()
    assert len(rehearsal.link.said) == said and sentence in owner.refusal and not owner.applier.queue.waiting


def test_the_panel_in_its_states(rehearsal, whole, owner, values):
    panel = part("panels.tab").IMG23D_PT_parts
    layout = drawn(panel)
    assert layout.pressed("img23d.make_parts") and "splitter" in layout.properties and "parts_more" in layout.properties
    press(rehearsal)
    assert "looked for" in drawn(panel).said
    answer(rehearsal, HEIGHTS)
    layout = drawn(panel)
    assert "IMG23D_UL_parts" in layout.texts and layout.pressed("img23d.cut_parts") and "parts_closed" in layout.properties
    assert [one["step"] for one in layout.pressed("img23d.split_again") if one] == [-0.5, 0.5]
