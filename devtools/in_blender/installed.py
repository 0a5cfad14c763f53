"""The extension as an artist gets it: the zip, installed and enabled by Blender's own operator."""

from __future__ import annotations

from pathlib import Path

import bpy

REPOSITORY = "user_default"
MODULE = f"bl_ext.{REPOSITORY}.img23d"


def install(zip_file: Path, *, enable: bool = True) -> None:
    """Into this Blender's user folder. Raises RuntimeError with Blender's reason."""
    bpy.ops.extensions.package_install_files(filepath=str(zip_file), repo=REPOSITORY, enable_on_install=enable)
    if enable and MODULE not in bpy.context.preferences.addons:
        raise RuntimeError(f"Blender installed {zip_file.name} but did not enable it")


def generate(photo: Path, names: str, *, seed: int = 1) -> set[str]:
    """Press the button. In background mode everything is over when this returns."""
    values = bpy.context.scene.img23d
    values.photo, values.names, values.seed = str(photo), names, seed
    return bpy.ops.img23d.generate()
