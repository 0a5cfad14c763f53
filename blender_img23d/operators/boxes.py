"""Boxes that the artist draws in numbers, and the search that fills them in."""

from __future__ import annotations

import bpy

from ..scene.outcome import follow
from ..scene.owner import extension, poll_idle
from ..shared.img23d_protocol import Img23DError


class IMG23D_OT_find_boxes(bpy.types.Operator):
    bl_idname = "img23d.find_boxes"
    bl_label = "Img23D: Find Boxes in Photo"
    bl_description = "Look for the named things and list their boxes, so that you can correct them before generating"
    bl_options = {"REGISTER"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return poll_idle(cls)

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ..scene.requests import locate_request  # late, as everything that Blender's start should not wait for

        owner = extension()
        try:
            job = owner.session.submit(locate_request(context), owner.applier.files.key)
        except Img23DError as error:
            return owner.refuse(self, error)
        owner.applier.boxes.expect(job, context.scene)
        return follow(self, context, owner, job)


class IMG23D_OT_add_box(bpy.types.Operator):
    bl_idname = "img23d.add_box"
    bl_label = "Img23D: Add Box"
    bl_description = "Add a box around something in the photo; boxes always win over any search"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ..shared.img23d_protocol.names import split_names

        values = context.scene.img23d
        taken = {box.name.casefold() for box in values.boxes}
        names = (name for name in split_names(values.names) if name.casefold() not in taken)
        box = values.boxes.add()
        box.name = next(names, "")
        values.active_box = len(values.boxes) - 1
        return {"FINISHED"}


class IMG23D_OT_remove_box(bpy.types.Operator):
    bl_idname = "img23d.remove_box"
    bl_label = "Img23D: Remove Box"
    bl_description = "Remove the selected box"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return len(context.scene.img23d.boxes) > 0

    def execute(self, context: bpy.types.Context) -> set[str]:
        values = context.scene.img23d
        values.boxes.remove(values.active_box)
        values.active_box = max(0, min(values.active_box, len(values.boxes) - 1))
        return {"FINISHED"}


class IMG23D_OT_clear_boxes(bpy.types.Operator):
    bl_idname = "img23d.clear_boxes"
    bl_label = "Img23D: Remove All Boxes"
    bl_description = "Remove all boxes, so that the engine looks for the names by itself again"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return len(context.scene.img23d.boxes) > 0

    def execute(self, context: bpy.types.Context) -> set[str]:
        context.scene.img23d.boxes.clear()
        context.scene.img23d.active_box = 0
        return {"FINISHED"}


CLASSES = (IMG23D_OT_find_boxes, IMG23D_OT_add_box, IMG23D_OT_remove_box, IMG23D_OT_clear_boxes)
