"""Several selected meshes, one after the other; what an artist sees of it, and what happens in between."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
import pytest
from conftest import part
from drawing import drawn
from mesh_state import blocks, everything, indices, whole
from scripted import Rehearsal
from test_generate import generate
from test_retexture import retexture


@pytest.fixture
def three(owner):
    """Three selected cubes, "b" the active one, and a fourth that is not selected."""
    cubes = {}
    for name in "abcd":
        bpy.ops.mesh.primitive_cube_add(location=(len(cubes) * 3, 0, 0))
        cubes[name] = bpy.context.object
        cubes[name].name = name
    for name, cube in cubes.items():
        cube.select_set(name != "d")
    bpy.context.view_layer.objects.active = cubes["b"]
    return cubes


@pytest.fixture
def row(owner, values, photo, as_with_a_window, monkeypatch, tmp_path):
    """The row begun, and what the backend says told step by step."""
    return Row(owner, monkeypatch, values, photo, tmp_path)


class Row(Rehearsal):
    def __init__(self, owner, monkeypatch, values, photo, folder: Path) -> None:
        super().__init__(owner, monkeypatch)
        self._values, self._photo, self._folder = values, photo, folder

    def begin(self, **settings) -> None:
        assert retexture(self._values, self._photo, **settings) == {"FINISHED"}
        self.tick()

    @property
    def request(self):
        return self.link.said[-1]

    @property
    def asked(self) -> list[tuple[str, str]]:
        return [(type(message).__name__, getattr(message, "name", "")) for message in self.link.said]

    @property
    def progress(self) -> str:
        return self.owner.applier.retexturer.progress

    def layout(self) -> str:
        path = self._folder / "layout.npy"
        np.save(path, np.full((int(np.load(self.request.mesh)["corner_count"]), 2), 0.5, np.float32))
        return self.in_run(path)

    def paint(self) -> None:
        """As the backend answers a painting into a new layout."""
        self.link.say(self.messages.PaintReady(job=self.job.id, texture=self.in_run(self._photo), uv=self.layout()))
        self.finish()

    def fail(self) -> None:
        self.link.say(self.messages.Failed(job=self.job.id, code="photo_uniform", sentence="The picture has one colour."))
        self.tick()


def test_all_selected_meshes_get_the_texture_each_as_a_step_to_undo(values, photo, three):
    bpy.ops.ed.undo_push(message="before")
    before = [everything(cube) for cube in three.values()]
    assert retexture(values, photo) == {"FINISHED"}
    assert [everything(cube) for cube in three.values()] == before
    assert [set(indices(cube)) for cube in three.values()] == [{1}, {1}, {1}, {0}]
    assert bpy.ops.img23d.switch_texture() == {"FINISHED"}
    assert [set(indices(cube)) for cube in three.values()] == [{0}] * 4
    bpy.ops.ed.undo()
    assert {name for name in "abcd" if bpy.data.objects[name].data.uv_layers.get("Img23D")} == {"a", "b"}, "c came last"
    bpy.ops.ed.undo()
    bpy.ops.ed.undo()
    assert not bpy.data.materials and not bpy.data.images


def test_the_active_one_first_and_the_panel_says_which(row, three):
    panel = part("panels.tab").IMG23D_PT_retexture
    assert "img23d.retexture" in [name for name, _ in drawn(panel).buttons]
    assert part("panels.results.retexture")._button(part("scene.mesh.chosen").chosen_meshes(bpy.context)) == "Re-texture 3 Meshes"
    row.begin()
    assert row.progress == "Mesh 1 of 3: b" and row.progress in drawn(panel).said
    row.paint()
    row.paint()
    assert row.progress == "Mesh 3 of 3: c"
    row.paint()
    assert row.asked == [("Paint", "b"), ("Paint", "a"), ("Paint", "c")] and row.progress == ""
    assert [job.targets[0].name for job in row.owner.session.jobs] == ["c", "a", "b"]
    assert all(set(indices(three[name])) == {1} for name in "abc")
    assert bpy.ops.img23d.retexture.poll()


def test_one_that_fails_says_so_and_the_others_go_on(row, three):
    three["a"].data.vertices[0].co.x = float("nan")
    row.begin()
    row.fail()
    row.paint()
    assert row.asked == [("Paint", "b"), ("Paint", "c")]
    said = drawn(part("panels.tab").IMG23D_PT_retexture).said
    assert "b: The picture has one colour." in said and "a: Some vertices of “a” have no valid position" in said
    assert [bool(three[name].data.materials) for name in "abc"] == [False, False, True]


def test_a_script_reads_which_one_failed(values, photo, three, capfd):
    three["a"].data.vertices[0].co.x = float("nan")
    assert retexture(values, photo) == {"FINISHED"}
    assert "Warning: “a”: Some vertices" in capfd.readouterr().out


def test_cancel_stops_the_rest(row, three):
    row.begin()
    row.paint()
    assert bpy.ops.img23d.cancel() == {"FINISHED"}
    row.link.say(row.messages.Cancelled(job=row.job.id))
    row.tick()
    assert [name for name, _ in row.asked] == ["Paint", "Paint", "Cancel"]
    assert [bool(three[name].data.materials) for name in "abc"] == [False, True, False], "what is finished stays"
    assert bpy.ops.img23d.retexture.poll() and not bpy.ops.img23d.cancel.poll()


def test_between_two_meshes_it_waits_until_the_artist_leaves_edit_mode(row, three):
    row.begin()
    row.link.say(row.messages.PaintReady(job=row.job.id, texture=row.in_run(row._photo), uv=row.layout()))
    row.tick()
    bpy.context.view_layer.objects.active = three["d"]
    bpy.ops.object.mode_set(mode="EDIT")
    row.finish()
    assert row.owner.applier.waiting == "Waits until you leave Edit Mode." and bpy.ops.img23d.cancel.poll()
    bpy.ops.object.mode_set(mode="OBJECT")
    row.tick()
    assert row.asked == [("Paint", "b"), ("Paint", "a")] and not row.owner.applier.waiting


def test_cancel_while_it_waits(row, three):
    row.begin()
    bpy.context.view_layer.objects.active = three["d"]
    bpy.ops.object.mode_set(mode="EDIT")
    row.fail()
    assert bpy.ops.img23d.cancel() == {"FINISHED"}
    bpy.ops.object.mode_set(mode="OBJECT")
    row.tick()
    assert len(row.link.said) == 1 and bpy.ops.img23d.retexture.poll()


def test_another_file_opened_ends_the_row(row, three, empty_file):
    row.begin()
    bpy.ops.wm.open_mainfile(filepath=empty_file)
    row.paint()
    row.tick()
    assert len(row.link.said) == 1 and not row.owner.applier.is_busy and not bpy.data.materials


@pytest.fixture
def grown(three):
    """Only "b" is selected, and subdivided."""
    for name in "ac":
        three[name].select_set(False)
    three["b"].modifiers.new("Subdivision", "SUBSURF")
    return three["b"]


def test_modifiers_carry_a_layout_that_leaves_no_trace_before_the_end(row, grown):
    before = whole(grown)
    row.begin()
    assert row.asked == [("Unwrap", "b")] and whole(grown) == before
    row.link.say(row.messages.UvReady(job=row.job.id, uv=row.layout(), note="Laid out."))
    row.finish()
    assert row.asked == [("Unwrap", "b"), ("Paint", "b")] and row.request.uv == "given"
    file = np.load(row.request.mesh)
    assert len(file["triangles"]) == 2 * 6 * 4 and np.allclose(file["uv"], 0.5)
    assert whole(grown) == before and len(row.owner.session.jobs) == 1 and row.job.notes == ("Laid out.",)
    row.fail()
    assert whole(grown) == before and not row.owner.applier.is_busy


def test_changed_between_layout_and_painting_is_a_sentence(row, grown):
    row.begin()
    layout = row.layout()
    grown.data.clear_geometry()
    grown.data.from_pydata([(0, 0, 0), (1, 0, 0), (0, 0, 1)], [], [(0, 1, 2)])
    row.link.say(row.messages.UvReady(job=row.job.id, uv=layout))
    row.finish()
    assert len(row.link.said) == 1 and not row.owner.applier.is_busy
    assert "changed meanwhile" in row.owner.applier.failures[row.job.id, 0]


def test_an_object_of_ours_is_painted_with_its_own_picture(values, photo, owner, as_with_a_window, monkeypatch):
    monkeypatch.setattr(part("app.outcome"), "must_wait", lambda: True)
    generate(values, photo, "red ball")
    (ball,) = bpy.context.selected_objects
    values.photo = ""
    monkeypatch.setattr(part("app.outcome"), "must_wait", lambda: False)
    rehearsal = Rehearsal(owner, monkeypatch)
    panel = part("panels.tab").IMG23D_PT_retexture
    assert "the picture that “red ball” was made from" in drawn(panel).said
    retexture(values, "")
    rehearsal.tick()
    cutout = Path(rehearsal.link.said[-1].picture)
    assert cutout.name.endswith("_cutout.png") and cutout.is_file()
    rehearsal.link.say(rehearsal.messages.Failed(job=rehearsal.job.id, code="c", sentence="s"))
    rehearsal.tick()
    cutout.unlink()
    retexture(values, "")
    rehearsal.tick()
    assert rehearsal.link.said[-1].picture == str(photo), "the photo where the cut-out is gone"


def test_without_any_picture_it_says_so(values, three, owner):
    before = blocks()
    with pytest.raises(RuntimeError, match="No photo is chosen"):
        retexture(values, "")
    assert blocks() == before and not owner.session.jobs
