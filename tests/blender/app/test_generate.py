"""Photo and names in, objects out, with the real backend."""

from __future__ import annotations

import hashlib
import json

import bmesh
import bpy
import numpy as np
import photos
import pytest
from bpy_extras.object_utils import world_to_camera_view


def generate(values, photo, names="", *, seed=7, **settings) -> list[bpy.types.Object]:
    values.photo, values.names, values.seed = str(photo), names, seed
    for name, value in settings.items():
        setattr(values, name, value)
    before = set(bpy.data.objects.keys())
    assert bpy.ops.img23d.generate() == {"FINISHED"}
    return [obj for obj in bpy.data.objects if obj.name not in before and obj.type == "MESH"]


def points(obj) -> np.ndarray:
    flat = np.empty(len(obj.data.vertices) * 3, np.float32)
    obj.data.vertices.foreach_get("co", flat)
    return flat.reshape(-1, 3)


def mean_colour(image) -> np.ndarray:
    pixels = np.empty(len(image.pixels), np.float32)
    image.pixels.foreach_get(pixels)
    return pixels.reshape(-1, 4)[:, :3].mean(axis=0)


def image_of(obj) -> bpy.types.Image:
    nodes = obj.data.materials[0].node_tree.nodes
    return next(node.image for node in nodes if node.type == "TEX_IMAGE")


def test_each_name_becomes_one_named_textured_closed_object(untouched, photo):
    untouched.layout = "ROW"
    made = generate(untouched, photo, "red ball, blue ball")
    assert sorted(obj.name for obj in made) == ["blue ball", "red ball"]
    for obj in made:
        assert obj.type == "MESH" and [c.name for c in obj.users_collection] == ["three"]
        assert obj.rotation_euler[:] == (0, 0, 0) and obj.scale[:] == (1, 1, 1) and obj.parent is None
        co = points(obj)
        assert co[:, 2].min() == pytest.approx(0, abs=1e-4), "stands on the ground"
        assert 0.5 < np.ptp(co[:, 2]) < 1.01, "metres, Z up"
        assert all(polygon.use_smooth for polygon in obj.data.polygons)
        assert image_of(obj).packed_file is not None
        mesh = bmesh.new()
        mesh.from_mesh(obj.data)
        assert all(edge.is_manifold for edge in mesh.edges), "closed"
        assert mesh.calc_volume(signed=True) > 0, "outward"
        mesh.free()
    red, blue = bpy.data.objects["red ball"], bpy.data.objects["blue ball"]
    assert red.location.x < blue.location.x, "side by side as in the photo"
    assert red.location.x + points(red)[:, 0].max() < blue.location.x + points(blue)[:, 0].min(), "no overlap"
    colour, solid = mean_colour(image_of(red)), red.data.materials[0].diffuse_color
    assert colour[0] > 1.5 * colour[2] and solid[0] > 1.5 * solid[2], "also red in Solid shading"
    assert image_of(blue) != image_of(red)


def test_front_shows_towards_minus_y(values, pictures):
    picture = np.full((120, 120, 3), 240, np.uint8)
    picture[30:90, 30:90] = (200, 30, 30)
    picture[40:80, 40:60] = (30, 200, 30)  # a green patch left of the middle
    (obj,) = generate(values, photos.write_png(pictures / "patch.png", picture), "box")
    image, uv = image_of(obj), obj.data.uv_layers.active.uv
    pixels = np.empty(len(image.pixels), np.float32)
    image.pixels.foreach_get(pixels)
    pixels = pixels.reshape(image.size[1], image.size[0], 4)
    greens = []
    for polygon in obj.data.polygons:
        if polygon.normal.y < -0.8:
            for corner in polygon.loop_indices:
                u, v = uv[corner].vector
                red, green = pixels[int(v * (image.size[1] - 1)), int(u * (image.size[0] - 1)), :2]
                if green > 2 * red:
                    greens.append(obj.data.vertices[obj.data.loops[corner].vertex_index].co.x)
    assert greens and np.mean(greens) < -0.05 * obj.dimensions.x


def test_selected_when_done_and_nothing_else(values, photo):
    other = bpy.data.objects.new("other", bpy.data.meshes.new("other"))
    bpy.context.scene.collection.objects.link(other)
    other.select_set(True)
    made = generate(values, photo, "red ball, blue ball")
    assert set(bpy.context.selected_objects) == set(made)
    assert bpy.context.view_layer.objects.active in made


def test_what_made_it_stays_with_the_object(values, photo, owner):
    (obj,) = generate(values, photo, "red ball", seed=-1)
    job = owner.session.jobs[0]
    assert obj["img23d_photo"] == str(photo) and obj["img23d_name"] == "red ball"
    assert 0 <= obj["img23d_seed"] == job.request.seed
    assert obj["img23d_engine"] == "preview"
    assert json.loads(obj["img23d_settings"])["common"]["texture_size"] == 1024
    left, top, right, bottom = obj["img23d_box"]
    assert 0 <= left < right < 0.4 and 0 <= top < bottom <= 1
    assert obj["img23d_run_folder"] == job.request.run_folder


def test_same_seed_same_mesh(values, photo):
    digests = set()
    for _ in range(2):
        (obj,) = generate(values, photo, "red ball", seed=5)
        digests.add(hashlib.sha256(points(obj).tobytes()).hexdigest())
    assert len(digests) == 1


def test_no_names_makes_one_object_of_the_picture(values, photo):
    (obj,) = generate(values, photo)
    assert obj.name == "three"


def test_without_texture_it_has_one_colour(values, photo):
    (obj,) = generate(values, photo, "red ball", texture=False)
    assert not any(node.type == "TEX_IMAGE" for node in obj.data.materials[0].node_tree.nodes)


