"""Which section of the manual describes what. The manual is the README as pages in the zip, read without a network.

Each section has a small page of its own that leads to it, because desktops open a file's address without what stands after
a number sign.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

PAGES = Path(__file__).resolve().parents[1] / "manual"  # made by build_addon.py


class Section(StrEnum):
    """The README's headings as their addresses."""

    INSTALL = "install"
    USE = "use"
    FIND = "find-first-and-correct-what-was-found"
    CLEAN = "clean-the-picture-first"
    LAYOUT = "as-in-the-photo"
    HISTORY = "make-it-again-and-past-runs"
    PREVIEW = "what-the-preview-engine-can-do-and-what-it-cant"
    MODELS = "the-ai-models"
    SETTINGS = "settings"
    RETEXTURE = "re-texture-a-mesh-of-your-own"
    SPLATS = "gaussian-splats"
    PARTS = "parts"
    TROUBLE = "when-something-is-wrong"


_OPERATORS = {
    Section.FIND: (
        *("find_target*", "add_target", "duplicate_target", "remove_target", "move_target", "clear_targets"),
        *("edit_boxes", "close_boxes", "pick_*", "end_picking", "drag_box", "brush_mask", "resize_brush", "clear_strokes"),
    ),
    Section.CLEAN: ("clean_picture", "take_picture", "keep_photo", "back_to_photo", "write_edit", "download_editor"),
    Section.LAYOUT: ("use_photo_camera", "render_as_photo", "set_real_height"),
    Section.HISTORY: (
        *("make_again", "compare_engines", "keep_variant*", "mark_asset", "*_run", "browse_runs", "open_made_folder"),
        *("make_quads", "stop_quads", "add_levels", "set_origin", "apply_scale"),
    ),
    Section.RETEXTURE: ("retexture", "switch_texture"),
    Section.PARTS: (*("make_parts", "split_again", "*_part", "*_parts", "show_part_colors"),),
    Section.SPLATS: ("import_splats", "export_splats"),
    Section.MODELS: (
        *("setup", "cancel_setup", "accept_licence", "withdraw_licence", "hide_first_run", "refresh_models"),
        *("open_models_folder", "download_weights", "verify_weights", "delete_weights"),
    ),
    Section.SETTINGS: ("use_seed", "*preset*", "*quality*", "*defaults*"),
    Section.TROUBLE: ("doctor", "fix", "end_backend", "open_log", "copy_report", "free_memory", "open_run_folder"),
}
_PROPERTIES = {
    Section.RETEXTURE: ("img23dscenesettings.retexture_*",),
    Section.PARTS: (
        *("img23dpart.*", "img23dparts.*", "img23dmaskpart.*"),
        *(f"img23dscenesettings.{name}" for name in ("parts_*", "splitter", "mask_*")),
    ),
    Section.USE: tuple(f"img23dscenesettings.{name}" for name in ("photo", "names")),
    Section.FIND: ("img23dtarget.*", *(f"img23dscenesettings.{name}" for name in ("targets", "check_first"))),
    Section.CLEAN: ("img23dscenesettings.edit*", "img23ddefaults.edit*"),
    Section.LAYOUT: ("img23dscenesettings.layout",),
    Section.MODELS: (
        "img23dscenesettings.engine",
        *(f"img23dpreferences.{name}" for name in ("models_folder", "environment_folder", "chosen_python", "torch_build", "*_device")),
    ),
    Section.SETTINGS: ("img23dscenesettings.*", "img23ddefaults.*", "img23dpreferences.*"),
}


def patterns() -> tuple[tuple[str, str], ...]:
    """(what F1 was pressed over, page), the first match counts; in Blender's names, all lower case."""
    pairs = [(f"bpy.ops.img23d.{name}", section) for section, names in _OPERATORS.items() for name in names]
    pairs += [(f"bpy.types.{name}", section) for section, names in _PROPERTIES.items() for name in names]
    pairs += [("bpy.ops.img23d.*", Section.USE), ("bpy.types.img23d*", Section.USE)]
    return tuple((pattern, page(section)) for pattern, section in pairs)


def manual_map() -> tuple[str, tuple[tuple[str, str], ...]]:
    """For `bpy.utils.register_manual_map`."""
    return f"{PAGES.as_uri()}/", patterns()


def page(section: Section) -> str:
    return f"{section}.html"


def address(section: Section) -> str:
    """What a browser opens."""
    return f"{PAGES.as_uri()}/{page(section)}"
