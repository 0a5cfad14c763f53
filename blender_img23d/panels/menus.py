"""F3 search finds what stands in a menu: Add > Img23D for what makes objects, Object > Img23D for what changes one."""

from __future__ import annotations

import bpy
from bpy.app.translations import pgettext_iface as _

from ..app.owner import extension_or_none
from ..shared.img23d_protocol.choices import LICENCES
from ..shared.img23d_protocol.limits import VARIANTS_MAX
from .sidebar.photo import draw_in_image_menu


class IMG23D_MT_add(bpy.types.Menu):
    bl_idname = "IMG23D_MT_add"
    bl_label = "Img23D"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.operator_context = "INVOKE_DEFAULT"
        layout.operator("img23d.choose_photo").purpose = "photo"
        layout.operator("img23d.paste_photo")
        layout.operator("img23d.use_image")
        layout.operator("img23d.use_render")
        layout.separator()
        layout.operator("img23d.generate", icon="MESH_MONKEY")
        layout.operator("img23d.cancel")
        layout.menu(IMG23D_MT_cancel_target.bl_idname)
        layout.operator("img23d.queue_go_on")
        layout.operator("img23d.queue_clear")
        layout.separator()
        layout.menu("IMG23D_MT_targets")
        layout.separator()
        layout.operator("img23d.show_textures")
        layout.separator()
        layout.operator("img23d.browse_runs", text="Img23D: Show an Older Run").step = 1
        layout.operator("img23d.browse_runs", text="Img23D: Show a Newer Run").step = -1
        layout.operator("img23d.reuse_run")
        layout.operator("img23d.import_run")
        layout.operator("img23d.import_splats")
        layout.operator("img23d.delete_run")
        layout.separator()
        layout.menu(IMG23D_MT_quality.bl_idname)
        layout.separator()
        layout.operator("img23d.doctor")
        layout.operator("img23d.doctor", text="Img23D: Try Every Stage").try_stages = True
        layout.operator("img23d.open_run_folder")
        layout.operator("img23d.open_log")
        layout.operator("img23d.copy_report")
        layout.operator("img23d.free_memory")
        layout.separator()
        layout.operator("img23d.setup")
        layout.operator("img23d.go_on")
        layout.operator("img23d.cancel_setup")
        layout.operator("img23d.refresh_models")
        layout.operator("img23d.open_models_folder")
        for one in LICENCES:
            layout.operator("img23d.accept_licence", text=_("Img23D: Accept the Licence of {name}").format(name=one.of), translate=False).licence = one.id
            layout.operator(
                "img23d.withdraw_licence", text=_("Img23D: Withdraw the Answer to {name}'s Licence").format(name=one.of), translate=False
            ).licence = one.id
        layout.operator("img23d.hide_first_run")


class IMG23D_MT_targets(bpy.types.Menu):
    bl_idname = "IMG23D_MT_targets"
    bl_label = "Found in the Photo"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.operator("img23d.clear_names", icon="X")
        layout.operator("img23d.clean_picture", icon="BRUSH_DATA")
        layout.operator("img23d.find_targets", icon="VIEWZOOM")
        layout.operator("img23d.find_target_again")
        layout.separator()
        layout.operator("img23d.pick_in_photo", icon="EYEDROPPER")
        layout.operator("img23d.edit_boxes", icon="IMAGE_DATA")
        layout.operator("img23d.close_boxes")
        layout.operator("img23d.clear_strokes")
        layout.separator()
        layout.operator("img23d.add_target")
        layout.operator("img23d.duplicate_target")
        layout.operator("img23d.remove_target")
        layout.operator("img23d.move_target", text="Img23D: Move Target Up").direction = "UP"
        layout.operator("img23d.move_target", text="Img23D: Move Target Down").direction = "DOWN"
        layout.operator("img23d.clear_targets")


class IMG23D_MT_quality(bpy.types.Menu):
    bl_idname = "IMG23D_MT_quality"
    bl_label = "Quality"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.operator_context = "INVOKE_DEFAULT"
        layout.operator("img23d.set_quality", text="Img23D: Draft Quality").quality = "draft"
        layout.operator("img23d.set_quality", text="Img23D: Balanced Quality").quality = "balanced"
        layout.operator("img23d.set_quality", text="Img23D: Best Quality").quality = "best"
        layout.separator()
        layout.operator("img23d.add_preset")
        layout.operator("img23d.save_defaults")
        layout.operator("img23d.reset_to_defaults")


