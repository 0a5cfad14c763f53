"""A thing that became a mesh and splats, two objects at one place: all that can be done with it afterwards."""

from __future__ import annotations

from types import SimpleNamespace

import bpy
import numpy as np
import pytest
import splat_files
from boxes import write_box
from conftest import part
from scripted import Rehearsal
from test_made import points, state  # noqa: F401
from test_made_again import begin, placer, standing

WIDE, DEEP = 0.4, 0.2


def write_corners(path, height: float = 0.8, *, deep: float = DEEP):
    """A splat at each corner of a box that stands on the ground, in the file's axes right, down, forward."""
    corners = [(x, -y, -z) for x in (-WIDE / 2, WIDE / 2) for y in (0.0, height) for z in (-deep / 2, deep / 2)]
    path.write_bytes(splat_files.ply([splat_files.Splat(place=place, scale=(0.02, 0.01, 0.005)) for place in corners]))
    return path


def of_splats(run):
    return run.messages.Piece(kind=run.messages.ResultKind.SPLATS)


@pytest.fixture
def story(owner, values, photo, as_with_a_window, monkeypatch, tmp_path, state):
    """A run that makes one thing of both kinds, as often as the test lets it."""
    rehearsal = Rehearsal(owner, monkeypatch)
    values.photo, values.names, values.engine, values.result = str(photo), "cup", "trellis", "both"
    rehearsal.folder = tmp_path
    begin(rehearsal)
    return rehearsal


def bring(run, index: int = 0, height: float = 0.8, *, deep: float = DEEP, mesh: bool = True, splats: bool = True) -> None:
    if mesh:
        run.mesh(index, write_box(run.folder / "cup.glb", WIDE, height, deep), textured=False)
    if splats:
        run.result(index, write_corners(run.folder / "cup.ply", height, deep=deep), piece=of_splats(run), stage=run.messages.Stage.SHAPE)
    if mesh:
        run.mesh(index, write_box(run.folder / "cup.glb", WIDE, height, deep), textured=True)


@pytest.fixture
def made(story):
    bring(story)
    story.finish()
    return story


def by_kind(run, index: int = 0) -> dict[str, bpy.types.Object]:
    return {obj["img23d_kind"]: obj for obj in placer(run).objects_of(run.job, index)}


def names() -> list[str]:
    return sorted(obj.name for obj in bpy.data.objects if obj.type == "MESH")


def corners(obj) -> np.ndarray:
    """Those of the object's own points, in the world: low and high."""
    bpy.context.view_layer.update()
    places = np.array([obj.matrix_world @ vertex.co for vertex in obj.data.vertices])
    return np.array([places.min(axis=0), places.max(axis=0)])


def stand_together(run, index: int = 0) -> bool:
    both = by_kind(run, index)
    return np.allclose(corners(both["mesh"]), corners(both["splats"]), atol=2e-4)


def sizes(obj) -> np.ndarray:
    found = np.empty(3 * len(obj.data.vertices), np.float32)
    obj.data.attributes["splat_scale"].data.foreach_get("vector", found)
    return found.reshape(-1, 3)


def choose(*objects: bpy.types.Object) -> None:
    bpy.ops.object.select_all(action="DESELECT")
    for obj in objects:
        obj.select_set(True)
    bpy.context.view_layer.objects.active = objects[0]


# --- the end of a run ---------------------------------------------------------------------------------------------------


def test_each_has_a_name_that_tells_it(made):
    both = by_kind(made)
    assert (both["mesh"].name, both["splats"].name, both["splats"].data.name) == ("cup", "cup splats", "cup splats")
    assert stand_together(made) and bpy.context.view_layer.objects.active == both["mesh"]
    assert set(bpy.context.selected_objects) == set(both.values())


def test_a_name_that_was_not_typed(story):
    story.job.targets[0].name = ""
    bring(story)
    story.finish()
    assert names() == ["Object", "Object splats"]


def test_the_list_of_results_counts_both(made):
    about = part("panels.results.results")._about(made.owner, made.job, 0)
    assert about[0].text == "cup, 100 faces, 100 splats"


