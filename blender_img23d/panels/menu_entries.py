"""What stands in the menus."""

from __future__ import annotations

import bpy
from bpy.app.translations import pgettext_iface as _

from ..app.owner import extension_or_none
from ..shared.img23d_protocol.choices import LICENCES
from ..shared.img23d_protocol.limits import VARIANTS_MAX


def draw_add(menu: bpy.types.Menu, context: bpy.types.Context) -> None:
    layout = menu.layout
    layout.operator_context = "INVOKE_DEFAULT"
    layout.operator("img23d.choose_photo").purpose = "photo"
    layout.operator("img23d.paste_photo")
    layout.operator("img23d.use_image")
    layout.operator("img23d.use_render")
    layout.separator()
    layout.operator("img23d.generate", icon="MESH_MONKEY")
    layout.operator("img23d.cancel")
    layout.menu("IMG23D_MT_cancel_target")
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
    layout.menu("IMG23D_MT_quality")
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


def draw_targets(menu: bpy.types.Menu, context: bpy.types.Context) -> None:
    layout = menu.layout
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


def draw_quality(menu: bpy.types.Menu, context: bpy.types.Context) -> None:
    layout = menu.layout
    layout.operator_context = "INVOKE_DEFAULT"
    layout.operator("img23d.set_quality", text="Img23D: Draft Quality").quality = "draft"
    layout.operator("img23d.set_quality", text="Img23D: Balanced Quality").quality = "balanced"
    layout.operator("img23d.set_quality", text="Img23D: Best Quality").quality = "best"
    layout.separator()
    layout.operator("img23d.add_preset")
    layout.operator("img23d.save_defaults")
    layout.operator("img23d.reset_to_defaults")


def draw_cancel_target(menu: bpy.types.Menu, context: bpy.types.Context) -> None:
    owner = extension_or_none()
    job = owner.session.active if owner is not None else None
    for index in job.unfinished if job is not None and job.is_generation else ():
        button = menu.layout.operator("img23d.cancel_target", text=job.targets[index].name, translate=False)
        button.job, button.index = job.id, index


def draw_object(menu: bpy.types.Menu, context: bpy.types.Context) -> None:
    menu.layout.operator("img23d.retexture", icon="TEXTURE")
    menu.layout.operator("img23d.switch_texture", icon="ARROW_LEFTRIGHT")
    menu.layout.separator()
    menu.layout.operator("img23d.make_parts", icon="MOD_EXPLODE")
    menu.layout.operator("img23d.show_part_colors")
    menu.layout.operator("img23d.cut_parts")
    menu.layout.operator("img23d.discard_parts")
    menu.layout.operator("img23d.join_parts", icon="AUTOMERGE_ON")
    menu.layout.separator()
    menu.layout.operator("img23d.make_again", text="Img23D: Make Again (Same Seed)", icon="FILE_REFRESH").new_seed = False
    menu.layout.operator("img23d.make_again", text="Img23D: Make Another (New Seed)").new_seed = True
    menu.layout.operator("img23d.make_again", text="Img23D: Make Again with the Panel's Settings").with_panel = True
    menu.layout.operator("img23d.make_again", text="Img23D: Make Variants").variants = VARIANTS_MAX
    menu.layout.operator("img23d.compare_engines")
    menu.layout.operator("img23d.keep_variant", icon="CHECKMARK")
    menu.layout.operator("img23d.keep_variants")
    menu.layout.operator("img23d.mark_asset", icon="ASSET_MANAGER")
    menu.layout.operator("img23d.open_made_folder", icon="FILE_FOLDER")
    menu.layout.separator()
    menu.layout.operator("img23d.use_photo_camera", icon="OUTLINER_OB_CAMERA")
    menu.layout.operator("img23d.render_as_photo", icon="CAMERA_DATA")
    menu.layout.operator("img23d.set_real_height", icon="DRIVER_DISTANCE")
    menu.layout.separator()
    menu.layout.operator("img23d.make_quads", icon="MESH_GRID")
    menu.layout.operator("img23d.stop_quads")
    menu.layout.operator("img23d.add_levels", icon="MOD_DECIM")
    menu.layout.operator("img23d.set_origin", text="Img23D: Origin to the Base").place = "BASE"
    menu.layout.operator("img23d.set_origin", text="Img23D: Origin to the Middle").place = "MIDDLE"
    menu.layout.operator("img23d.apply_scale")
    menu.layout.separator()
    menu.layout.operator_context = "INVOKE_DEFAULT"
    menu.layout.operator("img23d.export_splats", icon="EXPORT")