def test_texture_size_and_faces(values, photo):
    (obj,) = generate(values, photo, "red ball", texture_size="2048", faces=800)
    assert tuple(image_of(obj).size) == (2048, 2048)
    assert len(obj.data.polygons) <= 800


def test_thickness(values, photo):
    thin, thick = (generate(values, photo, "green box", shape="inflate", thickness=thickness, texture=False)[0].dimensions.y for thickness in (0.3, 1.0))
    assert thin < 0.7 * thick


def test_a_box_wins_over_the_name(values, photo):
    values.photo = str(photo)  # another one empties the list
    box = values.targets.add()
    box.name, box.has_box = "Red Ball", True
    box.left, box.top, box.right, box.bottom = 66.0, 10.0, 100.0, 90.0  # around the blue one
    made = generate(values, photo, "red ball")
    assert len(made) == 1
    colour = mean_colour(image_of(made[0]))
    assert colour[2] > 1.5 * colour[0]


def test_a_box_without_a_name_in_the_list_is_made_as_well(values, photo):
    values.photo = str(photo)  # another one empties the list
    box = values.targets.add()
    box.name, box.has_box = "thing", True
    box.left, box.top, box.right, box.bottom = 66.0, 10.0, 100.0, 90.0
    assert sorted(obj.name for obj in generate(values, photo, "red ball")) == ["red ball", "thing"]


def test_find_targets_fills_the_list(values, photo):
    values.photo, values.names = str(photo), "red ball, blue ball"
    assert bpy.ops.img23d.find_targets() == {"FINISHED"}
    assert [box.name for box in values.targets] == ["red ball", "blue ball"]
    assert values.targets[0].right < values.targets[1].left
    assert not bpy.data.objects.keys()


def test_runs_stand_in_rows_of_their_own(values, photo):
    values.layout = "ROW"
    (first,) = generate(values, photo, "red ball", texture=False)
    (second,) = generate(values, photo, "red ball", texture=False)
    assert second.name == "red ball.001" and second.location.y < first.location.y - 1


def test_the_photos_camera_sees_each_object_in_its_box(values, photo):
    made = generate(values, photo, "red ball, green box, blue ball", texture=False)
    assert bpy.ops.img23d.render_as_photo() == {"FINISHED"}
    scene = bpy.context.scene
    bpy.context.view_layer.update()
    for obj in made:
        seen = np.array([world_to_camera_view(scene, scene.camera, obj.matrix_world @ v.co) for v in obj.data.vertices])
        shown = (seen[:, 0].min(), 1 - seen[:, 1].max(), seen[:, 0].max(), 1 - seen[:, 1].min())
        assert overlap(shown, obj["img23d_box"]) > 0.85, obj.name
    assert all(obj.location.z == 0 for obj in made) and scene.camera.name == "three Camera"


def overlap(one, other) -> float:
    """Of two boxes (left, top, right, bottom): what they share of what they cover."""
    shared = max(min(one[2], other[2]) - max(one[0], other[0]), 0) * max(min(one[3], other[3]) - max(one[1], other[1]), 0)
    both = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return shared / (both - shared)


def test_at_the_cursor_or_at_the_origin(values, photo):
    bpy.context.scene.cursor.location = (3, 4, 5)
    (at_cursor,) = generate(values, photo, "red ball", texture=False, layout="CURSOR")
    (at_origin,) = generate(values, photo, "red ball", texture=False, layout="ROW")
    assert tuple(at_cursor.location) == (3, 4, 5) and tuple(at_origin.location) == (0, 0, 0)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('"cup, blue"', ["cup, blue"]),
        ("cup\nspoon", ["cup", "spoon"]),
        ("cup, cup", ["cup", "cup.001"]),
        ("a/b\\c:*?", ["a/b\\c:*?"]),
        ("чашка, 茶碗", ["чашка", "茶碗"]),
        (" , ,cup,, ", ["cup"]),
        ("it's", ["it's"]),
        ("n" * 300, None),
    ],
)
def test_names_of_every_kind(values, photo, text, names):
    made = sorted(obj.name for obj in generate(values, photo, text, texture=False))
    assert made == sorted(names) if names is not None else made[0].startswith("nnn")


def test_paths_of_every_kind(values, pictures):
    folder = pictures / "фото 写真 'quoted'"
    folder.mkdir()
    (obj,) = generate(values, photos.write_png(folder / "ünï cödé.png", photos.three_things()), "red ball", texture=False)
    assert obj.users_collection[0].name == "ünï cödé"


def test_a_path_relative_to_the_blend(values, photo):
    bpy.ops.wm.save_as_mainfile(filepath=str(photo.parent / "relative.blend"))
    generate(bpy.context.scene.img23d, "//three.png", "red ball", texture=False)


def test_two_hundred_names(values, photo, owner):
    names = ", ".join(["red ball"] + [f"thing {i}" for i in range(199)])
    made = generate(values, photo, names, texture=False)
    targets = owner.session.jobs[0].targets
    assert len(targets) == 200 and len(bpy.context.window_manager.img23d.rows) == 200
    assert len(made) == sum(1 for target in targets if target.main) >= 3
    failed = [target for target in targets if target.error]
    assert len(failed) + len(made) == 200 and all("box" in target.error.lower() for target in failed)


def test_one_name_that_is_not_found_takes_no_other_with_it(values, photo, owner):
    made = generate(values, photo, "red ball, green box, blue ball, elephant", texture=False)
    assert len(made) == 3
    errors = [target.error for target in owner.session.jobs[0].targets if target.error]
    assert len(errors) == 1 and "elephant" in errors[0]
