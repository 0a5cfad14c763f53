"""What an artist reads: every label, every tooltip, and that F3 search finds every operator."""

from __future__ import annotations

import bpy
import pytest
from conftest import part

IN_THE_FILE_BROWSER = ("img23d.choose_photo", "img23d.choose_side", "img23d.export_splats")  # its button is narrow


def _classes():
    return part("registration")._CLASSES


def test_every_property_has_a_tooltip(owner):
    for cls in _classes():
        if not issubclass(cls, (bpy.types.PropertyGroup, bpy.types.AddonPreferences, bpy.types.Operator)):
            continue
        for prop in cls.bl_rna.properties:
            own = prop.identifier in getattr(cls, "__annotations__", {})
            if own and not prop.is_hidden and prop.type != "COLLECTION" and prop.identifier != "index":
                assert len(prop.description) > 10, f"{cls.__name__}.{prop.identifier}"
                assert not prop.description.endswith("."), f"Blender ends tooltips itself: {cls.__name__}.{prop.identifier}"


def test_every_operator_has_a_clear_name_and_description(owner):
    operators = [cls for cls in _classes() if issubclass(cls, bpy.types.Operator)]
    assert len(operators) > 10
    for cls in operators:
        prefix = "" if cls.bl_idname in IN_THE_FILE_BROWSER else "Img23D: "
        assert cls.bl_label.startswith(prefix) and len(cls.bl_label) > 8 and len(cls.bl_description) > 20, cls


def _in_menu(name: str) -> list[str]:
    """The operators of a menu and of the menus within it."""
    listed = []

    class Layout:
        def operator(self, name, **_):
            listed.append(name)
            return type("Properties", (), {})()

        def menu(self, name, **_):
            listed.extend(_in_menu(name))

        def separator(self):
            pass

    cls = getattr(part("panels.menus"), name)
    cls.draw(type("Self", (), {"layout": Layout()})(), bpy.context)
    return listed


def test_search_finds_the_operators(owner):
    """F3 looks through menus: each operator that makes sense without a list stands in one."""
    listed = {*_in_menu("IMG23D_MT_add"), *_in_menu("IMG23D_MT_object")}
    of_the_list = {"img23d.show_result", "img23d.import_result", "img23d.use_seed"}
    of_the_list |= {"img23d.download_weights", "img23d.verify_weights", "img23d.delete_weights"}
    of_the_list |= {"img23d.drag_box", "img23d.brush_mask", "img23d.resize_brush", "img23d.pick_at", "img23d.end_picking"}  # the tools' own
    of_the_list |= {"img23d.cancel_target"}  # its menu lists what is being made
    of_the_list |= {"img23d.queue_move", "img23d.queue_remove", "img23d.queue_try_again", "img23d.queue_dismiss"}
    of_the_list |= {"img23d.mark_part", "img23d.merge_parts", "img23d.split_again"}
    of_the_list |= {"img23d.paint_parts", "img23d.add_mask_part", "img23d.remove_mask_part", "img23d.clear_mask_part"}  # a splitter's that takes a mask
    of_the_list |= {"img23d.drop_photo"}  # a file's
    of_the_list |= {"img23d.choose_side", "img23d.paste_side", "img23d.clear_side"}  # a row's slots
    of_the_list |= {"img23d.end_backend", "img23d.read_on"}  # shown where it helps
    of_the_list |= {"img23d.take_picture", "img23d.keep_photo", "img23d.back_to_photo"}  # about a picture that is shown beside the photo
    of_the_list |= {"img23d.write_edit", "img23d.download_editor"}  # a panel's
    of_the_list |= {"img23d.fix", "img23d.set_default_quality"}  # a finding's button, and one of the preferences
    of_the_list |= {"img23d.add_machine", "img23d.choose_machine", "img23d.test_machine", "img23d.remove_machine"}  # of the preferences
    own = {"img23d." + cls.bl_idname.split(".")[1] for cls in _classes() if issubclass(cls, bpy.types.Operator)}
    assert own - of_the_list == listed


def test_sentences_are_broken_into_lines_that_fit(owner):
    import blf

    broken = part("scene.view.line_breaks").broken
    text = "This name was not found in the photo: draw a box, or use /a/very/long/path/" + "x" * 120
    for width in (80, 150, 400):
        lines = broken(text, width, 11.0)
        assert "".join(lines).replace(" ", "") == text.replace(" ", ""), "nothing is lost"
        blf.size(0, 11.0)
        assert all(blf.dimensions(0, line)[0] <= width for line in lines)


@pytest.mark.parametrize("count", [0, 1, 40])
def test_the_list_follows_the_job(owner, count):
    rows, jobs = part("app.jobs.result_rows"), part("core.jobs")
    messages = part("shared.img23d_protocol.messages")
    wanted = tuple(messages.Wanted(name=f"n{i}") for i in range(count))
    request = messages.Generate(job="j", photo="p.png", run_folder="r", wanted=wanted)
    rows.sync_rows(bpy.context.window_manager, jobs.new_job(request, file_key="", now=0.0))
    assert [row.index for row in bpy.context.window_manager.img23d.rows] == list(range(count))
