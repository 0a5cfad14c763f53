"""The extension's texts in other languages, through Blender's own mechanism; each catalogue is a file called as the language.

A catalogue maps what stands in the source to its translation. What it lacks is shown in English, so it may be behind. It is
only read where Blender speaks that language, at its start or later.
"""

from __future__ import annotations

from pathlib import Path

import bpy

_CONTEXTS = ("*", "Operator")  # Blender looks up buttons of operators under the latter
_FOLDER = Path(__file__).parent
_OWNER = object()  # of the subscription


def register() -> None:
    load()
    key = (bpy.types.PreferencesView, "language")
    bpy.msgbus.subscribe_rna(key=key, owner=_OWNER, args=(), notify=load, options={"PERSISTENT"})


def unregister() -> None:
    bpy.msgbus.clear_by_owner(_OWNER)
    bpy.app.translations.unregister(__package__)


def load() -> None:
    """The catalogue of the language that Blender speaks now, if there is one."""
    locale = bpy.app.translations.locale
    catalogue = _FOLDER / f"{locale}.json"
    bpy.app.translations.unregister(__package__)
    if catalogue.is_file():
        import json  # late: Blender's start does not wait for it in English

        texts = json.loads(catalogue.read_text(encoding="utf-8"))
        messages = {(context, text): translation for text, translation in texts.items() for context in _CONTEXTS}
        bpy.app.translations.register(__package__, {locale: messages})
