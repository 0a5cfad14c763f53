"""Run by a Blender that has languages: enables the extension and prints what is shown in each language of the command line."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

import addon_utils
import bpy

sys.path.insert(0, str(Path(__file__).parent))

PACKAGE = "bl_ext.user_default.img23d"


def shown() -> dict[str, str]:
    from drawing import drawn  # needs the extension

    translations = bpy.app.translations
    return {
        "label": translations.pgettext_iface("Found in the Photo"),
        "button": translations.pgettext_iface("Generate", "Operator"),
        "tooltip": translations.pgettext_tip("Set all settings of quality at once"),
        "report": _refusal(),
        "panel": drawn(importlib.import_module(f"{PACKAGE}.panels.tab").IMG23D_PT_main).said,
        "blender": translations.pgettext_iface("Add"),
    }


def _refusal() -> str:
    try:
        bpy.ops.img23d.use_render()
    except RuntimeError as error:
        return str(error)
    return ""


def main() -> None:
    assert addon_utils.enable(PACKAGE, default_set=True)
    answers = []
    for language in sys.argv[sys.argv.index("--") + 1 :]:
        bpy.context.preferences.view.language = language
        importlib.import_module(f"{PACKAGE}.translations").load()  # in a window Blender calls it, in the background it does not
        answers.append(shown())
    addon_utils.disable(PACKAGE)
    answers.append({"button": bpy.app.translations.pgettext_iface("Generate", "Operator")})
    sys.stdout.write(f"\n@@@{json.dumps(answers)}@@@\n")


main()
