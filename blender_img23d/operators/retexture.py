"""A picture onto the artist's own mesh, and back again."""

from __future__ import annotations

import bpy

from ..scene.faces import can_switch, switch
from ..scene.outcome import follow
from ..scene.owner import extension, poll_idle
from ..shared.img23d_protocol import Img23DError


class IMG23D_OT_retexture(bpy.types.Operator):
    bl_idname = "img23d.retexture"
    bl_label = "Img23D: Re-texture Selected Mesh"
    bl_description = (
        "Project a picture onto the active mesh as a new UV map and a new material; "
        "the mesh and everything on it stays as it is"
    )
    bl_options = {"REGISTER"}  # becomes an undo step when it is finished

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not poll_idle(cls):
            return False
        cls.poll_message_set("Select a mesh object first")
        return context.object is not None and context.object.type == "MESH"

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ..scene.requests import paint_request  # late, as everything that Blender's start should not wait for

        owner = extension()
        try:
            request, captured = paint_request(context)
            job = owner.session.submit(request, owner.applier.files.key)
        except Img23DError as error:
            return owner.refuse(self, error)
        owner.applier.retexturer.expect(job, captured)
        return follow(self, context, owner, job)


class IMG23D_OT_switch_texture(bpy.types.Operator):
    bl_idname = "img23d.switch_texture"
    bl_label = "Img23D: Switch Between Old and New Texture"
    bl_description = "Show the materials that the mesh had before it was re-textured, or the new one again"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        cls.poll_message_set("Select a mesh that was re-textured, in Object Mode")
        return can_switch(context.object)

    def execute(self, context: bpy.types.Context) -> set[str]:
        is_new = switch(context.object)
        self.report({"INFO"}, "The new texture is shown." if is_new else "The old materials are shown.")
        return {"FINISHED"}


CLASSES = (IMG23D_OT_retexture, IMG23D_OT_switch_texture)
