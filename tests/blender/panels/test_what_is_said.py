"""What the panel says is true and about what is on screen, names can be read, and what fails goes on by the button that is named."""

from __future__ import annotations

import re
from types import SimpleNamespace

import blf
import bpy
import numpy as np
import pytest
from conftest import part
from drawing import Layout, drawn
from scripted import Rehearsal
from setup_stage import TENCENT, SetupStage


@pytest.fixture
def run(owner, values, photo, as_with_a_window, monkeypatch):
    rehearsal = Rehearsal(owner, monkeypatch)
    values.photo, values.names = str(photo), "cup, bowl, lamp"
    assert bpy.ops.img23d.generate() == {"FINISHED"}
    rehearsal.tick()
    rehearsal.locate("cup", "bowl", "lamp")
    return rehearsal


def main() -> Layout:
    return drawn(part("panels.tab").IMG23D_PT_main)


def results() -> Layout:
    return drawn(part("panels.tab").IMG23D_PT_results)


# --- true and current -----------------------------------------------------------------------------------------------


def test_an_old_error_does_not_stand_beside_a_new_photo(run, values, pictures):
    run.link.say(run.messages.Failed(job=run.job.id, code="no_region", sentence="Nothing in the photo looks like that."))
    run.tick()
    assert "Nothing in the photo looks like that." in main().said
    values.photo = str(pictures / "another.png")
    assert "Nothing in the photo looks like that." not in main().said
    assert "Nothing in the photo looks like that." in results().said, "it is about that run, which is listed there"


def test_not_made_never_stands_beside_finished(run):
    job = run.job
    for target in job.targets[:2]:
        target.add(part("core.jobs").Result(path="/m.glb"))
    run.finish(made=2)
    run.owner.standings = {}
    said = results().said
    assert "2 of 3 made in" in said and "Finished" not in said
    job.targets[2].add(part("core.jobs").Result(path="/m.glb"))
    said = results().said
    assert "Finished in" in said and "Not made" not in said, "the scene was not looked through yet"


def test_the_picture_is_of_the_thing_that_is_worked_on(run, monkeypatch):
    m, job = run.messages, run.job
    monkeypatch.setattr(run.owner.thumbnails, "icon", lambda path: int(bool(path)))
    for index in range(3):
        run.link.say(m.CutoutReady(job=job.id, target=index, file=f"cut{index}.png"))
    run.tick(2)
    for index in (1, 0, 2):
        run.link.say(m.Progress(job=job.id, stage=m.Stage.SHAPE, target=index, fraction=0.5))
        run.tick(2)
        assert run.owner.running.picture == job.file(f"cut{index}.png")


def test_the_names_of_the_photo_before_are_offered_for_removal(values, owner, photo, pictures):
    values.photo, values.names = str(photo), "cup, bowl"
    assert "Names of the photo before" not in main().said
    values.photo = str(pictures / "another.png")
    layout = main()
    assert "Names of the photo before" in layout.said and layout.pressed("img23d.clear_names") == [{}]
    assert bpy.ops.img23d.clear_names() == {"FINISHED"} and values.names == ""
    assert "Names of the photo before" not in main().said and not bpy.ops.img23d.clear_names.poll()


def test_names_that_are_used_for_the_new_photo_are_its_own(run, values, pictures, photo):
    run.finish(made=0)
    values.photo = str(pictures / "another.png")
    assert "Names of the photo before" in main().said
    values.names = "cup"
    assert "Names of the photo before" not in main().said


# --- readable -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", range(60, 200, 7))
def test_a_path_is_broken_after_a_separator(owner, width):
    """Each line ends with one, and the next piece of the path would not have fitted."""
    path = "/home/ann/my-pics/of_our/cat.dog/and/so_on/until/we:come/to,the/last;one/of-them/all/now"
    lines = part("scene.view.line_breaks").broken(path, width, 11.0)
    assert "".join(lines) == path and len(lines) > 2
    blf.size(0, 11.0)
    assert all(blf.dimensions(0, line)[0] <= width for line in lines)
    assert all(line[-1] in "/-_.:,;" for line in lines[:-1]), lines
    for line, following in zip(lines, lines[1:], strict=False):
        piece = re.match(r"[^-/_.:,;]*[-/_.:,;]?", following).group()
        assert blf.dimensions(0, line + piece)[0] > width, (line, piece)


