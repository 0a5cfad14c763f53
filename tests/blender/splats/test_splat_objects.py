"""Files of splats become objects by the operators, and objects become files again with their transform."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
from conftest import part
from mathutils import Euler, Matrix
from splat_files import Splat, about, opened_ply, opened_spz, ply, ply_values, spz
from splat_maths import RDF, added, covariance

FIELD = [
    Splat(
        place=(0.1 * i, 0.2 - 0.05 * i, 0.3 * (i % 3)),
        scale=(0.02, 0.05 + 0.01 * i, 0.004),
        turn=about((0.2, 1.0, 0.1 * i), 25.0 * i),
        opacity=0.05 + 0.1 * i,
        color=(0.1 * i - 0.1, 0.4, 1.2 - 0.1 * i),  # files have some below black and above white
        rest=((0.1, 0.2, -0.1), (0.3, 0.0, 0.05 * i), (-0.2, 0.1, 0.0)),
    )
    for i in range(9)
]


@pytest.fixture
def import_file(owner, tmp_path):
    def import_file(data: bytes, name: str = "my thing.ply", **more) -> bpy.types.Object:
        (tmp_path / name).write_bytes(data)
        assert bpy.ops.img23d.import_splats("EXEC_DEFAULT", True, filepath=str(tmp_path / name), **more) == {"FINISHED"}
        return bpy.context.object

    return import_file


@pytest.fixture
def exported(tmp_path):
    def exported(name: str = "out.ply") -> bytes:
        assert bpy.ops.img23d.export_splats("EXEC_DEFAULT", True, filepath=str(tmp_path / name)) == {"FINISHED"}
        return (tmp_path / name).read_bytes()

    return exported


def bodies(obj: bpy.types.Object) -> bpy.types.Mesh:
    return obj.evaluated_get(bpy.context.evaluated_depsgraph_get()).data


def forms(rows: list[dict[str, float]]) -> list[np.ndarray]:
    """In the file's axes."""
    return [covariance(np.exp([row[f"scale_{i}"] for i in range(3)]), [row[f"rot_{i}"] for i in range(4)]) for row in rows]


def places(rows: list[dict[str, float]]) -> np.ndarray:
    return np.array([[row[name] for name in "xyz"] for row in rows])


def test_an_import_is_one_selected_object(import_file):
    obj = import_file(ply(FIELD))
    assert obj.name == "my thing" and bpy.context.selected_objects == [obj]
    assert tuple(obj.location) == (0.0, 0.0, 0.0) and len(obj.data.vertices) == len(FIELD)
    assert np.allclose([v.co for v in obj.data.vertices], [RDF @ one.place for one in FIELD], atol=1e-6)
    color = obj.data.attributes["splat_color"].data[5].color
    assert color[3] == pytest.approx(FIELD[5].opacity, abs=1e-6)
    assert color[1] == pytest.approx(((0.4 + 0.055) / 1.055) ** 2.4, abs=1e-5), "scene linear (IEC 61966-2-1)"
    assert {"splat_scale", "splat_rotation"} <= set(obj.data.attributes.keys())


def test_the_bodies_carry_no_more_than_they_need(import_file):
    """Each attribute counts six times a splat."""
    mesh = bodies(import_file(ply(FIELD)))
    assert len(mesh.vertices) == 6 * len(FIELD)
    assert not {name for name in mesh.attributes.keys() if name.startswith(("splat_sh", "splat_rank", "splat_scale", "splat_rotation"))}
    assert [one.name for one in mesh.materials if one is not None] == ["my thing"]


def test_every_body_holds_its_splat(import_file):
    """To three standard deviations: no point of the splat's ellipsoid lies outside of the body's faces."""
    mesh = bodies(import_file(ply(FIELD)))
    points = np.array([vertex.co for vertex in mesh.vertices]).reshape(len(FIELD), 6, 3)
    for one, corners in zip(FIELD, points, strict=True):
        middle = RDF @ one.place
        assert np.allclose(corners.mean(axis=0), middle, atol=1e-5)
        spread = np.linalg.inv(RDF @ covariance(one.scale, one.turn) @ RDF.T)
        away = np.array([np.sqrt((corner - middle) @ spread @ (corner - middle)) for corner in corners])
        assert np.allclose(away, 3.0 * np.sqrt(3.0), rtol=1e-3), "the corners of the octahedron about the sphere of three"


