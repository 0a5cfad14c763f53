"""The defaults of the preferences, and the scenes that begin with them."""

from __future__ import annotations

import bpy

from ...core.presets import preset
from ...properties import DEFAULT_FIELDS, Img23DDefaults, Img23DSceneSettings, preferences_of

Settings = Img23DSceneSettings | Img23DDefaults


def begin_with_defaults(context: bpy.types.Context, scene: bpy.types.Scene) -> bool:
    """Give a scene that was never set up the defaults. True when something was changed.

    Called by the timer when it first sees a scene, and before a request is made of one, so also in background mode. It is no
    step of its own for undo: where undo takes it back, the scene gets the defaults anew.
    """
    values = scene.img23d
    if values.has_defaults or scene.library is not None:  # a linked scene cannot be changed, and is not the artist's to set up
        return False
    if _is_new(values):
        copy_settings(preferences_of(context).defaults, values)
    values.has_defaults = True
    return True


def copy_settings(source: Settings, target: Settings) -> None:
    """What differs only, so that what was never set stays so."""
    for name in DEFAULT_FIELDS:
        value = getattr(source, name)
        if getattr(target, name) != value:
            setattr(target, name, value)


def use_preset(values: Settings, name: str) -> None:
    for setting, value in preset(name).settings.items():
        setattr(values, setting, value)


def save_defaults(context: bpy.types.Context) -> None:
    """The scene's settings are those of new scenes from now on."""
    copy_settings(context.scene.img23d, preferences_of(context).defaults)
    mark_preferences(context)


def mark_preferences(context: bpy.types.Context) -> None:
    """Blender then saves them as it saves every other preference."""
    context.preferences.is_dirty = True


def _is_new(values: Img23DSceneSettings) -> bool:
    """Nothing was ever set, and it is not a saved file's scene that was worked with as it is."""
    is_set = any(values.is_property_set(name) for name in DEFAULT_FIELDS)
    return not is_set and not (bpy.data.filepath and (values.photo or values.names))
