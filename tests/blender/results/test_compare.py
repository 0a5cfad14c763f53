"""One thing made by several engines, side by side with what each took, of which one is kept."""

from __future__ import annotations

import itertools

import bpy
import pytest
from conftest import part
from drawing import drawn
from test_made import state  # noqa: F401
from test_made_again import cube_at, meet, placer
from test_variants import depth, names, run  # noqa: F401  (a cup of 0.4 x 0.8 x 0.3 m that the preview engine made, now “my cup”)

OTHERS = ("light", "trellis")  # ready, beside the preview engine
SIZES = ({"memory_bytes": 1_234_000_000}, {"memory_bytes": 2_500_000_000, "card_bytes": 3_700_000_000})


@pytest.fixture
def engines(owner, run):
    messages = run.messages
    known = owner.session.engines
    owner.session.engines = tuple(
        messages.EngineInfo(id=one, label=one, ready=one in ("preview", *OTHERS)) for one in ("preview", "hunyuan3d", "trellis", "light")
    )
    yield owner.session.engines
    owner.session.engines = known


def jobs_of_the_press(run) -> list:
    """The running one, and those that wait."""
    return [run.job.request, *(job.making for job in run.owner.applier.queue.waiting)]


def ask(run, *chosen: str) -> None:
    assert bpy.ops.img23d.compare_engines(engines=set(chosen)) == {"FINISHED"}
    run.tick()


def make(run, number: int) -> bpy.types.Object:
    """The running job to its end; the next one begins."""
    job = run.job
    run.locate("cup")
    run.mesh(0, run.boxes[1 + number], textured=False)
    obj = placer(run).object_of(job, 0)
    run.finish(**SIZES[number])
    bpy.context.view_layer.update()
    return obj


def compared(run) -> list[bpy.types.Object]:
    ask(run, *OTHERS)
    return [make(run, 0), make(run, 1)]


def test_each_engine_makes_the_same_thing_of_the_same_photo(run, engines):
    cup = bpy.data.objects["my cup"]
    seed, photo = cup["img23d_seed"], cup["img23d_photo"]
    ask(run, *OTHERS)
    requests = jobs_of_the_press(run)
    assert sorted(one.engine for one in requests) == sorted(OTHERS) and {(one.seed, one.photo) for one in requests} == {(seed, photo)}
    assert {tuple(one.wanted) for one in requests} == {requests[0].wanted} and requests[0].wanted[0].box is not None


def test_they_stand_side_by_side_clear_of_everything(run, engines):
    walls = [cube_at(3.1, 2.0), cube_at(1.0, 4.2)]
    bpy.context.view_layer.objects.active = bpy.data.objects["my cup"]
    several = compared(run)
    for one, other in itertools.combinations([*several, *walls, bpy.data.objects["my cup"]], 2):
        assert not meet(one, other), (one.name, other.name)


def test_all_of_them_are_shown_at_the_end(run, engines):
    several = compared(run)
    assert set(bpy.context.selected_objects) == {*several, bpy.data.objects["my cup"]}


def test_the_panel_says_what_each_took_and_has_a_button_for_each(run, engines):
    several = compared(run)
    panel = part("panels.tab").IMG23D_PT_variants
    bpy.context.view_layer.objects.active = several[0]
    layout = drawn(panel)
    ids = [bpy.data.objects["my cup"]["img23d_run"], *(obj["img23d_run"] for obj in several)]
    assert layout.pressed("img23d.keep_variant") == [{"index": 0, "run": one} for one in ids]
    made_by = {job.id: job.request.engine for job in run.owner.session.jobs}
    assert [made_by[one] for one in ids[1:]] == [one.id for one in engines if one.id in OTHERS]
    for said in ("Preview (built in)", "TRELLIS", "Light", "1.2 GB memory", "2.5 GB memory", "3.7 GB graphics memory", "about "):
        assert said in layout.said, (said, layout.texts)


