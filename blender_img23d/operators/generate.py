"""The main button, and the ones that stop it."""

import bpy
from bpy.app.translations import pgettext_rpt as _
from bpy.props import IntProperty, StringProperty

from ..app.owner import extension, extension_or_none
from ..shared.img23d_protocol import Img23DError


class IMG23D_OT_generate(bpy.types.Operator):
    bl_idname = "img23d.generate"
    bl_label = "Img23D: Generate Objects from Photo"
    bl_description = "Make an object of each name; waits while another run goes on"  # one line: the tooltip covers what is below
    bl_options = {"REGISTER"}  # the run becomes one undo step when it is finished

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """A double-click is one press."""
        return self.execute(context) if extension().press_guard.takes_press(self.bl_idname) else {"CANCELLED"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ..app.commands.cleaning import before_generating
        from ..app.jobs.queued import queued_generate  # not before it is wanted, since Blender's start waits for every import
        from ..app.jobs.requests import generate_request
        from ..app.outcome import press
        from ..scene.view.selection import check_mode_in_background

        owner = extension()
        if begun := before_generating(self, context, owner):
            return begun
        try:
            check_mode_in_background(context)
            job = queued_generate(context, owner.applier.files, generate_request(context))
        except Img23DError as error:
            return owner.refuse(self, error)
        return press(self, context, owner, job)


class IMG23D_OT_cancel(bpy.types.Operator):
    bl_idname = "img23d.cancel"
    bl_label = "Img23D: Cancel the Running Job"
    bl_description = "Stop what is being made or re-textured now; what is finished of it stays in the scene, and the next one that waits begins"
    bl_options = {"REGISTER"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        cls.poll_message_set(_("No job is running"))
        owner = extension_or_none()
        return owner is not None and owner.applier.runner.is_busy

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if extension().applier.queue.is_settling:
            self.report({"INFO"}, _("The next one has just begun: press again to stop it as well."))
            return {"CANCELLED"}
        return self.execute(context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        owner = extension()
        owner.session.cancel()
        if owner.session.active is None:  # a row of meshes may wait for its next one
            owner.applier.queue.stop()
        owner.pump.wake()
        return {"FINISHED"}


class IMG23D_OT_cancel_target(bpy.types.Operator):
    bl_idname = "img23d.cancel_target"
    bl_label = "Img23D: Cancel This One"
    bl_description = "Stop making this one and go on with the others; what is finished of it already stays in the scene"
    bl_options = {"REGISTER"}

    job: StringProperty(name="Run", description="The identifier of the running job", options={"SKIP_SAVE"})
    index: IntProperty(name="Target", description="Which of its things, counted from 0", min=0, options={"SKIP_SAVE"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        cls.poll_message_set(_("No job is running"))
        owner = extension_or_none()
        return owner is not None and owner.session.active is not None

    def execute(self, context: bpy.types.Context) -> set[str]:
        owner = extension()
        job = owner.job(self.job)
        if job is None or not job.is_unfinished(self.index):
            self.report({"INFO"}, _("This one is finished already."))
            return {"CANCELLED"}
        owner.session.cancel_target(job, self.index)
        owner.pump.wake()
        return {"FINISHED"}


class IMG23D_OT_end_backend(bpy.types.Operator):
    bl_idname = "img23d.end_backend"
    bl_label = "Img23D: End the Backend"
    bl_description = (
        "End the program that works beside Blender, although it is at work; what is finished already stays in the scene, and the next job starts it anew"
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        cls.poll_message_set(_("The backend answers"))
        owner = extension_or_none()
        return owner is not None and owner.session.unanswered > 0

    def execute(self, context: bpy.types.Context) -> set[str]:
        owner = extension()
        owner.session.end_unanswering()
        owner.pump.wake()
        return {"FINISHED"}


CLASSES = (IMG23D_OT_generate, IMG23D_OT_cancel, IMG23D_OT_cancel_target, IMG23D_OT_end_backend)
