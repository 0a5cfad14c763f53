"""The scene of a photo by a salience network, by its plain background, or by both."""

from __future__ import annotations

from dataclasses import replace

from ....stages import Context, Photo, Salience
from ..background.agreement import agrees, united
from ..background.scene import Scene, SceneMemory, scene_of_matte
from .regions import find_regions


def seen_scene(photo: Photo, salience: Salience | None, memory: SceneMemory, context: Context) -> Scene:
    """By what `salience` sees where it sees something, with what it passed over of a plain background; else by that alone."""
    if photo.alpha is None and salience is not None:
        matte = salience.of_photo(photo, context)
        scene = None if matte is None else scene_of_matte(photo, matte)
        if scene is not None and find_regions(scene):
            plain = memory.scene(photo)
            return replace(scene, foreground=united(scene, plain)) if agrees(plain, scene.known_matte) else scene
    return memory.scene(photo)