class IMG23D_MT_cancel_target(bpy.types.Menu):
    bl_idname = "IMG23D_MT_cancel_target"
    bl_label = "Cancel One"

    def draw(self, context: bpy.types.Context) -> None:
        owner = extension_or_none()
        job = owner.session.active if owner is not None else None
        for index in job.unfinished if job is not None and job.is_generation else ():
            button = self.layout.operator("img23d.cancel_target", text=job.targets[index].name, translate=False)
            button.job, button.index = job.id, index


class IMG23D_MT_object(bpy.types.Menu):
    bl_idname = "IMG23D_MT_object"
    bl_label = "Img23D"

    def draw(self, context: bpy.types.Context) -> None:
        self.layout.operator("img23d.retexture", icon="TEXTURE")
        self.layout.operator("img23d.switch_texture", icon="ARROW_LEFTRIGHT")
        self.layout.separator()
        self.layout.operator("img23d.make_again", text="Img23D: Make Again (Same Seed)", icon="FILE_REFRESH").new_seed = False
        self.layout.operator("img23d.make_again", text="Img23D: Make Another (New Seed)").new_seed = True
        self.layout.operator("img23d.make_again", text="Img23D: Make Again with the Panel's Settings").with_panel = True
        self.layout.operator("img23d.make_again", text="Img23D: Make Variants").variants = VARIANTS_MAX
        self.layout.operator("img23d.compare_engines")
        self.layout.operator("img23d.keep_variant", icon="CHECKMARK")
        self.layout.operator("img23d.keep_variants")
        self.layout.operator("img23d.mark_asset", icon="ASSET_MANAGER")
        self.layout.operator("img23d.open_made_folder", icon="FILE_FOLDER")
        self.layout.separator()
        self.layout.operator("img23d.use_photo_camera", icon="OUTLINER_OB_CAMERA")
        self.layout.operator("img23d.render_as_photo", icon="CAMERA_DATA")
        self.layout.operator("img23d.set_real_height", icon="DRIVER_DISTANCE")
        self.layout.separator()
        self.layout.operator("img23d.make_quads", icon="MESH_GRID")
        self.layout.operator("img23d.stop_quads")
        self.layout.operator("img23d.add_levels", icon="MOD_DECIM")
        self.layout.operator("img23d.set_origin", text="Img23D: Origin to the Base").place = "BASE"
        self.layout.operator("img23d.set_origin", text="Img23D: Origin to the Middle").place = "MIDDLE"
        self.layout.operator("img23d.apply_scale")
        self.layout.separator()
        self.layout.operator_context = "INVOKE_DEFAULT"
        self.layout.operator("img23d.export_splats", icon="EXPORT")


def _draw_in_add(self: bpy.types.Menu, context: bpy.types.Context) -> None:
    self.layout.separator()
    self.layout.menu(IMG23D_MT_add.bl_idname, icon="IMAGE_DATA")


def _draw_in_object(self: bpy.types.Menu, context: bpy.types.Context) -> None:
    self.layout.separator()
    self.layout.menu(IMG23D_MT_object.bl_idname, icon="IMAGE_DATA")


def _draw_in_import(self: bpy.types.Menu, context: bpy.types.Context) -> None:
    self.layout.operator("img23d.import_splats", text="Gaussian Splats (.ply/.spz)")


def _draw_in_export(self: bpy.types.Menu, context: bpy.types.Context) -> None:
    self.layout.operator("img23d.export_splats", text="Gaussian Splats (.ply/.spz)")


def attach() -> None:
    bpy.types.VIEW3D_MT_add.append(_draw_in_add)
    bpy.types.VIEW3D_MT_object.append(_draw_in_object)
    bpy.types.IMAGE_MT_image.append(draw_in_image_menu)
    bpy.types.TOPBAR_MT_file_import.append(_draw_in_import)
    bpy.types.TOPBAR_MT_file_export.append(_draw_in_export)


def detach() -> None:
    bpy.types.TOPBAR_MT_file_export.remove(_draw_in_export)
    bpy.types.TOPBAR_MT_file_import.remove(_draw_in_import)
    bpy.types.IMAGE_MT_image.remove(draw_in_image_menu)
    bpy.types.VIEW3D_MT_object.remove(_draw_in_object)
    bpy.types.VIEW3D_MT_add.remove(_draw_in_add)


CLASSES = (IMG23D_MT_cancel_target, IMG23D_MT_quality, IMG23D_MT_add, IMG23D_MT_targets, IMG23D_MT_object)
