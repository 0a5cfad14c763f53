"""Choosing among variants that stand side by side."""

import bpy
from bpy.app.translations import pgettext_rpt as _
from bpy.props import IntProperty, StringProperty

from ...app.owner import Extension, extension, extension_or_none
from ...scene.file.tags import CHOICE, RUN, TARGET, choice_of, piece_of, variants_beside
from ...shared.img23d_protocol import Img23DError
from ...shared.img23d_protocol.errors import bad_request


class _OnVariant:
    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        obj, owner = context.object, extension_or_none()
        if obj is None or CHOICE not in obj or owner is None:
            cls.poll_message_set(_("Select one of several variants that were made of an object"))
            return False
        ids = choice_of(obj).split()
        is_waiting = any(job.id in ids for job in owner.applier.queue.waiting)
        cls.poll_message_set(_("Wait until all variants are made"))
        return not is_waiting and all(job is None or job.is_over for job in map(owner.job, ids))


class IMG23D_OT_keep_variant(_OnVariant, bpy.types.Operator):
    bl_idname = "img23d.keep_variant"
    bl_label = "Img23D: Keep This Variant"
    bl_description = "Keep this variant and delete the others; made In Place, it takes the place of the object that it was made of"
    bl_options = {"REGISTER", "UNDO"}

    index: IntProperty(name="Variant", description="Which one to keep, from 0; -1 keeps the active object", default=-1, min=-1, options={"SKIP_SAVE"})
    run: StringProperty(name="Run", description="Of which run it is, where several are compared", options={"SKIP_SAVE"})

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...scene.view.selection import check_mode, select_only

        owner = extension()
        try:
            check_mode(context)
            obj = self._chosen(context)
        except Img23DError as error:
            return owner.refuse(self, error)
        kept = _keep(owner, obj)
        context.view_layer.update()  # it still lists what was deleted, and selecting would end in it
        select_only(kept, context.view_layer)
        owner.pump.is_stale = True
        return {"FINISHED"}

    def _chosen(self, context: bpy.types.Context) -> bpy.types.Object:
        """Raises Img23DError(BAD_REQUEST)."""
        several = variants_beside(context.object) if self.index >= 0 else [context.object]
        obj = next((one for one in several if self.index in (-1, one[TARGET]) and self.run in ("", one[RUN])), None)
        if obj is None:
            raise bad_request("This variant is no longer here: select the one that you want to keep.")
        return obj


def _keep(owner: Extension, obj: bpy.types.Object) -> list[bpy.types.Object]:
    """What has it now, the object that stands for `obj` first."""
    from ...scene.placement.variants import keep

    run, index, piece = str(obj[RUN]), obj[TARGET], piece_of(obj)
    kept = keep(obj)
    if (job := owner.job(run)) is not None and index < len(job.targets):
        for one in kept.values():
            owner.applier.placer.on_kept(job, index, one)
    return [kept.pop(piece), *kept.values()]


class IMG23D_OT_keep_variants(_OnVariant, bpy.types.Operator):
    bl_idname = "img23d.keep_variants"
    bl_label = "Img23D: Keep All Variants"
    bl_description = "Keep all variants as objects of their own; nothing is deleted or replaced"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...scene.placement.variants import keep_all

        keep_all(context.object)
        return {"FINISHED"}


CLASSES = (IMG23D_OT_keep_variant, IMG23D_OT_keep_variants)
