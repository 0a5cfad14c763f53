"""Operators of parts: make them, correct the list, cut, join back."""

from typing import TYPE_CHECKING

import bpy
from bpy.app.translations import pgettext_rpt as _
from bpy.props import FloatProperty, IntProperty, StringProperty

from ..app.owner import Extension, extension
from ..properties import own_parts
from ..shared.img23d_protocol import Img23DError
from ..shared.img23d_protocol.errors import bad_request

if TYPE_CHECKING:
    from collections.abc import Callable


class _OnMesh:
    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        cls.poll_message_set(_("Select a mesh object first"))
        return context.object is not None and context.object.type == "MESH"


class IMG23D_OT_make_parts(bpy.types.Operator):
    bl_idname = "img23d.make_parts"
    bl_label = "Img23D: Make Parts"
    bl_description = (
        "Show the parts of the active object as colours on it, with a list in which you can rename, merge and leave out; "
        "nothing is cut before you press Cut. While something else is being made, this waits for its turn"
    )
    bl_options = {"REGISTER"}  # becomes an undo step when it is finished

    run: StringProperty(name="Run", description="The run of a result that parts are made of; empty for the active object", options={"SKIP_SAVE", "HIDDEN"})
    index: IntProperty(name="Result", description="Which of that run's results", default=0, min=0, options={"SKIP_SAVE", "HIDDEN"})

    def execute(self, context: bpy.types.Context) -> set[str]:
        return _press(self, context, self._object)

    def _object(self, context: bpy.types.Context, owner: Extension) -> bpy.types.Object | None:
        """Raises Img23DError."""
        from ..scene.view.selection import check_mode, select_only

        job = owner.job(self.run) if self.run else None
        if not self.run:
            return context.object
        obj = owner.applier.placer.object_of(job, self.index) if job is not None else None
        if obj is None or obj.type != "MESH":
            raise bad_request("This result is not in the scene: import it first.")
        check_mode(context)
        select_only([obj], context.view_layer)
        return obj


class IMG23D_OT_split_again(_OnMesh, bpy.types.Operator):
    bl_idname = "img23d.split_again"
    bl_label = "Img23D: Split Again"
    bl_description = "Make the parts anew with the number beside: more parts, or fewer. What you have merged and renamed goes"
    bl_options = {"REGISTER"}

    step: FloatProperty(name="Step", description="By how much the number changes before", default=0.0, min=-6.0, max=6.0, options={"SKIP_SAVE"})

    def execute(self, context: bpy.types.Context) -> set[str]:
        context.scene.img23d.parts_more += self.step
        return _press(self, context, lambda context, owner: context.object)


def _press(operator: bpy.types.Operator, context: bpy.types.Context, find: "Callable[[bpy.types.Context, Extension], bpy.types.Object | None]") -> set[str]:
    from ..app.jobs.queued import queued_split  # late, as everything that Blender's start should not wait for
    from ..app.outcome import press

    owner = extension()
    try:
        job = queued_split(context, owner.applier.files, find(context, owner))
    except Img23DError as error:
        return owner.refuse(operator, error)
    return press(operator, context, owner, job)