def test_show_selects_both(made):
    both = by_kind(made)
    choose(both["splats"])
    assert bpy.ops.img23d.show_result(index=0) == {"FINISHED"}
    assert set(bpy.context.selected_objects) == set(both.values()) and bpy.context.object == both["mesh"]


def test_what_the_artist_deleted_of_it_can_be_brought_back_alone(made):
    mesh = by_kind(made)["mesh"]
    mesh.location = (3.0, 1.0, 0.0)
    bpy.data.objects.remove(by_kind(made)["splats"])
    made.owner.pump.is_stale = True
    made.tick(8)
    assert standing(made) == "PARTLY"
    assert bpy.ops.img23d.import_result(index=0) == {"FINISHED"}
    assert names() == ["cup", "cup splats"] and standing(made) == "IN_SCENE" and stand_together(made)
    assert mesh.location.x == pytest.approx(3.0) and bpy.context.object.name == "cup splats"


def test_all_of_a_past_run_comes_back(made):
    for obj in list(by_kind(made).values()):
        bpy.data.objects.remove(obj)
    made.tick(8)
    assert standing(made) == "GONE"
    assert bpy.ops.img23d.import_run() == {"FINISHED"}
    assert names() == ["cup", "cup splats"] and stand_together(made)


def test_where_solid_shading_hides_them_the_artist_is_offered_to_see_them(made):
    owner, looks = made.owner, part("panels.sidebar.look")._looks
    owner.standings = owner.applier.standings(made.job)
    offered = {}
    for kind, colours in (("SOLID", "MATERIAL"), ("SOLID", "TEXTURE"), ("MATERIAL", "TEXTURE")):
        view = SimpleNamespace(type="VIEW_3D", shading=SimpleNamespace(type=kind, color_type=colours))
        context = SimpleNamespace(space_data=view, screen=bpy.data.screens[0], area=bpy.data.screens[0].areas[0], scene=bpy.context.scene)
        offered[kind, colours] = [text for _operator, text, _icon, _is_on in looks(context, owner)]
    assert "Show the Splats" in offered["SOLID", "MATERIAL"] and "Show the Splats" in offered["SOLID", "TEXTURE"]
    assert "Show the Splats" not in offered["MATERIAL", "TEXTURE"]


@pytest.mark.parametrize(("before", "after"), [(("SOLID", "MATERIAL"), "MATERIAL"), (("SOLID", "OBJECT"), "SOLID"), (("WIREFRAME", "MATERIAL"), "WIREFRAME")])
def test_a_viewport_as_blender_begins_with_shows_them(before, after):
    shading = SimpleNamespace(type=before[0], color_type=before[1])
    part("scene.view.first_look").show_splats(shading)
    assert shading.type == after


def test_a_real_height_is_that_of_either(made):
    for kind in ("mesh", "splats"):
        choose(by_kind(made)[kind])
        assert bpy.ops.img23d.set_real_height(height=2.4) == {"FINISHED"}
        assert corners(by_kind(made)["mesh"])[1, 2] - corners(by_kind(made)["mesh"])[0, 2] == pytest.approx(2.4, rel=1e-3)
        assert stand_together(made)


# --- made again ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["mesh", "splats"])
def test_in_place_each_takes_the_place_of_its_own_kind(made, state, kind):
    both, state.again_place = by_kind(made), "IN_PLACE"
    uids = {one: obj.session_uid for one, obj in both.items()}
    for obj in both.values():
        obj.location = (1.0, 2.0, 0.0)
    both["mesh"].hide_set(kind == "splats")
    bpy.context.view_layer.update()
    choose(both[kind])
    assert bpy.ops.img23d.make_again(new_seed=True) == {"FINISHED"}
    made.tick()
    made.locate("cup")
    bring(made, height=1.6, deep=0.6)
    made.finish()
    again = by_kind(made)
    assert {one: obj.session_uid for one, obj in again.items()} == uids and names() == ["cup", "cup splats"]
    assert stand_together(made) and np.ptp(corners(again["mesh"])[:, 2]) == pytest.approx(0.8, rel=1e-3), "as high as before"
    assert np.ptp(corners(again["mesh"])[:, 1]) == pytest.approx(0.3, rel=1e-2), "and another one"
    assert np.allclose(sizes(again["splats"]), sizes(again["splats"])[0]) and np.allclose(sorted(sizes(again["splats"])[0]), [0.0025, 0.005, 0.01], rtol=1e-3)
    assert again["mesh"].hide_get() == (kind == "splats"), "what was hidden stays so"
    material = again["splats"].data.materials[0]
    (modifier,), nodes = again["splats"].modifiers, part("scene.splats.geometry_nodes")
    assert nodes.given(modifier, nodes.MATERIAL) == material and material.name == "cup splats"
    assert not [one for one in bpy.data.materials if not one.users] and len(bpy.data.meshes) == 2, "nothing is left over"


