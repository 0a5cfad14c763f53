"""Several variants of an object side by side, of which one is kept."""

from __future__ import annotations

import itertools

import bpy
import numpy as np
import pytest
from boxes import write_box
from conftest import part
from drawing import drawn
from scripted import Rehearsal
from test_history import generate
from test_made import points, state  # noqa: F401
from test_made_again import begin, cube_at, meet, placer, room


@pytest.fixture
def run(owner, values, photo, as_with_a_window, monkeypatch, tmp_path, state):
    """A cup that was made and moved, and a run that makes three variants of it; each is a box of another depth."""
    rehearsal = Rehearsal(owner, monkeypatch)
    rehearsal.boxes = [write_box(tmp_path / f"{i}.glb", 0.4, 0.8, 0.3 + 0.1 * i) for i in range(4)]
    values.photo, values.names = str(photo), "cup"
    begin(rehearsal)
    rehearsal.mesh(0, rehearsal.boxes[0], textured=False)
    rehearsal.finish()
    cup = bpy.data.objects["cup"]
    cup.name, cup.location, cup.rotation_euler = "my cup", (1, 2, 0), (0, 0, 0.5)
    cup.modifiers.new("Bevel", "BEVEL")
    bpy.context.view_layer.update()
    bpy.context.view_layer.objects.active = cup
    return rehearsal


def ask(rehearsal, count: int = 3, *, done: bool = True) -> list[bpy.types.Object]:
    assert bpy.ops.img23d.make_again(variants=count) == {"FINISHED"}
    rehearsal.tick()
    rehearsal.locate(*["cup"] * count)
    for index in range(count):
        rehearsal.mesh(index, rehearsal.boxes[1 + index], textured=False)
    if done:
        rehearsal.finish(count)
    bpy.context.view_layer.update()
    return [placer(rehearsal).object_of(rehearsal.job, index) for index in range(count)]


def names() -> list[str]:
    return sorted(obj.name for obj in bpy.data.objects if obj.type == "MESH")


def depth(obj) -> float:
    return float(np.ptp(points(obj)[:, 1]))


def test_they_stand_side_by_side_clear_of_everything(run):
    walls = [cube_at(3.1, 2.0), cube_at(1.0, 4.2)]
    bpy.context.view_layer.objects.active = bpy.data.objects["my cup"]
    several = ask(run)
    assert run.job.request.variants == 3 and run.job.request.varies
    for one, other in itertools.combinations([*several, *walls, bpy.data.objects["my cup"]], 2):
        assert not meet(one, other), (one.name, other.name)
    assert all(one.rotation_euler.z == pytest.approx(0.5) and room(one)[0][2] == pytest.approx(0, abs=1e-4) for one in several)
    assert set(bpy.context.selected_objects) == set(several)


@pytest.mark.parametrize("place", ["IN_PLACE", "BESIDE"])
def test_one_is_kept_and_the_others_go(run, state, place):
    state.again_place = place
    several = ask(run)
    before, uid = bpy.data.objects["my cup"].matrix_basis.copy(), bpy.data.objects["my cup"].session_uid
    wanted, height = depth(several[1]), bpy.data.objects["my cup"].dimensions.z
    bpy.context.view_layer.objects.active = several[0]
    assert bpy.ops.img23d.keep_variant(index=1) == {"FINISHED"}
    cup = bpy.data.objects["my cup"]
    assert cup.session_uid == uid and cup.matrix_basis == before and cup.modifiers.keys() == ["Bevel"]
    if place == "IN_PLACE":
        assert names() == ["my cup"] and depth(cup) == pytest.approx(wanted) and cup["img23d_run"] == run.job.id
        assert cup["img23d_seed"] == run.job.request.seed + 1 and cup.dimensions.z == pytest.approx(height, rel=1e-3)
        assert bpy.context.selected_objects == [cup] and bpy.context.object == cup
    else:
        assert names() == ["cup.001", "my cup"] and depth(cup) == pytest.approx(0.3)
        assert depth(bpy.data.objects["cup.001"]) == pytest.approx(wanted)
    assert not any("img23d_choice" in obj for obj in bpy.data.objects)
    assert len(bpy.data.meshes) == len(names()), "nothing is left over"
    assert placer(run).standings(run.job)[1].name == "IN_SCENE"


