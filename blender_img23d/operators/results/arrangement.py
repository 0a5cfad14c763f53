"""Operators of objects that stand as in their photo: the photo's view of them, and their real size."""

import bpy
from bpy.app.translations import pgettext_rpt as _
from bpy.props import FloatProperty

from ...app.owner import poll_idle
from ...scene.file.tags import CAMERA, is_result
from ...shared.img23d_protocol.limits import HEIGHT_MAX


class IMG23D_OT_use_photo_camera(bpy.types.Operator):
    bl_idname = "img23d.use_photo_camera"
    bl_label = "Img23D: See It as in the Photo"
    bl_description = (
        "This viewport looks through the photo's camera at what was made from it, the photo behind, and leaves out everything else. "
        "Press again to go back; the scene's camera and its renders stay as they are"
    )
    bl_options = {"REGISTER"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return _poll_camera(cls)

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...scene.placement.seen_as_photo import is_seen_as_photo, look_as_before  # late, as everything that Blender's start should not wait for
        from ...scene.view.selection import viewport_of

        area = viewport_of(context)
        if area is None:
            self.report({"ERROR"}, _("This works in a 3D viewport"))
            return {"CANCELLED"}
        if not is_seen_as_photo(context.screen, area):
            return self._look(context, area)
        look_as_before(context.window, area)
        self.report({"INFO"}, _("The view is what it was before."))
        return {"FINISHED"}

    def _look(self, context: bpy.types.Context, area: bpy.types.Area) -> set[str]:
        from ...scene.placement.photo_camera import find_camera
        from ...scene.placement.seen_as_photo import look_as_photo

        camera = find_camera(context)
        if camera is None:
            self.report({"ERROR"}, _("The photo's camera is not in this scene."))
            return {"CANCELLED"}
        look_as_photo(context.window, area, camera)
        self.report({"INFO"}, _("This view shows what was made from the photo, and nothing else. The same button, or turning the view, brings the rest back."))
        return {"FINISHED"}


class IMG23D_OT_render_as_photo(bpy.types.Operator):
    bl_idname = "img23d.render_as_photo"
    bl_label = "Img23D: Render as in the Photo"
    bl_description = "The photo's camera becomes the scene's, and renders get the photo's proportions; their longer side stays"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return _poll_camera(cls)

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...scene.placement.photo_camera import find_camera, match_render

        camera = find_camera(context)
        if camera is None:
            self.report({"ERROR"}, _("The photo's camera is not in this scene."))
            return {"CANCELLED"}
        match_render(camera, context.scene)
        return {"FINISHED"}


def _poll_camera(operator: type[bpy.types.Operator]) -> bool:
    operator.poll_message_set(_("There is no photo's camera yet: generate with Place set to As in the Photo"))
    return any(CAMERA in camera for camera in bpy.data.cameras)


class IMG23D_OT_set_real_height(bpy.types.Operator):
    bl_idname = "img23d.set_real_height"
    bl_label = "Img23D: Set Real Height"
    bl_description = (
        "Type how tall the active object really is: everything that was made from the same photo is scaled with it, and the photo's camera goes along"
    )
    bl_options = {"REGISTER", "UNDO"}

    height: FloatProperty(
        name="Height",
        description="How tall the active object really is, from its lowest to its highest point",
        default=1.0,
        min=0.0001,
        soft_max=1000.0,
        precision=3,
        subtype="DISTANCE",
        unit="LENGTH",
        options={"SKIP_SAVE"},
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not poll_idle(cls):
            return False
        cls.poll_message_set(_("Select an object that was made from a photo, in Object Mode"))
        obj = context.view_layer.objects.active
        return obj is not None and obj.type == "MESH" and is_result(obj) and context.mode == "OBJECT"

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        from ...scene.placement.real_size import height_of

        self.height = height_of(context.view_layer.objects.active, context.view_layer)
        return context.window_manager.invoke_props_dialog(self)

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ...scene.placement.real_size import height_of, scale_run

        if not self.height * context.scene.unit_settings.scale_length <= HEIGHT_MAX:  # true for NaN, too
            self.report({"ERROR"}, _("No object has this height: type another one."))
            return {"CANCELLED"}
        obj = context.view_layer.objects.active
        present = height_of(obj, context.view_layer)
        if present <= 0.0:
            self.report({"ERROR"}, _("This object is flat: choose one that stands upright."))
            return {"CANCELLED"}
        scale_run(obj, self.height / present, context.scene)
        return {"FINISHED"}


CLASSES = (IMG23D_OT_use_photo_camera, IMG23D_OT_render_as_photo, IMG23D_OT_set_real_height)
