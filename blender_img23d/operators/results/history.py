"""Operators of a run that is over: use it again, import all of it, delete it."""

from pathlib import PurePath
from typing import TYPE_CHECKING

import bpy
from bpy.app.translations import pgettext_iface as _
from bpy.props import StringProperty

from ...app.owner import extension, extension_or_none, shown_job
from ...shared.img23d_protocol import Img23DError
from ...shared.img23d_protocol.errors import bad_request

if TYPE_CHECKING:
    from ...core.jobs import Job


class _OnRun:
    job: StringProperty(name="Run", description="The run's id; empty for the one that is listed", options={"SKIP_SAVE"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        cls.poll_message_set(_("There is no run yet"))
        owner = extension_or_none()
        return owner is not None and bool(owner.history.runs)

    def chosen(self, context: bpy.types.Context) -> "Job":
        """Raises Img23DError."""
        owner = extension()
        job = owner.job(self.job) if self.job else shown_job(owner, context)
        if job not in owner.history.runs:
            raise bad_request("Choose a run that is over under Past Runs first.")
        return job


class IMG23D_OT_reuse_run(_OnRun, bpy.types.Operator):
    bl_idname = "img23d.reuse_run"
    bl_label = "Img23D: Use Run Again"
    bl_description = "Put the photo, names, boxes, seed, engine and settings of this run into the panel again"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...app.commands.reuse import reuse  # late, as everything that Blender's start should not wait for

        owner = extension()
        try:
            reuse(self.chosen(context), context.scene)
        except Img23DError as error:
            return owner.refuse(self, error)
        owner.refusal = ""
        owner.pump.is_stale = True
        return {"FINISHED"}


class IMG23D_OT_import_run(_OnRun, bpy.types.Operator):
    bl_idname = "img23d.import_run"
    bl_label = "Img23D: Import All Results"
    bl_description = "Bring all finished results of this run that are not in the scene into it"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...app.commands.importing import import_all
        from ...scene.view.selection import check_mode, select_only

        owner = extension()
        try:
            check_mode(context)
            made, failures = import_all(owner, self.chosen(context), context.scene)
        except Img23DError as error:
            return owner.refuse(self, error)
        owner.refusal = ""
        owner.pump.is_stale = owner.in_use.is_due = True
        for sentence in failures:
            self.report({"WARNING"}, sentence)
        select_only(made, context.view_layer)
        return {"FINISHED"} if made else {"CANCELLED"}


class IMG23D_OT_delete_run(_OnRun, bpy.types.Operator):
    bl_idname = "img23d.delete_run"
    bl_label = "Img23D: Delete This Run with Its Files"
    bl_description = "Delete the folder of this run, with its cut-outs, meshes and textures, from the disk; objects in your scenes stay"

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        from ...app.commands.deletion import deletable_contents

        owner = extension()
        try:
            job = self.chosen(context)
            found = deletable_contents(context, owner, job)
        except Img23DError as error:
            return owner.refuse(self, error)
        self.job, self.folder = job.id, job.request.run_folder
        self.lines = (
            _("{photo}, {count} objects").format(photo=PurePath(job.picture).name, count=len(job.targets)),
            _("{count} files, {size:.1f} MB").format(count=len(found.ours), size=found.size / 1e6),
            *((_("{count} of your own files stay in it").format(count=len(found.others)),) if found.others else ()),
        )
        return context.window_manager.invoke_props_dialog(self, width=420, title="Delete This Run with Its Files?", confirm_text="Delete")

    def draw(self, context: bpy.types.Context) -> None:
        column = self.layout.column(align=True)
        for line in (*self.lines, self.folder):
            column.label(text=line, translate=False)
        column.separator()
        column.label(text="Objects in your scenes stay as they are.", icon="INFO")
        column.label(text="The files cannot be brought back.", icon="ERROR")

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...app.commands.deletion import delete

        owner = extension()
        try:
            delete(context, owner, self.chosen(context))
        except Img23DError as error:
            return owner.refuse(self, error)
        owner.refusal = ""
        return {"FINISHED"}


CLASSES = (IMG23D_OT_reuse_run, IMG23D_OT_import_run, IMG23D_OT_delete_run)
