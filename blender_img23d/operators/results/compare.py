"""Comparing engines: one thing made by each of them, side by side, of which the artist keeps one."""

import bpy
from bpy.app.translations import pgettext_rpt as _
from bpy.props import EnumProperty

from ...app.owner import Extension, extension, extension_or_none
from ...scene.file.tags import ENGINE, is_result
from ...shared.img23d_protocol import Img23DError
from ...shared.img23d_protocol.errors import bad_request
from ...shared.img23d_protocol.options.settings import ENGINES


class IMG23D_OT_compare_engines(bpy.types.Operator):
    bl_idname = "img23d.compare_engines"
    bl_label = "Img23D: Compare Engines"
    bl_description = "Make this object once more with other engines, side by side with what each of them took, and keep the one that you like"
    bl_options = {"REGISTER"}  # each becomes one undo step when it is finished

    engines: EnumProperty(name="Engines", description="What makes the object once more", items=ENGINES, options={"ENUM_FLAG", "SKIP_SAVE"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        cls.poll_message_set(_("Select an object that was made from a photo"))
        if context.object is None or not is_result(context.object):
            return False
        owner = extension_or_none()
        cls.poll_message_set(_("There is no other engine to compare with: set one up under AI Models"))
        return owner is not None and bool(_others(owner, context.object))

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        self.engines = set(_others(extension(), context.object))
        return context.window_manager.invoke_props_dialog(self, title="Make It Once More with", confirm_text="Compare")

    def draw(self, context: bpy.types.Context) -> None:
        column = self.layout.column(align=True)
        for engine in _others(extension(), context.object):
            column.prop_enum(self, "engines", engine)

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...app.commands.again import comparison  # late, as everything that Blender's start should not wait for
        from ...app.outcome import press
        from ...scene.view.selection import check_mode_in_background

        owner, obj = extension(), context.object
        chosen = [one for one in _others(owner, obj) if one in self.engines]
        try:
            if not chosen:
                raise bad_request(_("Choose at least one engine to compare with."))
            check_mode_in_background(context)
            jobs = comparison(context, owner, obj, chosen)
        except Img23DError as error:
            return owner.refuse(self, error)
        outcomes = [press(self, context, owner, job) for job in jobs]
        return {"FINISHED"} if {"FINISHED"} in outcomes else {"CANCELLED"}


def _others(owner: Extension, obj: bpy.types.Object) -> list[str]:
    """The engines that could make it now, but for the one that made it."""
    return [engine.id for engine in owner.session.engines if engine.ready and engine.id != obj.get(ENGINE)]


CLASSES = (IMG23D_OT_compare_engines,)
