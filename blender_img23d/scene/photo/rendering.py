"""The render result as a picture file: written with the scene's view, whatever its output settings are."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy.app.translations import pgettext_rpt as _

from ...shared.img23d_protocol import ErrorCode, Img23DError

_PNG = {"media_type": "IMAGE", "file_format": "PNG", "color_mode": "RGBA", "color_depth": "8", "compression": 15}


def save_render_result(scene: bpy.types.Scene, path: Path) -> None:
    """A PNG with 8 bits. Raises Img23DError where nothing was rendered yet."""
    result = next((image for image in bpy.data.images if image.type == "RENDER_RESULT"), None)
    sentence = _("There is no render result yet: render first (F12).")
    if result is None:
        raise Img23DError(ErrorCode.BAD_REQUEST, sentence)
    settings = scene.render.image_settings
    names = [name for name in _PNG if name in settings.bl_rna.properties]  # the first one came with Blender 5.0
    before = {name: getattr(settings, name) for name in names}
    try:
        for name in names:
            setattr(settings, name, _PNG[name])
        result.save_render(str(path), scene=scene)
    except RuntimeError as error:
        raise Img23DError(ErrorCode.BAD_REQUEST, sentence, str(error)) from error
    finally:
        for name in names:
            setattr(settings, name, before[name])
