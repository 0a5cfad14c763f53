"""The one button that helps against what was found to be short or broken."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

if TYPE_CHECKING:
    from ...shared.img23d_protocol.findings import Action

# By what the actions are called: the messages' classes are not worth waiting for at Blender's start
_BUTTONS = {
    "set_up": ("Set Up AI Models", "IMPORT"),
    "download": ("Download Missing Models", "IMPORT"),
    "free_memory": ("Free Memory", "TRASH"),
    "small_memory": ("Turn On Small Memory", "CHECKMARK"),
    "lower_quality": ("Choose a Lower Quality", "TRIA_DOWN"),
    "use_preview": ("Use the Preview Engine", "FORWARD"),
    "use_processor": ("Use the Processor", "FORWARD"),
    "update_driver": ("Get the Driver", "URL"),
    "choose_folder": ("Choose Another Folder...", "FILE_FOLDER"),
    "preferences": ("Open the Preferences...", "PREFERENCES"),
    "allow_online": ("Open the Preferences...", "PREFERENCES"),
    "open_log": ("Open the Log", "TEXT"),
    "copy_report": ("Copy the Report", "COPYDOWN"),
    "restart_backend": ("Restart the Backend", "FILE_REFRESH"),
}


def has_button(action: Action) -> bool:
    return action in _BUTTONS


def draw_fix(layout: bpy.types.UILayout, action: Action) -> None:
    """Nothing where there is nothing to press."""
    if action in _BUTTONS:
        text, icon = _BUTTONS[action]
        layout.operator("img23d.fix", text=text, icon=icon).action = action
