"""The panels and lists of the tab, as Blender has to know them at its start; what draws them is read when they are first seen."""

from __future__ import annotations

import bpy
from bl_ui.utils import PresetPanel

from .late import drawn_by, row_drawn_by, shown_by


class _InTab:
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Img23D"


class _WithHelp(_InTab):
    """With a question mark in its header, which opens the manual at the section of `core.manual` that has this name."""

    manual = "USE"
    draw_header_preset = drawn_by("widgets.help_link", "draw_header_preset")


class _Closed(_WithHelp):
    """Below the tab's top, and folded at first."""

    bl_parent_id = "IMG23D_PT_main"
    bl_options = {"DEFAULT_CLOSED"}


class _InAdvanced(_InTab):
    bl_parent_id = "IMG23D_PT_advanced"
    bl_options = {"DEFAULT_CLOSED"}


class IMG23D_UL_targets(bpy.types.UIList):
    bl_idname = "IMG23D_UL_targets"
    draw_item = row_drawn_by("sidebar.targets")


class IMG23D_UL_results(bpy.types.UIList):
    bl_idname = "IMG23D_UL_results"
    draw_item = row_drawn_by("results.results")


class IMG23D_UL_runs(bpy.types.UIList):
    bl_idname = "IMG23D_UL_runs"
    draw_item = row_drawn_by("results.history")


class IMG23D_UL_weights(bpy.types.UIList):
    bl_idname = "IMG23D_UL_weights"
    draw_item = row_drawn_by("models.models")


class IMG23D_UL_parts(bpy.types.UIList):
    bl_idname = "IMG23D_UL_parts"
    draw_item = row_drawn_by("parts.parts")


class IMG23D_UL_mask_parts(bpy.types.UIList):
    bl_idname = "IMG23D_UL_mask_parts"
    draw_item = row_drawn_by("parts.mask")


class IMG23D_MT_open_images(bpy.types.Menu):
    bl_idname = "IMG23D_MT_open_images"
    bl_label = "Image Open in Blender"
    draw = drawn_by("sidebar.photo", "draw_open_images")


class IMG23D_MT_photo(bpy.types.Menu):
    bl_idname = "IMG23D_MT_photo"
    bl_label = "Photo From"
    bl_description = "Other places that the photo can come from"
    draw = drawn_by("sidebar.photo", "draw_sources")


class IMG23D_PT_main(_WithHelp, bpy.types.Panel):
    bl_idname = "IMG23D_PT_main"
    bl_label = "Objects from a Photo"
    draw = drawn_by("sidebar.main")


class IMG23D_PT_targets(_WithHelp, bpy.types.Panel):
    bl_idname = "IMG23D_PT_targets"
    bl_label = "Found in the Photo"
    bl_parent_id = "IMG23D_PT_main"
    manual = "FIND"
    draw = drawn_by("sidebar.targets")


class IMG23D_PT_target_box(_InTab, bpy.types.Panel):
    bl_idname = "IMG23D_PT_target_box"
    bl_label = "Box in Numbers"
    bl_parent_id = "IMG23D_PT_targets"
    bl_options = {"DEFAULT_CLOSED"}
    poll = shown_by("sidebar.targets", "is_box_shown")
    draw = drawn_by("sidebar.targets", "draw_box")


class IMG23D_PT_results(_WithHelp, bpy.types.Panel):
    bl_idname = "IMG23D_PT_results"
    bl_label = "Results"
    bl_parent_id = "IMG23D_PT_main"
    poll = shown_by("results.results")
    draw = drawn_by("results.results")


class IMG23D_PT_waiting(_WithHelp, bpy.types.Panel):
    """It comes when the artist lets something wait. What begins, fails or is held then changes its lines, and not its height."""

    bl_idname = "IMG23D_PT_waiting"
    bl_label = "Waiting List"
    bl_parent_id = "IMG23D_PT_main"
    manual = "USE"
    poll = shown_by("sidebar.queue")
    draw = drawn_by("sidebar.queue")


class IMG23D_PT_variants(_WithHelp, bpy.types.Panel):
    bl_idname = "IMG23D_PT_variants"
    bl_label = "Variants"
    bl_parent_id = "IMG23D_PT_main"
    manual = "HISTORY"
    poll = shown_by("results.variants")
    draw = drawn_by("results.variants")


class IMG23D_PT_made(_Closed, bpy.types.Panel):
    bl_idname = "IMG23D_PT_made"
    bl_label = "How It Was Made"
    manual = "HISTORY"
    poll = shown_by("results.made")
    draw = drawn_by("results.made")


class IMG23D_PT_mesh_tools(_Closed, bpy.types.Panel):
    bl_idname = "IMG23D_PT_mesh_tools"
    bl_label = "Faces, Origin, Scale"
    manual = "HISTORY"
    poll = shown_by("results.mesh_tools")
    draw = drawn_by("results.mesh_tools")


