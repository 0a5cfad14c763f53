"""Quality presets, and the defaults of new scenes."""

import bpy
from bl_operators.presets import AddPresetBase
from bpy.app.translations import pgettext_tip as _
from bpy.props import EnumProperty

from ..core.presets import BALANCED, PRESETS
from ..properties import DEFAULT_FIELDS, preferences_of

_QUALITIES = [(one.name, one.label, one.description) for one in PRESETS]
_DESCRIPTIONS = {one.name: one.description for one in PRESETS}


class _ChooseQuality:
    quality: EnumProperty(name="Quality", description="How good the objects become, and how long they take", items=_QUALITIES, default=BALANCED)

    @classmethod
    def description(cls, context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        return _(_DESCRIPTIONS[properties.quality])


class IMG23D_OT_set_quality(_ChooseQuality, bpy.types.Operator):
    bl_idname = "img23d.set_quality"
    bl_label = "Img23D: Choose the Quality"
    bl_description = "Set all settings of quality at once"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ..app.jobs.defaults import use_preset

        use_preset(context.scene.img23d, self.quality)
        return {"FINISHED"}


class IMG23D_OT_set_default_quality(_ChooseQuality, bpy.types.Operator):
    bl_idname = "img23d.set_default_quality"
    bl_label = "Img23D: Choose the Quality for New Scenes"
    bl_description = "Set all settings of quality that new scenes begin with"
    bl_options = {"INTERNAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ..app.jobs.defaults import mark_preferences, use_preset

        use_preset(preferences_of(context).defaults, self.quality)
        mark_preferences(context)
        return {"FINISHED"}


class IMG23D_OT_save_defaults(bpy.types.Operator):
    bl_idname = "img23d.save_defaults"
    bl_label = "Img23D: Save as Default"
    bl_description = "New scenes begin with this scene's engine, quality and layout from now on"

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ..app.jobs.defaults import save_defaults

        save_defaults(context)
        self.report({"INFO"}, _("New scenes begin with these settings from now on."))
        return {"FINISHED"}


class IMG23D_OT_reset_to_defaults(bpy.types.Operator):
    bl_idname = "img23d.reset_to_defaults"
    bl_label = "Img23D: Reset to Defaults"
    bl_description = "Set this scene's engine, quality and layout to what new scenes begin with; photo and names stay"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ..app.jobs.defaults import copy_settings

        copy_settings(preferences_of(context).defaults, context.scene.img23d)
        return {"FINISHED"}


class IMG23D_OT_add_preset(AddPresetBase, bpy.types.Operator):
    """Blender's own way to keep presets: a small file each, in the folder of the user's presets"""

    bl_idname = "img23d.add_preset"
    bl_label = "Img23D: Add Preset"
    bl_description = "Keep this scene's engine, quality and layout under a name, or remove a kept one"
    preset_menu = "IMG23D_PT_presets"
    preset_subdir = "img23d"
    preset_defines = ["settings = bpy.context.scene.img23d"]
    preset_values = [f"settings.{name}" for name in DEFAULT_FIELDS]


CLASSES = (
    IMG23D_OT_set_quality,
    IMG23D_OT_set_default_quality,
    IMG23D_OT_save_defaults,
    IMG23D_OT_reset_to_defaults,
    IMG23D_OT_add_preset,
)