def test_undo_takes_it_back_in_one_step(import_file, tmp_path):
    bpy.ops.ed.undo_push(message="before")
    import_file(ply(FIELD))
    assert len(bpy.data.objects) == 1
    bpy.ops.ed.undo()
    assert not bpy.data.objects


def test_two_imports_share_the_group_and_no_material(import_file):
    one, other = import_file(ply(FIELD)), import_file(spz(FIELD, 4), "other.spz")
    assert one.modifiers[0].node_group == other.modifiers[0].node_group
    assert one.data.materials[0] != other.data.materials[0]


def test_cycles_looks_through_many(import_file):
    import_file(ply(FIELD))
    assert bpy.context.scene.cycles.transparent_max_bounces == 256
    bpy.context.scene.cycles.transparent_max_bounces = 1000
    import_file(ply(FIELD))
    assert bpy.context.scene.cycles.transparent_max_bounces == 1000


# --- how many are shown ---------------------------------------------------------------------------------------------------


@pytest.fixture
def many(monkeypatch):
    monkeypatch.setattr(part("scene.splats.importer"), "MOST_SHOWN", 50)
    return [Splat(place=(i % 10, i // 10, 0.0), scale=(0.3, 0.3, 0.3) if i % 10 == 3 else (0.01, 0.01, 0.01)) for i in range(200)]


def test_more_than_a_viewport_holds_are_thinned_with_a_note(import_file, many, exported):
    obj = import_file(ply(many))
    shown = bodies(obj)
    assert len(obj.data.vertices) == 200 and len(shown.vertices) == 6 * 50
    assert "25 %" in part("scene.splats.importer").thinned_note(obj)
    assert len(opened_ply(exported())) == 200, "all of them are kept"
    middles = np.array([vertex.co for vertex in shown.vertices]).reshape(50, 6, 3).mean(axis=1)
    assert (np.abs(middles[:, 0] - 3.0) < 0.01).sum() >= 19, "those that are seen most come first"


def test_fewer_are_shown_larger(import_file, many):
    obj = import_file(ply(many))
    extent = np.array([vertex.co for vertex in bodies(obj).vertices]).reshape(-1, 6, 3)
    sides = np.ptp(extent, axis=1).max(axis=1)
    assert sides.max() == pytest.approx(2 * 0.3 * 3 * 3**0.5 * 0.25 ** (-1 / 3), rel=0.01)


def test_viewport_and_render_have_a_density_of_their_own(import_file, tmp_path):
    obj = import_file(ply(FIELD))
    importer, nodes = part("scene.splats.importer"), part("scene.splats.geometry_nodes")
    assert importer.density(obj) == (100.0, 100.0) and importer.thinned_note(obj) == ""
    sockets = [item for item in obj.modifiers[0].node_group.interface.items_tree if item.in_out == "INPUT"]
    assert [one.subtype for one in sockets[1:3]] == ["PERCENTAGE"] * 2
    nodes.give(obj.modifiers[0], nodes.VIEWPORT, 34.0)
    obj.update_tag()
    assert len(bodies(obj).vertices) == 6 * 4, "the 3.06 lowest ranks of 9"
    assert importer.density(obj) == (34.0, 100.0)


# --- export ---------------------------------------------------------------------------------------------------------------


def test_what_comes_in_goes_out(import_file, exported):
    import_file(ply(FIELD))
    rows = opened_ply(exported())
    for row, one in zip(rows, FIELD, strict=True):
        for name, value in ply_values(one).items():
            if not name.startswith("rot"):
                assert row[name] == pytest.approx(value, abs=3e-5), name
    assert np.allclose(forms(rows), [covariance(one.scale, one.turn) for one in FIELD], atol=1e-6)


@pytest.mark.parametrize("scale", [(2.0, 2.0, 2.0), (3.0, 0.5, 1.0), (-1.0, 1.0, 1.0)], ids=["even", "uneven", "mirrored"])
def test_the_transform_is_applied(import_file, exported, scale):
    obj = import_file(ply(FIELD))
    obj.location, obj.rotation_euler, obj.scale = (1.0, -2.0, 0.5), (0.7, -0.4, 1.9), scale
    own = np.array(Euler((0.7, -0.4, 1.9)).to_matrix()) @ np.diag(scale)
    linear = RDF.T @ own @ RDF  # seen from the file's axes
    rows = opened_ply(exported())
    assert np.allclose(places(rows), [linear @ one.place + RDF.T @ (1.0, -2.0, 0.5) for one in FIELD], atol=1e-5)
    for now, one in zip(forms(rows), FIELD, strict=True):
        was = linear @ covariance(one.scale, one.turn) @ linear.T
        assert np.abs(now - was).max() < 1e-5 * np.trace(was)


def test_a_needle_lies_in_the_file_as_in_the_scene(import_file, exported):
    """Along the scene's x, then turned by 30 degrees about the upright axis: its far end points away from the viewer, forward in a PLY."""
    obj = import_file(ply([Splat(scale=(1.0, 0.01, 0.01))]))
    obj.rotation_euler.z = np.radians(30)
    (form,) = forms(opened_ply(exported()))
    long = np.linalg.eigh(form)[1][:, 2]
    assert np.allclose(long * np.sign(long[0]), (np.cos(np.radians(30)), 0.0, 0.5), atol=1e-4)


def test_the_turn_takes_the_view_dependent_colours_along(import_file, exported):
    obj = import_file(ply(FIELD))
    obj.rotation_euler = (0.3, 1.1, -0.8)
    turn = RDF.T @ np.array(Euler((0.3, 1.1, -0.8)).to_matrix()) @ RDF
    for row, one in zip(opened_ply(exported()), FIELD, strict=True):
        rest = np.array([[row[f"f_rest_{channel * 3 + k}"] for channel in range(3)] for k in range(3)])
        direction = np.array((0.36, -0.48, 0.8))
        assert np.allclose(added(rest, turn @ direction), added(one.rest, direction), atol=1e-5)


def test_parents_count(import_file, exported):
    obj = import_file(ply(FIELD))
    empty = bpy.data.objects.new("above", None)
    bpy.context.scene.collection.objects.link(empty)
    empty.matrix_world = Matrix.Translation((0.0, 0.0, 5.0))
    obj.parent = empty
    assert np.allclose(places(opened_ply(exported()))[:, 1], [one.place[1] - 5.0 for one in FIELD], atol=1e-5), "down is positive"


def test_several_objects_become_one_file(import_file, exported):
    one, other = import_file(ply(FIELD)), import_file(ply([Splat(color=(1.0, 0.0, 0.0))]))
    one.select_set(True)
    rows = opened_ply(exported())
    assert len(rows) == 10 and bpy.context.selected_objects == [one, other]
    assert rows[9]["f_rest_0"] == 0.0


def test_a_scene_in_centimetres(import_file, exported):
    bpy.context.scene.unit_settings.scale_length = 0.01
    obj = import_file(ply(FIELD))
    assert np.allclose(obj.data.vertices[4].co, 100.0 * RDF @ FIELD[4].place, atol=1e-4)
    assert np.allclose(places(opened_ply(exported())), [one.place for one in FIELD], atol=1e-5)


def test_spz_comes_back(import_file, exported, tmp_path):
    import_file(ply(FIELD))
    found = opened_spz(exported("out.spz"))
    assert np.allclose(found["place"], [(one.place[0], -one.place[1], -one.place[2]) for one in FIELD], atol=1e-5)
    again = import_file((tmp_path / "out.spz").read_bytes(), "again.spz")
    assert np.allclose([v.co for v in again.data.vertices], [RDF @ one.place for one in FIELD], atol=1e-5)


def test_saved_and_opened_it_is_the_same(import_file, exported, tmp_path):
    import_file(ply(FIELD))
    before = exported()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "a.blend"))
    assert len(bodies(bpy.context.object).vertices) == 6 * len(FIELD)
    assert exported() == before


# --- what is refused ------------------------------------------------------------------------------------------------------


def test_an_ordinary_mesh_is_left_to_blender(owner, tmp_path):
    bpy.ops.mesh.primitive_cube_add()
    bpy.ops.wm.ply_export(filepath=str(tmp_path / "cube.ply"))
    with pytest.raises(RuntimeError, match="File > Import > Stanford PLY"):
        bpy.ops.img23d.import_splats("EXEC_DEFAULT", True, filepath=str(tmp_path / "cube.ply"))
    assert len(bpy.data.objects) == 1 and not bpy.data.node_groups


def test_of_several_files_the_readable_ones_come(owner, tmp_path):
    (tmp_path / "a.ply").write_bytes(ply(FIELD))
    (tmp_path / "b.spz").write_bytes(b"nothing")
    (tmp_path / "c.spz").write_bytes(spz(FIELD, 2))
    files = [{"name": name} for name in ("a.ply", "b.spz", "c.spz")]
    assert bpy.ops.img23d.import_splats("EXEC_DEFAULT", True, directory=str(tmp_path), files=files) == {"FINISHED"}
    assert sorted(obj.name for obj in bpy.context.selected_objects) == ["a", "c"]


def test_a_flat_scale_is_said(import_file, exported):
    import_file(ply(FIELD)).scale.z = 0.0
    with pytest.raises(RuntimeError, match="scaled to nothing"):
        exported()


def test_a_folder_that_is_not_there(import_file, tmp_path):
    import_file(ply(FIELD))
    with pytest.raises(RuntimeError, match="choose another"):
        bpy.ops.img23d.export_splats("EXEC_DEFAULT", True, filepath=str(tmp_path / "gone" / "a.ply"))


def test_export_needs_splats(owner):
    bpy.ops.mesh.primitive_cube_add()
    assert not bpy.ops.img23d.export_splats.poll()


@pytest.mark.parametrize(("up", "axes"), [("Y_DOWN", RDF), ("Y_UP", [(1, 0, 0), (0, 0, -1), (0, 1, 0)]), ("Z_UP", np.eye(3))])
def test_another_axis_may_point_up(import_file, up, axes):
    obj = import_file(ply(FIELD), up=up)
    assert np.allclose(obj.data.vertices[4].co, np.array(axes) @ FIELD[4].place, atol=1e-6)


def test_the_placer_gets_the_object(owner, tmp_path):
    (tmp_path / "splats.ply").write_bytes(ply(FIELD))
    importer, windows = part("scene.splats.importer"), part("scene.file.windows")
    collection = bpy.data.collections.new("run")
    bpy.context.scene.collection.children.link(collection)
    obj = importer.import_splats(str(tmp_path / "splats.ply"), windows.workplace_of(bpy.context.scene), collection)
    assert list(obj.users_collection) == [collection] and obj.matrix_basis == Matrix() and not bpy.context.selected_objects


def test_search_and_the_file_menu_offer_both(owner):
    shown = []

    class Layout:
        def operator(self, name, text):
            shown.append((name, text))

    menu = type("Menu", (), {"layout": Layout()})()
    menus = part("panels.menus")
    menus._draw_in_import(menu, bpy.context)
    menus._draw_in_export(menu, bpy.context)
    assert shown == [("img23d.import_splats", "Gaussian Splats (.ply/.spz)"), ("img23d.export_splats", "Gaussian Splats (.ply/.spz)")]


def test_what_is_dropped_is_imported_at_once(import_file, tmp_path):
    """As Blender calls it (WM_OT_drop_import_file): with the path, the folder and the names, and as if a button was pressed."""
    (tmp_path / "a.ply").write_bytes(ply(FIELD))
    done = bpy.ops.img23d.import_splats("INVOKE_DEFAULT", filepath=str(tmp_path / "a.ply"), directory=str(tmp_path), files=[{"name": "a.ply"}])
    assert done == {"FINISHED"} and bpy.context.object.name == "a"
    handler = bpy.types.IMG23D_FH_splats
    assert handler.bl_import_operator == "img23d.import_splats" and handler.bl_file_extensions == ".ply;.spz"


def test_an_import_leaves_nothing_behind_where_the_file_is_refused(owner, tmp_path):
    (tmp_path / "a.ply").write_bytes(ply(FIELD)[:-1])
    with pytest.raises(RuntimeError, match="ends in the middle"):
        bpy.ops.img23d.import_splats("EXEC_DEFAULT", True, filepath=str(tmp_path / "a.ply"))
    assert not (len(bpy.data.objects) or len(bpy.data.meshes) or len(bpy.data.materials) or len(bpy.data.node_groups))
