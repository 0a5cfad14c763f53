"""Operators of an object that was made from a photo: make it again, mark it as an asset, open its folder."""

from pathlib import Path

import bpy
from bpy.app.translations import pgettext_rpt as _
from bpy.props import BoolProperty, IntProperty

from ...app.owner import extension
from ...scene.file.tags import RUN_FOLDER, is_result
from ...shared.img23d_protocol import Img23DError
from ...shared.img23d_protocol.limits import VARIANTS_MAX

_AGAIN = "Make this object once more from its photo, with the same seed: the same settings give the same result"
_ANOTHER = "Make this object once more from its photo, with a new seed"
_SEVERAL = "Make several variants of this object side by side, each with a new seed, and keep the one that you like"


def _is_made(context: bpy.types.Context) -> bool:
    return context.object is not None and is_result(context.object)


class IMG23D_OT_make_again(bpy.types.Operator):
    bl_idname = "img23d.make_again"
    bl_label = "Img23D: Make Again"
    bl_description = _AGAIN
    bl_options = {"REGISTER"}  # becomes one undo step when it is finished

    new_seed: BoolProperty(name="New Seed", description="Draw another seed, so that the result is another one", options={"SKIP_SAVE"})
    with_panel: BoolProperty(
        name="With the Panel's Settings",
        description="Use the engine and the settings of the panel instead of those that the object was made with",
        options={"SKIP_SAVE"},
    )
    variants: IntProperty(
        name="Variants",
        description="How many to make, side by side; more than one are all made with new seeds",
        default=1,
        min=1,
        max=VARIANTS_MAX,
        options={"SKIP_SAVE"},
    )

    @classmethod
    def description(cls, context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        if properties.variants > 1:
            return _SEVERAL
        return _ANOTHER if properties.new_seed else _AGAIN

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        cls.poll_message_set(_("Select an object that was made from a photo"))
        return _is_made(context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...app.commands.again import again_job  # late, as everything that Blender's start should not wait for
        from ...app.outcome import press
        from ...scene.view.selection import check_mode_in_background

        owner, obj = extension(), context.object
        try:
            check_mode_in_background(context)
            how = {"new_seed": self.new_seed, "with_panel": self.with_panel, "variants": self.variants}
            job = again_job(context, owner, obj, **how)
        except Img23DError as error:
            return owner.refuse(self, error)
        return press(self, context, owner, job)


class IMG23D_OT_mark_asset(bpy.types.Operator):
    bl_idname = "img23d.mark_asset"
    bl_label = "Img23D: Mark as Asset"
    bl_description = "Put the selected objects that were made from photos into the Asset Browser, with a picture and words to find them by"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        cls.poll_message_set(_("Select objects that were made from a photo"))
        return any(is_result(obj) for obj in context.selected_objects)

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...app.commands.assets import chosen_results, mark_as_asset

        objects = chosen_results(context)
        try:
            for obj in objects:
                mark_as_asset(obj)
        except Img23DError as error:
            return extension().refuse(self, error)
        text = _("1 object is an asset now.") if len(objects) == 1 else _("{count} objects are assets now.")
        self.report({"INFO"}, text.format(count=len(objects)))
        return {"FINISHED"}


class IMG23D_OT_open_made_folder(bpy.types.Operator):
    bl_idname = "img23d.open_made_folder"
    bl_label = "Img23D: Open Folder of This Object's Run"
    bl_description = "Open the folder with the cut-out, the mesh and the texture that the active object was made of"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        cls.poll_message_set(_("Select an object that was made from a photo"))
        return _is_made(context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...core.runs.folders import check_openable
        from ...scene.file.folders import runs_base

        folder = Path(str(context.object.get(RUN_FOLDER, "")))
        try:
            check_openable(folder, runs_base(context))
        except Img23DError as error:
            return extension().refuse(self, error)
        bpy.ops.wm.path_open(filepath=str(folder))
        return {"FINISHED"}


CLASSES = (IMG23D_OT_make_again, IMG23D_OT_mark_asset, IMG23D_OT_open_made_folder)
