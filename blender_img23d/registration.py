"""The classes in their order, and the one place that wires the parts together."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import bpy
from bpy.app.handlers import persistent

from . import preferences, properties
from .core import app
from .operators import boxes, diagnose, generate, photo, results, retexture
from .panels import boxes as boxes_panel
from .panels import main, menus, more, results as results_panel, retexture as retexture_panel, shape
from .scene.owner import Extension, extension_or_none

if TYPE_CHECKING:
    from .core.link import BackendLink

_MODULES = (
    *(properties, preferences),
    *(photo, boxes, generate, results, retexture, diagnose),
    *(main, results_panel, boxes_panel, shape, retexture_panel, more, menus),
)
_CLASSES = tuple(cls for module in _MODULES for cls in module.CLASSES)


def register() -> None:
    for cls in _CLASSES:
        bpy.utils.register_class(cls)
    properties.attach()
    menus.attach()
    app.install(_make_owner)
    bpy.app.handlers.load_post.append(_on_load)
    for handlers in (bpy.app.handlers.undo_post, bpy.app.handlers.redo_post):
        handlers.append(_on_undo)


def unregister() -> None:
    for handlers in (bpy.app.handlers.redo_post, bpy.app.handlers.undo_post):
        handlers.remove(_on_undo)
    bpy.app.handlers.load_post.remove(_on_load)
    _end_owner()
    menus.detach()
    properties.detach()
    for cls in reversed(_CLASSES):
        bpy.utils.unregister_class(cls)


def _make_link() -> BackendLink:
    from .process.launch import new_link  # not before a backend is wanted
    from .scene.folders import log_folder

    return new_link(Path(__file__).parent, log_folder())


def _make_owner() -> Extension:
    """At the first use: what is imported here takes several times as long as all that `register` needs."""
    from .core.session import Session
    from .pump import Pump
    from .scene.applier import Applier
    from .scene.thumbnails import Thumbnails

    session, applier = Session(make_link=_make_link), Applier()
    owner = Extension(session=session, pump=Pump(session, applier), applier=applier, thumbnails=Thumbnails())
    owner.pump.start()
    return owner


def _end_owner() -> None:
    owner = extension_or_none()
    app.remove()
    if owner is not None:
        owner.pump.stop()
        owner.session.shutdown()
        owner.thumbnails.close()


@persistent
def _on_load(*_: object) -> None:
    """The results of a running job now wait in the list, since they belong to the file that was left."""
    owner = extension_or_none()
    if owner is not None:
        owner.applier.files.on_load()
        owner.pump.is_stale = True


@persistent
def _on_undo(*_: object) -> None:
    owner = extension_or_none()
    if owner is not None:
        owner.pump.is_stale = True