class _OnParts:
    """A button of the list of parts."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        cls.poll_message_set(_("Press Make Parts first"))
        obj = context.object
        parts = own_parts(obj) if obj is not None and obj.type == "MESH" else None
        return parts is not None and (len(parts.rows) > 0 or parts.stand_in is not None)


class IMG23D_OT_mark_part(_OnParts, bpy.types.Operator):
    bl_idname = "img23d.mark_part"
    bl_label = "Img23D: Select Part"
    bl_description = "Select this part as well, or no longer: Merge makes one of all that are selected. A click on a name selects one alone"
    bl_options = {"REGISTER", "UNDO"}

    number: IntProperty(name="Part", description="The part's number, from 0", default=0, min=0, options={"SKIP_SAVE"})

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ..scene.parts.rows import host_of, mark

        mark(host_of(context.object), self.number)
        return {"FINISHED"}


class IMG23D_OT_merge_parts(_OnParts, bpy.types.Operator):
    bl_idname = "img23d.merge_parts"
    bl_label = "Img23D: Merge Parts"
    bl_description = "Make one part of those that are selected, with the name of the one that was clicked last"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ..scene.parts.rows import host_of, marked, merge
        from ..scene.view.selection import check_mode

        host, owner = host_of(context.object), extension()
        try:
            check_mode(context)
            if len(marked(host.img23d_parts)) < 2:
                raise bad_request("Select two parts or more: click on one, and on the arrow before the others.")
        except Img23DError as error:
            return owner.refuse(self, error)
        self.report({"INFO"}, _("One part now: {name}.").format(name=merge(host)))
        return {"FINISHED"}


class IMG23D_OT_discard_parts(_OnParts, bpy.types.Operator):
    bl_idname = "img23d.discard_parts"
    bl_label = "Img23D: Discard Parts"
    bl_description = "Take the preview and the list away; the object is as it was before"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ..scene.parts.rows import discard, has_preview, host_of
        from ..scene.view.part_shading import give_shading_back
        from ..scene.view.selection import check_mode, select_only

        try:
            check_mode(context)
        except Img23DError as error:
            return extension().refuse(self, error)
        obj = discard(host_of(context.object) or context.object)
        context.view_layer.update()
        select_only([obj], context.view_layer)
        if not has_preview(bpy.data.objects):
            give_shading_back()
        return {"FINISHED"}


class IMG23D_OT_cut_parts(_OnParts, bpy.types.Operator):
    bl_idname = "img23d.cut_parts"
    bl_label = "Img23D: Cut into Parts"
    bl_description = (
        "Make an object of each part that is ticked, in a collection of their own and at the same place, with textures, materials and weights; "
        "the whole object is kept, hidden"
    )
    bl_options = {"REGISTER"}  # becomes an undo step when it is finished

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ..app.outcome import follow_cut
        from ..scene.file.folders import runs_base
        from ..scene.parts.rows import host_of

        owner = extension()
        try:
            job = owner.applier.divider.cut(host_of(context.object), runs_base(context), closed=context.scene.img23d.parts_closed)
        except Img23DError as error:
            return owner.refuse(self, error)
        return follow_cut(self, owner, job)


class IMG23D_OT_join_parts(bpy.types.Operator):
    bl_idname = "img23d.join_parts"
    bl_label = "Img23D: Join Back"
    bl_description = "Make one object of the parts again: the whole one as it was, and where you have worked on parts one with your changes; the whole one is then kept, hidden"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        cls.poll_message_set(_("Select one of the parts, or the empty that holds them"))
        return context.object is not None and any(key in context.object for key in ("img23d_part_group", "img23d_whole"))

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ..scene.view.selection import check_mode

        try:
            check_mode(context)
            said = self._join(context)
        except Img23DError as error:
            return extension().refuse(self, error)
        self.report({"INFO"}, said)
        return {"FINISHED"}

    def _join(self, context: bpy.types.Context) -> str:
        """Raises Img23DError."""
        from ..scene.file.windows import workplace_of
        from ..scene.parts.join import join_back
        from ..scene.parts.records import group_of

        group = group_of(context.object)
        if group is None:
            raise bad_request("The empty that held these parts is gone: join them with Object > Join.")
        return join_back(group, workplace_of(context.scene))[1]


class IMG23D_OT_show_part_colors(_OnParts, bpy.types.Operator):
    bl_idname = "img23d.show_part_colors"
    bl_label = "Img23D: Show the Parts' Colours"
    bl_description = "Let the viewports show the colours of the parts: Solid shading, with the colour of the attribute"

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ..scene.file.windows import workplace_of
        from ..scene.view.part_shading import show_preview_colors

        show_preview_colors(workplace_of(context.scene), always=True)
        return {"FINISHED"}


CLASSES = (
    IMG23D_OT_make_parts,
    IMG23D_OT_split_again,
    IMG23D_OT_mark_part,
    IMG23D_OT_merge_parts,
    IMG23D_OT_discard_parts,
    IMG23D_OT_cut_parts,
    IMG23D_OT_join_parts,
    IMG23D_OT_show_part_colors,
)