@pytest.mark.parametrize("number", [0, 1])
def test_the_one_that_is_kept_takes_the_things_place(run, engines, number):
    several = compared(run)
    cup = bpy.data.objects["my cup"]
    before, uid, wanted, made_by = cup.matrix_basis.copy(), cup.session_uid, depth(several[number]), several[number]["img23d_run"]
    bpy.context.view_layer.objects.active = several[1 - number]
    assert bpy.ops.img23d.keep_variant(index=0, run=made_by) == {"FINISHED"}
    cup = bpy.data.objects["my cup"]
    assert names() == ["my cup"] and cup.session_uid == uid and cup.matrix_basis == before and cup.modifiers.keys() == ["Bevel"]
    assert depth(cup) == pytest.approx(wanted) and cup["img23d_run"] == made_by
    assert not any(tag in cup for tag in ("img23d_choice", "img23d_compared"))
    assert len(bpy.data.meshes) == 1, "nothing is left over"


def test_what_was_there_can_be_kept(run, engines):
    compared(run)
    bpy.context.view_layer.objects.active = bpy.data.objects["my cup"]
    assert bpy.ops.img23d.keep_variant() == {"FINISHED"}
    cup = bpy.data.objects["my cup"]
    assert names() == ["my cup"] and depth(cup) == pytest.approx(0.3) and "img23d_choice" not in cup and "img23d_compared" not in cup


def test_all_can_be_kept(run, engines):
    several = compared(run)
    bpy.context.view_layer.objects.active = several[0]
    assert bpy.ops.img23d.keep_variants() == {"FINISHED"}
    assert len(names()) == 3 and not any("img23d_choice" in obj for obj in bpy.data.objects)


def test_what_the_artist_did_to_it_meanwhile_is_not_lost(run, engines):
    several = compared(run)
    cup = bpy.data.objects["my cup"]
    cup.data.vertices[0].co.x -= 0.1
    corner = tuple(cup.data.vertices[0].co)
    bpy.context.view_layer.objects.active = several[1]
    assert bpy.ops.img23d.keep_variant() == {"FINISHED"}
    assert len(names()) == 2 and tuple(bpy.data.objects["my cup"].data.vertices[0].co) == corner
    assert not any("img23d_choice" in obj for obj in bpy.data.objects)


def test_nothing_is_kept_before_all_are_made(run, engines):
    ask(run, *OTHERS)
    first = make(run, 0)
    bpy.context.view_layer.objects.active = first
    assert not bpy.ops.img23d.keep_variant.poll()
    make(run, 1)
    bpy.context.view_layer.objects.active = first
    assert bpy.ops.img23d.keep_variant.poll()


def test_one_that_fails_leaves_the_others(run, engines):
    ask(run, *OTHERS)
    run.link.say(run.messages.Failed(job=run.job.id, code="out_of_memory", sentence="The graphics card has too little memory."))
    run.tick()
    second = make(run, 1)
    bpy.context.view_layer.objects.active = second
    assert bpy.ops.img23d.keep_variant() == {"FINISHED"} and names() == ["my cup"]


@pytest.mark.parametrize("ready", [("preview",), ("preview", "hunyuan3d", "trellis", "light")])
def test_it_needs_another_engine_and_a_thing(run, owner, engines, ready):
    owner.session.engines = tuple(run.messages.EngineInfo(id=one, label=one, ready=True) for one in ready)
    assert bpy.ops.img23d.compare_engines.poll() is (len(ready) > 1)
    bpy.context.view_layer.objects.active = cube_at(5.0, 5.0)
    assert not bpy.ops.img23d.compare_engines.poll()


def test_no_engine_chosen_is_one_sentence(run, engines):
    with pytest.raises(RuntimeError, match="Choose at least one engine"):
        bpy.ops.img23d.compare_engines(engines=set())
    assert len(run.owner.session.jobs) == 1
