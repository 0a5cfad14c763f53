"""The buttons of the list of models."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import bpy
from bpy.props import StringProperty

from ...app.owner import extension, poll_own_models
from ...shared.img23d_protocol import Img23DError

if TYPE_CHECKING:
    from ...app.owner import Extension
    from ...core.session.setup import Plan


class _OnWeights:
    bl_options = {"REGISTER"}

    weights: StringProperty(name="Model", description="The identifier of the files, such as birefnet-lite", options={"SKIP_SAVE"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return poll_own_models(cls)

    def start(self, make_plan: "Callable[[Extension], Plan]") -> set[str]:
        from ...app.outcome import follow_setup

        owner = extension()
        try:
            owner.setup.start(make_plan(owner))
        except Img23DError as error:
            return owner.refuse(self, error)
        return follow_setup(self, owner)


class IMG23D_OT_download_weights(_OnWeights, bpy.types.Operator):
    bl_idname = "img23d.download_weights"
    bl_label = "Img23D: Download Model"
    bl_description = "Download this model, going on where an earlier download was cut off"

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...app.models import download_plan

        return self.start(lambda owner: download_plan(context, owner, (self.weights,)))


class IMG23D_OT_verify_weights(_OnWeights, bpy.types.Operator):
    bl_idname = "img23d.verify_weights"
    bl_label = "Img23D: Verify Model"
    bl_description = "Read every byte of this model's files again and compare it with what was downloaded"

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...app.models import verification_plan

        return self.start(lambda owner: verification_plan(self.weights))


class IMG23D_OT_delete_weights(_OnWeights, bpy.types.Operator):
    bl_idname = "img23d.delete_weights"
    bl_label = "Img23D: Delete Model"
    bl_description = "Delete this model's files from the disk; it can be downloaded again"

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        return context.window_manager.invoke_confirm(self, event)

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...app.models import deletion_plan

        return self.start(lambda owner: deletion_plan(self.weights))


CLASSES = (IMG23D_OT_download_weights, IMG23D_OT_verify_weights, IMG23D_OT_delete_weights)
