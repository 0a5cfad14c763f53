"""Blender's own monkey, photographed as it looks a little aside: a head, and nothing that was turned on a wheel."""

from __future__ import annotations

import math

import bpy
import pytest


@pytest.fixture
def aside(owner, tmp_path):
    """A picture of the monkey's head, which looks 10 degrees aside, with a transparent background."""
    scene = bpy.context.scene
    bpy.ops.mesh.primitive_monkey_add(size=2, rotation=(0, 0, math.radians(-10)))
    head = bpy.context.object
    head.modifiers.new("Smooth", "SUBSURF").render_levels = 2
    head.data.shade_smooth()
    for at, watts in (((-3.5, -4, 4), 300), ((4.5, -3.5, 1), 80)):
        lamp = bpy.data.objects.new("lamp", bpy.data.lights.new("lamp", "AREA"))
        lamp.data.energy, lamp.data.size, lamp.location = watts, 3.0, at
        lamp.rotation_euler = (-lamp.location).to_track_quat("-Z", "Y").to_euler()
        scene.collection.objects.link(lamp)
    camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    camera.data.lens, camera.location, camera.rotation_euler = 70, (0, -7, 0.6), (math.radians(85), 0, 0)
    scene.collection.objects.link(camera)
    scene.camera, scene.render.engine, scene.cycles.samples = camera, "CYCLES", 16
    scene.render.resolution_x = scene.render.resolution_y = 256
    scene.render.film_transparent, scene.view_settings.view_transform = True, "Standard"
    scene.render.image_settings.file_format, scene.render.image_settings.color_mode = "PNG", "RGBA"
    scene.render.filepath = str(tmp_path / "head.png")
    bpy.ops.render.render(write_still=True)
    return scene.render.filepath


def test_a_monkeys_head_that_looks_aside_is_not_turned(aside, values, owner):
    values.photo, values.names = aside, "head"
    assert bpy.ops.img23d.generate() == {"FINISHED"}
    notes = owner.session.jobs[0].targets[0].notes
    assert any(note.startswith("Blown up from its outline") for note in notes), notes
