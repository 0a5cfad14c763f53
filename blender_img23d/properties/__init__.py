"""What the artist can set: kept in the scene, so that a .blend remembers it. By itself it only keeps the list of targets true."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
from bpy.props import PointerProperty

from . import defaults, parts, scene, targets, window
from .defaults import DEFAULT_FIELDS as DEFAULT_FIELDS
from .defaults import QUALITY_FIELDS as QUALITY_FIELDS
from .defaults import Img23DDefaults as Img23DDefaults
from .parts import Img23DMaskPart as Img23DMaskPart
from .parts import Img23DPart as Img23DPart
from .parts import Img23DParts as Img23DParts
from .parts import own_parts as own_parts
from .quality import MachineSettings as MachineSettings
from .scene import Img23DSceneSettings as Img23DSceneSettings
from .scene import is_of_other_photo as is_of_other_photo
from .targets import Img23DTarget as Img23DTarget
from .window import Img23DResultRow as Img23DResultRow
from .window import Img23DWeightsRow as Img23DWeightsRow

if TYPE_CHECKING:
    from .preferences import Img23DPreferences

ROOT_PACKAGE = __package__.rpartition(".")[0]  # "bl_ext.<repository>.img23d" once installed


def preferences_of(context: bpy.types.Context) -> Img23DPreferences:
    return context.preferences.addons[ROOT_PACKAGE].preferences


CLASSES = (*defaults.CLASSES, *targets.CLASSES, *parts.CLASSES, *scene.CLASSES, *window.CLASSES)


def attach() -> None:
    """After the classes are registered."""
    bpy.types.Scene.img23d = PointerProperty(type=scene.Img23DSceneSettings)
    bpy.types.WindowManager.img23d = PointerProperty(type=window.Img23DWindowState)
    bpy.types.Object.img23d_parts = PointerProperty(type=parts.Img23DParts)


def detach() -> None:
    del bpy.types.Object.img23d_parts
    del bpy.types.WindowManager.img23d
    del bpy.types.Scene.img23d
