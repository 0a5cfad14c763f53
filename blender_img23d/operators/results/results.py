"""The buttons of the result list."""

from typing import TYPE_CHECKING

import bpy
from bpy.app.translations import pgettext_rpt as _
from bpy.props import IntProperty, StringProperty

from ...app.owner import extension, extension_or_none, has_listed, listed_jobs, shown_job
from ...shared.img23d_protocol import Img23DError
from ...shared.img23d_protocol.errors import bad_request

if TYPE_CHECKING:
    from ...core.jobs import Job, JobTarget


class _OnResult:
    job: StringProperty(name="Run", description="The run's id; empty for the one that is listed", options={"SKIP_SAVE"})
    index: IntProperty(name="Result", description="Number of the result, from 0", min=0, options={"SKIP_SAVE"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        cls.poll_message_set(_("Nothing has been generated yet"))
        return has_listed()

    def chosen(self, context: bpy.types.Context) -> "tuple[Job, JobTarget]":
        """The job and its target. Raises Img23DError."""
        owner = extension()
        job = owner.job(self.job) if self.job else shown_job(owner, context)
        if job is None or self.index >= len(job.targets):
            raise bad_request("There is no such result.")
        return job, job.targets[self.index]


class IMG23D_OT_show_result(_OnResult, bpy.types.Operator):
    bl_idname = "img23d.show_result"
    bl_label = "Img23D: Show Result"
    bl_description = "Select what was made of this thing, and nothing else, and bring it into view"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...scene.view.selection import check_mode, select_only, show_in_viewport

        owner = extension()
        try:
            check_mode(context)
            job, target = self.chosen(context)
            several = [obj for obj in owner.applier.placer.objects_of(job, self.index) if obj.name in context.view_layer.objects]
            if not several:
                raise bad_request(_("“{name}” is not in this scene.").format(name=target.name))
        except Img23DError as error:
            return owner.refuse(self, error)
        select_only(several, context.view_layer)
        show_in_viewport(several, context)
        return {"FINISHED"}


class IMG23D_OT_import_result(_OnResult, bpy.types.Operator):
    bl_idname = "img23d.import_result"
    bl_label = "Img23D: Import Result"
    bl_description = "Bring this finished result into the scene that is open now"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...scene.view.selection import check_mode, select_only

        owner = extension()
        try:
            check_mode(context)
            job, target = self.chosen(context)
            if owner.applier.brings(job, self.index):
                raise bad_request(_("“{name}” is on its way into the scene.").format(name=target.name))
            obj = owner.applier.placer.import_again(job, self.index, context.scene)
        except Img23DError as error:
            return owner.refuse(self, error)
        owner.refusal = ""
        owner.pump.is_stale = True
        select_only([obj], context.view_layer)
        return {"FINISHED"}


class IMG23D_OT_browse_runs(bpy.types.Operator):
    bl_idname = "img23d.browse_runs"
    bl_label = "Img23D: Show Another Run"
    bl_description = "List the results of an older or a newer run"

    step: IntProperty(name="Step", description="1 for the next older run, -1 for the next newer one", default=1)

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        cls.poll_message_set(_("There is no other run"))
        owner = extension_or_none()
        return owner is not None and len(listed_jobs(owner)) > 1

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...app.jobs.result_rows import show_job, sync_rows

        owner = extension()
        jobs = listed_jobs(owner)
        here = jobs.index(shown_job(owner, context))
        job = jobs[max(0, min(here + self.step, len(jobs) - 1))]
        show_job(context.window_manager, job)
        sync_rows(context.window_manager, job)
        owner.standings = {}
        owner.pump.is_stale = True
        return {"FINISHED"}


class IMG23D_OT_use_seed(bpy.types.Operator):
    bl_idname = "img23d.use_seed"
    bl_label = "Img23D: Use Seed Again"
    bl_description = "Put the seed of this run into the settings, so that the next run gives the same result again"
    bl_options = {"REGISTER", "UNDO"}

    seed: IntProperty(name="Seed", description="The seed of the run", min=0)

    def execute(self, context: bpy.types.Context) -> set[str]:
        context.scene.img23d.seed = self.seed
        return {"FINISHED"}


CLASSES = (IMG23D_OT_show_result, IMG23D_OT_import_result, IMG23D_OT_browse_runs, IMG23D_OT_use_seed)
