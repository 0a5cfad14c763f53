"""Every door by which a photo comes in: dropped files, open images, the clipboard, a render; and what has no picture to give."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import bpy
import numpy as np
import pytest
from conftest import part


@pytest.fixture
def runs(owner, tmp_path):
    preferences = bpy.context.preferences.addons[part("properties").ROOT_PACKAGE].preferences
    before, preferences.runs_folder = preferences.runs_folder, str(tmp_path / "my runs")
    yield tmp_path / "my runs"
    preferences.runs_folder = before


def painted(name: str, colour: tuple[float, float, float, float], *, is_float: bool = False) -> bpy.types.Image:
    image = bpy.data.images.new(name, 6, 4, alpha=True, float_buffer=is_float)
    image.pixels.foreach_set(np.tile(np.array(colour, np.float32), 24))
    image.update()
    return image


def pixels_of(path: str) -> np.ndarray:
    """(H, W, 4) as they are in the file, rows from the bottom."""
    image = bpy.data.images.load(path)
    values = np.empty(image.size[0] * image.size[1] * 4, np.float32)
    image.pixels.foreach_get(values)
    shape = (image.size[1], image.size[0], 4)
    bpy.data.images.remove(image)
    return values.reshape(shape)


def use(name: str) -> set[str]:
    return bpy.ops.img23d.use_image("EXEC_DEFAULT", image=name)


def refused(owner, operator, **more) -> str:
    """The one sentence that the artist reads."""
    with pytest.raises(RuntimeError):
        operator("EXEC_DEFAULT", **more)
    return owner.refusal


def test_an_open_file_is_used_where_it_lies(values, runs, photo):
    image = bpy.data.images.load(str(photo))
    assert use(image.name) == {"FINISHED"}
    assert values.photo == str(photo) and not runs.exists()


def test_what_was_painted_over_is_written_as_it_looks_now(values, runs, photo):
    image = bpy.data.images.load(str(photo))
    image.pixels.foreach_set(np.tile(np.array((0.2, 0.4, 0.6, 1.0), np.float32), image.size[0] * image.size[1]))
    assert image.is_dirty
    use(image.name)
    assert Path(values.photo).parent == runs / "photos" and image.filepath == str(photo) and image.is_dirty
    assert np.allclose(pixels_of(values.photo)[0, 0], (0.2, 0.4, 0.6, 1.0), atol=1 / 255)


@pytest.mark.parametrize("is_float", [False, True])
def test_a_generated_image_keeps_its_colours_and_its_alpha(values, runs, is_float):
    linear = (0.0331 * 0.5, 0.2140 * 0.5, 0.6038 * 0.5, 0.5)  # premultiplied, of sRGB 0.2, 0.5, 0.8
    use(painted("a/b: c?", linear if is_float else (0.2, 0.5, 0.8, 0.5), is_float=is_float).name)
    assert Path(values.photo).name.startswith("a_b_c_")
    assert np.allclose(pixels_of(values.photo)[0, 0], (0.2, 0.5, 0.8, 0.5), atol=2 / 255)


def test_the_same_look_is_written_once_and_another_one_beside_it(values, runs):
    image = painted("ball", (1, 0, 0, 1))
    use(image.name)
    use(image.name)
    first = values.photo
    image.pixels[0] = 0.0
    use(image.name)
    assert sorted(path.suffix for path in (runs / "photos").iterdir()) == [".png", ".png"]
    assert values.photo != first and len(bpy.data.images) == 1


def test_a_packed_image_whose_file_is_gone_is_written(values, runs, photo, tmp_path):
    copy = tmp_path / "copy.png"
    copy.write_bytes(photo.read_bytes())
    image = bpy.data.images.load(str(copy))
    image.pack()
    copy.unlink()
    use(image.name)
    assert Path(values.photo).parent == runs / "photos" and pixels_of(values.photo).shape == (160, 360, 4)


def test_tiles_give_their_first_one(values, runs):
    image = bpy.data.images.new("tiles", 8, 4, tiled=True)
    use(image.name)
    assert pixels_of(values.photo).shape == (4, 8, 4)


def test_images_without_pixels_say_so_in_a_sentence(owner, values, tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\nno picture")
    image = bpy.data.images.load(str(broken))
    broken.unlink()
    assert "cannot be read" in refused(owner, bpy.ops.img23d.use_image, image=image.name)
    assert "No image was chosen" in refused(owner, bpy.ops.img23d.use_image, image="not there")
    assert values.photo == ""


def test_without_a_render_there_is_no_render_result(owner):
    assert "render first" in refused(owner, bpy.ops.img23d.use_render)


def test_a_render_is_taken_as_it_is_seen_whatever_the_output_is(values, runs):
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.render.resolution_x = scene.render.resolution_y = 16
    scene.cycles.samples, scene.cycles.use_denoising, scene.view_settings.view_transform = 1, False, "Standard"
    scene.world = bpy.data.worlds.new("world")
    scene.world.use_nodes = True
    scene.world.node_tree.nodes["Background"].inputs[0].default_value = (0.214, 0.0331, 0.0, 1.0)
    scene.camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    scene.collection.objects.link(scene.camera)
    scene.render.image_settings.file_format = "OPEN_EXR"
    scene.render.image_settings.color_depth = "32"
    bpy.ops.render.render()
    assert bpy.ops.img23d.use_render() == {"FINISHED"}
    assert np.allclose(pixels_of(values.photo)[0, 0], (0.5, 0.2, 0.0, 1.0), atol=2 / 255)
    settings = scene.render.image_settings
    assert (settings.file_format, settings.color_depth) == ("OPEN_EXR", "32")


def test_a_dropped_file_becomes_the_photo_and_the_first_of_several(values, photo):
    files = [{"name": "notes.txt"}, {"name": photo.name}, {"name": "other.jpg"}]
    assert bpy.ops.img23d.drop_photo("EXEC_DEFAULT", directory=str(photo.parent), files=files) == {"FINISHED"}
    assert values.photo == str(photo)


def test_drops_are_taken_in_the_viewport_and_the_image_editor_only(owner):
    handler = part("operators.photo.drop_and_paste").IMG23D_FH_photo
    kinds = ("VIEW_3D", "IMAGE_EDITOR", "NODE_EDITOR")
    answers = [handler.poll_drop(SimpleNamespace(area=SimpleNamespace(type=kind))) for kind in kinds]
    assert answers == [True, True, False] and not handler.poll_drop(SimpleNamespace(area=None))


def test_the_handler_knows_every_extension_that_the_backend_opens(owner):
    doors, operators = part("app.commands.photo_sources"), part("operators.photo.drop_and_paste")
    assert tuple(operators.IMG23D_FH_photo.bl_file_extensions.split(";")) == doors.EXTENSIONS


def test_a_photo_is_one_undo_step(values, photo, pictures):
    bpy.ops.ed.undo_push(message="before")
    for name in ("three.png", "four.png"):
        bpy.ops.img23d.drop_photo("EXEC_DEFAULT", True, directory=str(pictures), files=[{"name": name}])
    assert values.photo.endswith("four.png")
    bpy.ops.ed.undo()
    assert bpy.context.scene.img23d.photo == str(photo)
    bpy.ops.ed.undo()
    assert bpy.context.scene.img23d.photo == ""


@pytest.mark.parametrize("form", ["{path}", '"{path}"', "{uri}", "  {uri}\r\nfile:///not/there.png", "some words\n{path}"])
def test_a_path_in_the_clipboard_is_found(owner, photo, form):
    text = form.format(path=photo, uri=photo.as_uri())
    assert "%20" in photo.as_uri() and part("app.commands.photo_sources").picture_named_in(text) == str(photo)


@pytest.mark.parametrize("text", ["", "a red mug", "three.png", "/not/there.png", "https://example.org/a.png", "\0", "x" * 9999])
def test_other_text_is_no_picture(owner, text):
    assert part("app.commands.photo_sources").picture_named_in(text) == ""


def test_an_empty_clipboard_says_what_to_do(owner):
    assert "clipboard" in refused(owner, bpy.ops.img23d.paste_photo)


def test_another_photo_empties_the_list_of_what_was_found_and_the_first_and_the_same_one_keep_it(values, photo, pictures):
    choose = part("app.commands.photo_sources").use_photo
    values.targets.add().name = "drawn before there was a photo"
    choose(bpy.context, str(photo))
    assert len(values.targets) == 1
    values.targets[0].name = "mug"
    values.found_names = "mug"
    choose(bpy.context, str(photo))
    assert len(values.targets) == 1
    choose(bpy.context, str(pictures / "other.png"))
    assert len(values.targets) == 0 and values.found_names == ""
