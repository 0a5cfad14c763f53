"""Operators of queued jobs: move, remove, go on, try again."""

import bpy
from bpy.app.translations import pgettext_rpt as _
from bpy.props import IntProperty, StringProperty

from ..app.owner import extension, extension_or_none
from ..shared.img23d_protocol import Img23DError


class _OnList:
    """A button on a list that moves by itself when a job begins."""

    job: StringProperty(name="Job", description="The identifier of the job that waits", options={"SKIP_SAVE"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return extension_or_none() is not None

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if extension().applier.queue.is_settling:
            self.report({"INFO"}, _("The list has just moved: look at it, and press again."))
            return {"CANCELLED"}
        return self.execute(context)


class IMG23D_OT_queue_move(_OnList, bpy.types.Operator):
    bl_idname = "img23d.queue_move"
    bl_label = "Img23D: Move in the Waiting List"
    bl_description = "Let this one begin earlier or later"

    step: IntProperty(name="Step", description="-1 earlier, 1 later", min=-1, max=1, options={"SKIP_SAVE"})

    def execute(self, context: bpy.types.Context) -> set[str]:
        owner = extension()
        owner.applier.queue.move(self.job, self.step)
        owner.pump.is_stale = True
        owner.pump.wake()
        return {"FINISHED"}


class IMG23D_OT_queue_remove(_OnList, bpy.types.Operator):
    bl_idname = "img23d.queue_remove"
    bl_label = "Img23D: Remove from the Waiting List"
    bl_description = "Take this one from the list; nothing of it has begun"

    def execute(self, context: bpy.types.Context) -> set[str]:
        owner = extension()
        owner.applier.queue.remove(self.job)
        owner.pump.is_stale = True
        owner.pump.wake()
        return {"FINISHED"}


class IMG23D_OT_queue_clear(_OnList, bpy.types.Operator):
    bl_idname = "img23d.queue_clear"
    bl_label = "Img23D: Remove All That Wait"
    bl_description = "Take all from the waiting list; what runs goes on"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        cls.poll_message_set(_("Nothing is waiting"))
        owner = extension_or_none()
        return owner is not None and owner.applier.queue.slots > 0

    def execute(self, context: bpy.types.Context) -> set[str]:
        owner = extension()
        owner.applier.queue.clear()
        owner.pump.is_stale = True
        owner.pump.wake()
        return {"FINISHED"}


class IMG23D_OT_queue_go_on(_OnList, bpy.types.Operator):
    bl_idname = "img23d.queue_go_on"
    bl_label = "Img23D: Go On with the Waiting List"
    bl_description = "Begin with those that wait, one after the other"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        cls.poll_message_set(_("Nothing waits for you"))
        owner = extension_or_none()
        return owner is not None and bool(owner.applier.queue.hold)

    def execute(self, context: bpy.types.Context) -> set[str]:
        owner = extension()
        owner.applier.queue.go_on()
        owner.pump.is_stale = True
        owner.pump.wake()
        return {"FINISHED"}


class IMG23D_OT_queue_try_again(_OnList, bpy.types.Operator):
    bl_idname = "img23d.queue_try_again"
    bl_label = "Img23D: Try This One Again"
    bl_description = "Put this one at the end of the waiting list, as it was asked for"

    def execute(self, context: bpy.types.Context) -> set[str]:
        owner = extension()
        setback = owner.applier.queue.setback(self.job)
        try:
            if setback is not None:
                owner.applier.queue.try_again(setback)
        except Img23DError as error:
            return owner.refuse(self, error)
        owner.pump.is_stale = True
        owner.pump.wake()
        return {"FINISHED"}


class IMG23D_OT_queue_dismiss(_OnList, bpy.types.Operator):
    bl_idname = "img23d.queue_dismiss"
    bl_label = "Img23D: Dismiss This Message"
    bl_description = "Take this message away"

    def execute(self, context: bpy.types.Context) -> set[str]:
        owner = extension()
        setback = owner.applier.queue.setback(self.job)
        if setback is not None:
            owner.applier.queue.dismiss(setback)
        owner.pump.is_stale = True
        owner.pump.wake()
        return {"FINISHED"}


CLASSES = (
    IMG23D_OT_queue_move,
    IMG23D_OT_queue_remove,
    IMG23D_OT_queue_clear,
    IMG23D_OT_queue_go_on,
    IMG23D_OT_queue_try_again,
    IMG23D_OT_queue_dismiss,
)