def test_keeping_is_one_undo_step(run, state):
    several = ask(run)
    bpy.ops.ed.undo_push(message="before")
    bpy.context.view_layer.objects.active = several[2]
    assert bpy.ops.img23d.keep_variant() == {"FINISHED"}
    bpy.ops.ed.undo_push(message="after")
    bpy.ops.ed.undo()
    assert names() == ["cup", "cup.001", "cup.002", "my cup"] and depth(bpy.data.objects["my cup"]) == pytest.approx(0.3)
    assert all(placer(run).standings(run.job)[index].name == "IN_SCENE" for index in range(3))
    bpy.context.view_layer.objects.active = bpy.data.objects["cup"]
    assert bpy.ops.img23d.keep_variant() == {"FINISHED"}
    assert names() == ["my cup"] and depth(bpy.data.objects["my cup"]) == pytest.approx(0.4)


@pytest.mark.parametrize("change", ["edited", "deleted"])
def test_what_the_artist_did_to_the_original_meanwhile_is_not_lost(run, change):
    several = ask(run)
    cup = bpy.data.objects["my cup"]
    if change == "edited":
        cup.data.vertices[0].co.x -= 0.1
        corner = tuple(cup.data.vertices[0].co)
    else:
        bpy.data.objects.remove(cup)
    bpy.context.view_layer.objects.active = several[1]
    assert bpy.ops.img23d.keep_variant() == {"FINISHED"}
    assert names() == (["cup.001", "my cup"] if change == "edited" else ["cup.001"])
    if change == "edited":
        assert tuple(bpy.data.objects["my cup"].data.vertices[0].co) == corner


def test_nothing_is_kept_before_all_are_made(run):
    several = ask(run, done=False)
    bpy.context.view_layer.objects.active = several[0]
    assert not bpy.ops.img23d.keep_variant.poll()
    run.finish(3)
    assert bpy.ops.img23d.keep_variant.poll()


def test_all_can_be_kept(run):
    several = ask(run)
    bpy.context.view_layer.objects.active = several[0]
    assert bpy.ops.img23d.keep_variants() == {"FINISHED"}
    assert names() == ["cup", "cup.001", "cup.002", "my cup"]
    assert not bpy.ops.img23d.keep_variant.poll()


def test_the_choice_survives_saving_and_opening(run, tmp_path):
    ask(run)
    path = str(tmp_path / "saved.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    run.owner.session.jobs.clear()
    bpy.context.view_layer.objects.active = bpy.data.objects["cup.001"]
    assert bpy.ops.img23d.keep_variant() == {"FINISHED"}
    assert names() == ["my cup"] and depth(bpy.data.objects["my cup"]) == pytest.approx(0.5)


def test_the_panel_has_a_button_for_each(run, state):
    panel = part("panels.tab").IMG23D_PT_variants
    assert not panel.poll(bpy.context)
    several = ask(run)
    bpy.context.view_layer.objects.active = several[0]
    assert panel.poll(bpy.context)
    layout = drawn(panel)
    assert layout.pressed("img23d.keep_variant") == [{"index": index, "run": run.job.id} for index in range(3)]
    assert all(name in layout.said for name in ("cup", "cup.001", "cup.002"))
    state.again_variants = 4
    assert {"new_seed": True, "with_panel": False, "variants": 4} in drawn(part("panels.tab").IMG23D_PT_made).pressed("img23d.make_again")
    state.again_variants = 1


def test_real_variants_of_the_preview_engine_are_different_solids(photo, state):
    (ball,) = generate(photo, "red ball")
    bpy.context.view_layer.objects.active = ball
    state.again_place = "BESIDE"
    assert bpy.ops.img23d.make_again(variants=3) == {"FINISHED"}
    several = sorted((obj for obj in bpy.data.objects if "img23d_choice" in obj), key=lambda obj: obj["img23d_target"])
    depths = [depth(one) for one in (ball, *several)]
    assert len(several) == 3
    assert min(abs(np.log(a / b)) for a, b in itertools.combinations(depths, 2)) > np.log(1.08)
    kept = several[2]
    before = points(kept)
    bpy.context.view_layer.objects.active = kept
    assert bpy.ops.img23d.keep_variant() == {"FINISHED"}
    assert bpy.ops.img23d.make_again() == {"FINISHED"}
    again = next(obj for obj in bpy.data.objects if obj.type == "MESH" and obj not in (ball, kept))
    assert np.array_equal(points(again), before), "the same seed gives the same variant"
