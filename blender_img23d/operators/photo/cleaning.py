"""Cleaning the photo by a model, and deciding about the picture that comes of it."""

import bpy
from bpy.app.translations import pgettext_rpt as _

from ...app.owner import extension, extension_or_none, poll_idle
from ...shared.img23d_protocol import Img23DError


class IMG23D_OT_clean_picture(bpy.types.Operator):
    bl_idname = "img23d.clean_picture"
    bl_label = "Img23D: Clean the Picture"
    bl_description = "Let the chosen model make a cleaner picture of the photo, which you then take or refuse"
    bl_options = {"REGISTER"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return poll_idle(cls)

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...app.commands.cleaning import clean  # late, as everything that Blender's start should not wait for

        return clean(self, context, extension())


class IMG23D_OT_take_picture(bpy.types.Operator):
    bl_idname = "img23d.take_picture"
    bl_label = "Img23D: Take Cleaned Picture"
    bl_description = "Work from the cleaned picture: what is found and drawn refers to it, and the photo stays where it is"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...app.commands.cleaning import go_on, take  # late, as above

        owner = extension()
        try:
            take(context, owner)
        except Img23DError as error:
            return owner.refuse(self, error)
        return go_on(owner)


class IMG23D_OT_keep_photo(bpy.types.Operator):
    bl_idname = "img23d.keep_photo"
    bl_label = "Img23D: Keep the Photo"
    bl_description = "Refuse the cleaned picture and go on with the photo as it is"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...app.commands.cleaning import go_on, keep  # late, as above

        keep(context, extension())
        return go_on(extension())


class IMG23D_OT_back_to_photo(bpy.types.Operator):
    bl_idname = "img23d.back_to_photo"
    bl_label = "Img23D: Back to the Photo"
    bl_description = "Work from the photo again that this picture was cleaned from; the boxes in the list go, since they were drawn on the picture"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        cls.poll_message_set(_("This photo was not cleaned"))
        return bool(context.scene.img23d.original_photo)

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...app.commands.cleaning import back_to_photo  # late, as above

        back_to_photo(context)
        return {"FINISHED"}


class IMG23D_OT_write_edit(bpy.types.Operator):
    bl_idname = "img23d.write_edit"
    bl_label = "Img23D: Change the Text"
    bl_description = "Write what the model is told, beginning with the text of what is chosen; an empty text takes that again"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...shared.img23d_protocol.options.edit import PROMPTS  # late, as above

        values = context.scene.img23d
        values.edit_prompt = PROMPTS[values.edit_preset]
        return {"FINISHED"}


class IMG23D_OT_download_editor(bpy.types.Operator):
    bl_idname = "img23d.download_editor"
    bl_label = "Img23D: Download What Cleans"
    bl_description = "Download the chosen model that cleans pictures, going on where an earlier download was cut off"
    bl_options = {"REGISTER"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        cls.poll_message_set(_("A set-up is running: wait for it to finish, or cancel it"))
        owner = extension_or_none()
        return owner is not None and not owner.setup.is_running

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...app.models import download_plan  # late, as above
        from ...app.outcome import follow_setup

        owner = extension()
        try:
            owner.setup.start(download_plan(context, owner, tuple(owner.models.view.lacks_editor.split())))
        except Img23DError as error:
            return owner.refuse(self, error)
        return follow_setup(self, owner)


CLASSES = (
    IMG23D_OT_clean_picture,
    IMG23D_OT_take_picture,
    IMG23D_OT_keep_photo,
    IMG23D_OT_back_to_photo,
    IMG23D_OT_write_edit,
    IMG23D_OT_download_editor,
)