class IMG23D_PT_presets(PresetPanel, bpy.types.Panel):
    """The artist's own presets, in Blender's own menu for them."""

    bl_idname = "IMG23D_PT_presets"
    bl_label = "Img23D Presets"
    preset_subdir = "img23d"
    preset_operator = "script.execute_preset"
    preset_add_operator = "img23d.add_preset"

    @staticmethod
    def post_cb(context: bpy.types.Context, filepath: str) -> None:
        """Blender runs a preset's file without an undo step."""
        if bpy.ops.ed.undo_push.poll():
            bpy.ops.ed.undo_push(message="Img23D Preset")


class IMG23D_PT_advanced(_InTab, bpy.types.Panel):
    bl_idname = "IMG23D_PT_advanced"
    bl_label = "Advanced"
    bl_parent_id = "IMG23D_PT_main"
    bl_options = {"DEFAULT_CLOSED"}
    draw_header_preset = drawn_by("settings.advanced", "draw_header_preset")
    draw = drawn_by("settings.advanced")


class IMG23D_PT_edit(_InAdvanced, bpy.types.Panel):
    bl_idname = "IMG23D_PT_edit"
    bl_label = "Clean the Picture First"
    draw_header = drawn_by("settings.shape", "draw_edit_header")
    draw = drawn_by("settings.shape", "draw_edit")


class IMG23D_PT_shape(_InAdvanced, bpy.types.Panel):
    bl_idname = "IMG23D_PT_shape"
    bl_label = "Shape"
    draw = drawn_by("settings.shape", "draw_shape")


class IMG23D_PT_texture(_InAdvanced, bpy.types.Panel):
    bl_idname = "IMG23D_PT_texture"
    bl_label = "Texture"
    draw_header = drawn_by("settings.shape", "draw_texture_header")
    draw = drawn_by("settings.shape", "draw_texture")


class IMG23D_PT_engine(_InAdvanced, bpy.types.Panel):
    bl_idname = "IMG23D_PT_engine"
    bl_label = "Search and Seed"
    draw = drawn_by("settings.shape", "draw_engine")


class IMG23D_PT_retexture(_Closed, bpy.types.Panel):
    bl_idname = "IMG23D_PT_retexture"
    bl_label = "Re-texture Selected Meshes"
    manual = "RETEXTURE"
    draw = drawn_by("results.retexture")


class IMG23D_PT_parts(_Closed, bpy.types.Panel):
    bl_idname = "IMG23D_PT_parts"
    bl_label = "Parts"
    manual = "PARTS"
    poll = shown_by("parts.parts")
    draw = drawn_by("parts.parts")


class IMG23D_PT_history(_Closed, bpy.types.Panel):
    bl_idname = "IMG23D_PT_history"
    bl_label = "Past Runs"
    manual = "HISTORY"
    draw_header = drawn_by("results.history", "draw_header")
    draw = drawn_by("results.history")


class IMG23D_PT_models(_Closed, bpy.types.Panel):
    bl_idname = "IMG23D_PT_models"
    bl_label = "AI Models"
    manual = "MODELS"
    draw = drawn_by("models.models")


class IMG23D_PT_help(_Closed, bpy.types.Panel):
    bl_idname = "IMG23D_PT_help"
    bl_label = "Help"
    manual = "TROUBLE"
    draw = drawn_by("help")


class IMG23D_PT_image_editor(_WithHelp, bpy.types.Panel):
    bl_idname = "IMG23D_PT_image_editor"
    bl_label = "Objects from a Photo"
    bl_space_type = "IMAGE_EDITOR"
    manual = "FIND"
    draw = drawn_by("image_editor.image_editor")


CLASSES = (
    IMG23D_UL_targets,
    IMG23D_UL_results,
    IMG23D_UL_runs,
    IMG23D_UL_weights,
    IMG23D_UL_parts,
    IMG23D_UL_mask_parts,
    IMG23D_MT_open_images,
    IMG23D_MT_photo,
    IMG23D_PT_main,
    IMG23D_PT_targets,
    IMG23D_PT_target_box,
    IMG23D_PT_results,
    IMG23D_PT_waiting,
    IMG23D_PT_variants,
    IMG23D_PT_made,
    IMG23D_PT_mesh_tools,
    IMG23D_PT_presets,
    IMG23D_PT_advanced,
    IMG23D_PT_edit,
    IMG23D_PT_shape,
    IMG23D_PT_texture,
    IMG23D_PT_engine,
    IMG23D_PT_retexture,
    IMG23D_PT_parts,
    IMG23D_PT_history,
    IMG23D_PT_models,
    IMG23D_PT_help,
    IMG23D_PT_image_editor,
)