def test_beside_both_are_beside(made, state):
    state.again_place = "BESIDE"
    before = by_kind(made)
    choose(before["splats"])
    assert bpy.ops.img23d.make_again() == {"FINISHED"}
    made.tick()
    made.locate("cup")
    bring(made)
    made.finish()
    again = by_kind(made)
    assert len(names()) == 4 and stand_together(made)
    assert corners(again["splats"])[0, 0] > corners(before["mesh"])[1, 0]


@pytest.mark.parametrize(("before", "after"), [("mesh", "splats"), ("splats", "mesh")])
def test_a_result_of_another_kind_replaces_nothing(story, state, before, after):
    """Splats as a mesh's faces, or faces drawn as splats, would show nothing."""
    state.again_place = "IN_PLACE"
    bring(story, mesh=before == "mesh", splats=before == "splats")
    story.finish()
    (old,) = by_kind(story).values()
    choose(old)
    assert bpy.ops.img23d.make_again() == {"FINISHED"}
    story.tick()
    story.locate("cup")
    bring(story, mesh=after == "mesh", splats=after == "splats")
    story.finish()
    (new,) = by_kind(story).values()
    assert new != old and new["img23d_kind"] == after and old["img23d_kind"] == before
    assert corners(new)[0, 0] > corners(old)[1, 0] and bool(new.modifiers) == (after == "splats")


@pytest.mark.parametrize("place", ["IN_PLACE", "BESIDE"])
@pytest.mark.parametrize("kind", ["mesh", "splats"])
def test_of_variants_one_is_kept_with_its_splats(made, state, place, kind):
    original, state.again_place = by_kind(made), place
    for obj in original.values():
        obj.location = (1.0, 2.0, 0.0)
    bpy.context.view_layer.update()
    choose(original["mesh"])
    assert bpy.ops.img23d.make_again(variants=2) == {"FINISHED"}
    made.tick()
    made.locate("cup", "cup")
    for index in (0, 1):
        bring(made, index, height=1.6, deep=0.4 + 0.4 * index)
    made.finish(2)
    assert len(names()) == 6 and stand_together(made, 0) and stand_together(made, 1)
    choose(by_kind(made, 0)[kind])
    assert [obj["img23d_target"] for obj in part("scene.file.tags").variants_beside(bpy.context.object)] == [0, 1], "a row each"
    choose(by_kind(made, 1)[kind])
    assert bpy.ops.img23d.keep_variant() == {"FINISHED"}
    kept = by_kind(made, 1)
    assert set(bpy.context.selected_objects) == set(kept.values()) and stand_together(made, 1)
    assert not [obj for obj in bpy.data.objects if "img23d_choice" in obj]
    if place == "BESIDE":
        assert len(names()) == 4 and kept["mesh"] not in original.values()
        return
    assert kept == original and names() == ["cup", "cup splats"]
    assert np.ptp(corners(kept["splats"])[:, 2]) == pytest.approx(0.8, rel=1e-3) and np.ptp(corners(kept["splats"])[:, 1]) == pytest.approx(0.4, rel=1e-2)


def test_variants_of_a_mesh_alone_bring_their_splats_to_its_place(story, state):
    state.again_place = "IN_PLACE"
    bring(story, splats=False)
    story.finish()
    (cup,) = by_kind(story).values()
    cup.location = (1.0, 2.0, 0.0)
    bpy.context.view_layer.update()
    choose(cup)
    assert bpy.ops.img23d.make_again(variants=2) == {"FINISHED"}
    story.tick()
    story.locate("cup", "cup")
    for index in (0, 1):
        bring(story, index, height=1.6, deep=0.6)
    story.finish(2)
    choose(by_kind(story, 0)["mesh"])
    assert bpy.ops.img23d.keep_variant(index=1) == {"FINISHED"}
    kept = by_kind(story, 1)
    assert kept["mesh"] == cup and stand_together(story, 1) and kept["splats"].location[:] == cup.location[:]


