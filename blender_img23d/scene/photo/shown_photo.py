"""Which editors show the scene's photo; asked at every redraw, so nothing is looked up here."""

from __future__ import annotations

import bpy

from ..file.folders import absolute

PHOTO = "img23d_photo"  # custom property of an image: the path of the photo that it shows


def shows_photo(space: bpy.types.Space | None, scene: bpy.types.Scene) -> bool:
    image = space.image if isinstance(space, bpy.types.SpaceImageEditor) else None
    return image is not None and bool(scene.img23d.photo) and image.get(PHOTO) == absolute(scene.img23d.photo)
