"""Boxes that the artist draws in numbers, and the search that fills them in."""

from __future__ import annotations

import bpy

from ..scene.outcome import follow
from ..scene.owner import extension, poll_idle
from ..shared.img23d_protocol import Img23DError


class IMG23D_OT_find_targets(bpy.types.Operator):
    bl_idname = "img23d.find_targets"
    bl_label = "Img23D: Find in Photo"
    bl_description = "Look for the named things and list them, so that you can correct them before generating"
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
        owner.applier.targets.expect(job, context.scene)
        return follow(self, context, owner, job)


class IMG23D_OT_add_target(bpy.types.Operator):
    bl_idname = "img23d.add_target"
    bl_label = "Img23D: Add Target"
    bl_description = "Add a box around something in the photo; boxes always win over any search"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ..shared.img23d_protocol.names import split_names

        values = context.scene.img23d
        taken = {box.name.casefold() for box in values.targets}
        names = (name for name in split_names(values.names) if name.casefold() not in taken)
        box = values.targets.add()
        box.name, box.has_box, box.is_drawn = next(names, ""), True, True
        values.active_target = len(values.targets) - 1
        return {"FINISHED"}


class IMG23D_OT_remove_target(bpy.types.Operator):
    bl_idname = "img23d.remove_target"
    bl_label = "Img23D: Remove Target"
    bl_description = "Remove the selected box"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return len(context.scene.img23d.targets) > 0

    def execute(self, context: bpy.types.Context) -> set[str]:
        values = context.scene.img23d
        values.targets.remove(values.active_target)
        values.active_target = max(0, min(values.active_target, len(values.targets) - 1))
        return {"FINISHED"}


class IMG23D_OT_clear_targets(bpy.types.Operator):
    bl_idname = "img23d.clear_targets"
    bl_label = "Img23D: Remove All Targets"
    bl_description = "Remove all boxes, so that the engine looks for the names by itself again"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return len(context.scene.img23d.targets) > 0

    def execute(self, context: bpy.types.Context) -> set[str]:
        context.scene.img23d.targets.clear()
        context.scene.img23d.active_target = 0
        return {"FINISHED"}


CLASSES = (IMG23D_OT_find_targets, IMG23D_OT_add_target, IMG23D_OT_remove_target, IMG23D_OT_clear_targets)