# --- what is for meshes -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tool", ["make_quads", "add_levels", "retexture"])
def test_a_tool_for_faces_says_so_of_splats(made, tool):
    choose(by_kind(made)["splats"])
    with pytest.raises(RuntimeError, match="“cup splats” is made of Gaussian splats, which have no faces"):
        getattr(bpy.ops.img23d, tool)()


def test_with_both_selected_the_mesh_is_meant(made):
    both = by_kind(made)
    choose(both["splats"], both["mesh"])
    assert part("scene.mesh.chosen").chosen_meshes(bpy.context) == [both["mesh"]]
    assert part("operators.results.mesh_tools")._with_faces(bpy.context) == [both["mesh"]]


@pytest.mark.parametrize("scale", [(2.0, 2.0, 2.0), (3.0, 0.5, 1.0)], ids=["even", "uneven"])
def test_origin_and_scale_of_splats_move_nothing(made, scale):
    splats = by_kind(made)["splats"]
    choose(splats)
    splats.scale = scale
    before = corners(splats)
    assert bpy.ops.img23d.set_origin(place="MIDDLE") == {"FINISHED"} and np.allclose(corners(splats), before, atol=1e-5)
    seen, volume = sizes(splats), float(np.prod(sizes(splats)[0]))
    assert bpy.ops.img23d.apply_scale() == {"FINISHED"}
    assert np.allclose(corners(splats), before, atol=1e-5) and splats.scale[:] == (1.0, 1.0, 1.0)
    assert float(np.prod(sizes(splats)[0])) == pytest.approx(volume * float(np.prod(scale)), rel=1e-3)
    if len(set(scale)) == 1:
        assert np.allclose(np.sort(sizes(splats)), 2.0 * np.sort(seen), rtol=1e-4)


def test_splats_without_a_size_are_refused_by_a_sentence(made):
    splats = by_kind(made)["splats"]
    choose(splats)
    splats.scale = (1.0, 0.0, 1.0)
    with pytest.raises(RuntimeError, match="is scaled to nothing along one of its axes"):
        bpy.ops.img23d.apply_scale()


def test_quads_of_a_run_leave_splats_alone(owner, values, photo, as_with_a_window, monkeypatch, tmp_path, state):
    rehearsal = Rehearsal(owner, monkeypatch)
    values.photo, values.names, values.engine, values.result, values.quads = str(photo), "cup", "trellis", "splats", True
    rehearsal.folder = tmp_path
    begin(rehearsal)
    bring(rehearsal, mesh=False)
    rehearsal.finish()
    (splats,) = by_kind(rehearsal).values()
    assert splats.name == "cup" and not owner.applier.remesher.is_busy and not owner.applier.failures and not rehearsal.job.notes


def test_assets_of_both(made):
    choose(*by_kind(made).values())
    assert bpy.ops.img23d.mark_asset() == {"FINISHED"}
    assert all(obj.asset_data is not None for obj in by_kind(made).values())


# --- in a file ----------------------------------------------------------------------------------------------------------


def test_both_are_known_again_in_a_saved_file_although_the_artist_has_copied_them(made, tmp_path):
    copies = {}
    for kind, obj in by_kind(made).items():
        copies[kind] = obj.copy()
        bpy.context.scene.collection.objects.link(copies[kind])
        copies[kind].name = "a copy of the " + kind  # sorts before it
    path = str(tmp_path / "saved.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    assert {kind: obj.name for kind, obj in by_kind(made).items()} == {"mesh": "cup", "splats": "cup splats"}


def test_one_undo_takes_both_back(story):
    bpy.ops.ed.undo_push(message="before")
    bring(story)
    story.finish()
    assert names() == ["cup", "cup splats"]
    bpy.ops.ed.undo()
    assert names() == []
    bpy.ops.ed.redo()
    assert names() == ["cup", "cup splats"] and stand_together(story)
