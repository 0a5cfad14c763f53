"""The one button that helps against what was found to be short or broken."""

from __future__ import annotations

import bpy

from ..shared.img23d_protocol.messages import Action

_BUTTONS = {
    Action.SET_UP: ("Set Up AI Models", "IMPORT"),
    Action.DOWNLOAD: ("Download Missing Models", "IMPORT"),
    Action.FREE_MEMORY: ("Free Memory", "TRASH"),
    Action.SMALL_MEMORY: ("Turn On Small Memory", "CHECKMARK"),
    Action.LOWER_QUALITY: ("Choose a Lower Quality", "TRIA_DOWN"),
    Action.USE_PREVIEW: ("Use the Preview Engine", "FORWARD"),
    Action.USE_PROCESSOR: ("Use the Processor", "FORWARD"),
    Action.CHOOSE_FOLDER: ("Choose Another Folder...", "FILE_FOLDER"),
    Action.PREFERENCES: ("Open the Preferences...", "PREFERENCES"),
    Action.ALLOW_ONLINE: ("Open the Preferences...", "PREFERENCES"),
    Action.OPEN_LOG: ("Open the Log", "TEXT"),
    Action.RESTART_BACKEND: ("Restart the Backend", "FILE_REFRESH"),
}


def draw_fix(layout: bpy.types.UILayout, action: Action) -> None:
    """Nothing where there is nothing to press."""
    if action in _BUTTONS:
        text, icon = _BUTTONS[action]
        layout.operator("img23d.fix", text=text, icon=icon).action = action