def test_names_over_the_photo_do_not_cover_each_other_and_are_all_there(owner):
    painting = part("scene.photo.overlay_drawing")
    view = SimpleNamespace(to_region=lambda x, y: (x * 800, 600 - y * 600))
    m = part("shared.img23d_protocol.messages")
    boxes = [
        SimpleNamespace(box=m.Box(left=0.2, top=0.3, right=0.6, bottom=0.7), name=f"a long name {index}", is_active=not index, is_drawn=False, is_used=True)
        for index in range(4)
    ]
    rects = [painting._rect(view, one) for one in boxes]
    labels = painting._labels((0, 0, 800, 600), boxes, np.array(rects, float), 1.0)
    assert sorted(name for name, _, _ in labels) == [one.name for one in boxes]
    for number, (_, ground, _) in enumerate(labels):
        assert not painting._overlaps(ground, np.array([other for _, other, _ in labels[number + 1 :]]).reshape(-1, 4))
        assert 0 <= ground[0] and ground[2] <= 800 and 0 <= ground[1] and ground[3] <= 600


def test_a_name_at_the_seam_of_a_quad_view_is_written_at_one_place(owner):
    """Two regions of 400 pixels beside each other, each of which draws its part of the same photo."""
    painting, m = part("scene.photo.overlay_drawing"), part("shared.img23d_protocol.messages")
    box = m.Box(left=0.47, top=0.3, right=0.6, bottom=0.7)
    at = []
    for shift in (0, 400):
        view = SimpleNamespace(to_region=lambda x, y, shift=shift: (x * 800 - shift, 600 - y * 600))
        one = SimpleNamespace(box=box, name="a name that is long", is_active=True, is_drawn=False, is_used=True)
        [(_, ground, _)] = painting._labels((-shift, 0, 800 - shift, 600), [one], np.array([painting._rect(view, one)], float), 1.0)
        at.append((ground[0] + shift, ground[1]))
    assert at[0] == at[1]


def test_titles_of_the_redo_panel_fit(owner):
    """It is some 200 pixels wide at scale 1, of which the title has about 180."""
    blf.size(0, 11.0)
    classes = [cls for cls in part("registration")._CLASSES if issubclass(cls, bpy.types.Operator)]
    shown = [cls.bl_label for cls in classes if {"REGISTER", "UNDO"} <= getattr(cls, "bl_options", set()) and "INTERNAL" not in cls.bl_options]
    assert len(shown) > 10
    assert not [label for label in shown if blf.dimensions(0, label)[0] > 180]


def test_file_browsers_open_with_thumbnails(owner):
    (kind,) = bpy.ops.img23d.choose_photo.get_rna_type().properties["display_type"].enum_items
    assert kind.value == 3, "FILE_IMGDISPLAY of Blender's file browser"


def test_the_folder_that_is_used_stands_below_an_empty_field(owner):
    preferences = part("properties").preferences_of(bpy.context)
    layout = Layout()
    part("properties.preferences")._draw_models(layout, preferences)
    assert sum("user_default/img23d/" in text.replace("\\", "/") for text in layout.texts) == 2
    preferences.models_folder = "/models"
    layout = Layout()
    part("properties.preferences")._draw_models(layout, preferences)
    preferences.models_folder = ""
    assert sum("user_default/img23d/" in text.replace("\\", "/") for text in layout.texts) == 1


# --- the set-up -----------------------------------------------------------------------------------------------------


@pytest.fixture
def stage(owner, monkeypatch, as_with_a_window):
    stage = SetupStage(owner, monkeypatch)
    yield stage
    stage.close()
    preferences = part("properties").preferences_of(bpy.context)
    preferences.licences, preferences.setup_engine = "", "hunyuan3d"


def models() -> Layout:
    return drawn(part("panels.tab").IMG23D_PT_models)


def test_a_question_that_was_answered_is_not_asked_again(stage, owner, monkeypatch):
    preferences = part("properties").preferences_of(bpy.context)
    monkeypatch.setattr(bpy.context.preferences.system, "use_online_access", True)
    preferences.set_up_for("trellis")
    assert not models().pressed("img23d.accept_licence")
    preferences.accept(TENCENT)
    assert preferences.setup_engine == "hunyuan3d" and not models().pressed("img23d.accept_licence")
    assert bpy.ops.img23d.withdraw_licence() == {"FINISHED"}
    assert models().pressed("img23d.accept_licence")


def test_after_a_failure_the_button_that_the_sentence_names_is_there(stage, owner):
    owner.setup.failure, owner.setup.action = "The model hub cannot be reached.", part("core.session.known_errors").explain("hub_unreachable").action
    layout = models()
    assert "press Go On" in layout.said and layout.pressed("img23d.go_on") == [{}]
    owner.setup.failure = owner.setup.action = ""
    assert not models().pressed("img23d.go_on") and not bpy.ops.img23d.go_on.poll()
