"""Re-texturing the artist's own meshes, and switching back."""

from __future__ import annotations

import bpy
from bpy.app.translations import pgettext_rpt as _

from ..app.owner import extension
from ..scene.mesh.chosen import can_switch, chosen_meshes
from ..shared.img23d_protocol import Img23DError


class IMG23D_OT_retexture(bpy.types.Operator):
    bl_idname = "img23d.retexture"
    bl_label = "Img23D: Re-texture Selected Meshes"
    bl_description = (
        "Paint the selected meshes from a picture, one after the other, as a new material; "
        "each mesh and everything on it stays as it is. While something else is being made, this waits for its turn"
    )
    bl_options = {"REGISTER"}  # becomes an undo step a mesh when that is finished

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        cls.poll_message_set(_("Select a mesh object first"))
        return bool(chosen_meshes(context))

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ..app.jobs.queued import queued_retexture  # late, as everything that Blender's start should not wait for
        from ..app.outcome import press

        owner = extension()
        try:
            job = queued_retexture(context, owner.applier.files, chosen_meshes(context))
        except Img23DError as error:
            return owner.refuse(self, error)
        return press(self, context, owner, job)


class IMG23D_OT_switch_texture(bpy.types.Operator):
    bl_idname = "img23d.switch_texture"
    bl_label = "Img23D: Switch Texture"
    bl_description = "Show the materials that the selected meshes had before they were re-textured, or the new ones again"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        cls.poll_message_set(_("Select a mesh that was re-textured, in Object Mode"))
        return any(can_switch(obj) for obj in chosen_meshes(context))

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ..scene.retexture.faces import shows_new, switch

        objects = [obj for obj in chosen_meshes(context) if can_switch(obj)]
        was_new = shows_new(objects[0])
        for obj in objects:
            if shows_new(obj) == was_new:  # the others show already what is wanted
                switch(obj)
        self.report({"INFO"}, _("The old materials are shown." if was_new else "The new texture is shown."))
        return {"FINISHED"}


CLASSES = (IMG23D_OT_retexture, IMG23D_OT_switch_texture)
