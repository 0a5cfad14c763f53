"""The classes in their order, and the one place that wires the parts together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
from bpy.app.handlers import persistent

from . import properties, translations
from .app.owner import Extension, extension, extension_or_none
from .core.session import app
from .operators import forecast, generate, parts, quality, queue, retexture, targets
from .operators.photo import box_tool, cleaning, drop_and_paste, image_editor, mask_tool, part_mask, photo, picking, side_photos
from .operators.results import arrangement, compare, history, look, made, mesh_tools, results, splats, variants
from .operators.setup import diagnose, machines, setup, weights
from .panels import menus, tab
from .panels.image_editor import tools
from .properties import preferences, preferences_of

if TYPE_CHECKING:
    from .core.session.link import BackendLink

_MODULES = (
    *(properties, preferences),
    *(photo, cleaning, drop_and_paste, targets, side_photos, generate, queue, arrangement, results, made, variants, compare, mesh_tools, splats, look, history),
    *(image_editor, box_tool, mask_tool, part_mask, picking),
    *(retexture, parts, setup, weights, machines, quality, diagnose, forecast),
    *(tab, menus),
)
_GLANCE = 1.0  # seconds between two looks for a viewport
_CLASSES = tuple(cls for module in _MODULES for cls in module.CLASSES)


def register() -> None:
    for cls in _CLASSES:
        bpy.utils.register_class(cls)
    properties.attach()
    menus.attach()
    tools.attach()
    bpy.utils.register_manual_map(_manual)
    translations.register()
    app.install(_make_owner)
    bpy.app.handlers.load_post.append(_on_load)
    bpy.app.handlers.save_post.append(_on_save)
    for handlers in (bpy.app.handlers.undo_post, bpy.app.handlers.redo_post):
        handlers.append(_on_undo)
    bpy.app.handlers.render_init.append(_on_render)
    if not bpy.app.background and not preferences_of(bpy.context).knows_tab:
        bpy.app.timers.register(_open_tab, first_interval=_GLANCE, persistent=True)


def unregister() -> None:
    if bpy.app.timers.is_registered(_open_tab):
        bpy.app.timers.unregister(_open_tab)
    bpy.app.handlers.render_init.remove(_on_render)
    for handlers in (bpy.app.handlers.redo_post, bpy.app.handlers.undo_post):
        handlers.remove(_on_undo)
    bpy.app.handlers.save_post.remove(_on_save)
    bpy.app.handlers.load_post.remove(_on_load)
    _end_owner()
    translations.unregister()
    bpy.utils.unregister_manual_map(_manual)
    tools.detach()
    menus.detach()
    properties.detach()
    for cls in reversed(_CLASSES):
        bpy.utils.unregister_class(cls)


def _manual() -> tuple[str, tuple[tuple[str, str], ...]]:
    """Blender asks when F1 is pressed."""
    from .core.manual import manual_map

    return manual_map()


def _open_tab() -> float | None:
    """Once, in the first 3D viewport that is seen after the installation: nothing else in Blender says where the tab is."""
    areas = [area for window in bpy.context.window_manager.windows for area in window.screen.areas if area.type == "VIEW_3D"]
    if not areas:  # the preferences may fill the window
        return _GLANCE
    preferences_of(bpy.context).knows_tab = True
    bpy.context.preferences.is_dirty = True  # Blender then saves it as it saves every other preference
    extension().tabs.want(max(areas, key=lambda area: area.width * area.height))
    return None


def _make_owner() -> Extension:
    """At the first use: what is imported here takes several times as long as all that `register` needs."""
    from .app.forecast import Forecaster
    from .app.history import History
    from .app.in_use import FoldersInUse
    from .app.jobs.applier import Applier
    from .app.machines import Machines
    from .app.models import Models
    from .app.pump import Pump
    from .app.running import Running
    from .app.thumbnails import Thumbnails
    from .backend_environment import find_tools, idle_seconds, new_link, new_main_link, new_test_link, read
    from .core.press_guard import PressGuard
    from .core.session.environment import Surroundings
    from .core.session.session import Session
    from .core.session.setup import Setup
    from .process.program import Program
    from .scene.file.windows import TabOpener
    from .scene.photo.editors import Editors
    from .scene.photo.overlay import Overlay
    from .scene.picking.popup import PickPopup

    def make_main_link() -> BackendLink:
        return new_main_link(session.machine, bundled=setup.is_changing_environment)

    session = Session(make_main_link, idle_seconds=idle_seconds)
    installer = Session(lambda: new_link(bundled=True, is_setup=True))
    weights = Session(lambda: new_link(is_setup=True))
    setup, applier = Setup(main=session, installer=installer, weights=weights), Applier(session, Program)
    thumbnails = Thumbnails()
    editors = Editors()
    owner = Extension(
        session=session,
        setup=setup,
        pump=Pump(session, setup, applier),
        applier=applier,
        thumbnails=thumbnails,
        surroundings=Surroundings(read=read, find_tools=find_tools),
        models=Models(),
        machines=Machines(session, lambda key: Session(lambda: new_test_link(key))),
        editors=editors,
        overlay=Overlay(editors, lambda: owner.pump.wake()),
        popup=PickPopup(applier.picker, session),
        forecaster=Forecaster(),
        running=Running(session, thumbnails),
        history=History(session, thumbnails),
        in_use=FoldersInUse(session, applier.targets, applier.queue),
        tabs=TabOpener(),
        press_guard=PressGuard(),
    )
    owner.overlay.attach()
    owner.pump.start()
    return owner


def _end_owner() -> None:
    owner = extension_or_none()
    app.remove()
    if owner is not None:
        owner.overlay.detach()
        owner.popup.close()
        owner.pump.stop()
        owner.applier.runner.close()
        owner.machines.close()
        owner.setup.shutdown()
        owner.session.shutdown()
        owner.thumbnails.close()
        owner.in_use.close()
        owner.applier.importers.close()
        owner.applier.remesher.stop()


@persistent
def _on_load(*_: object) -> None:
    """The results of a running job now wait in the list, since they belong to the file that was left."""
    owner = extension_or_none()
    if owner is not None:
        owner.applier.files.on_load()
        owner.editors.forget()
        owner.overlay.forget()
        owner.popup.close()
        owner.pump.is_stale = owner.in_use.is_due = True


@persistent
def _on_save(*_: object) -> None:
    """What waits belongs to the file by its name, so that it is known again when that is opened later."""
    owner = extension_or_none()
    if owner is not None:
        owner.applier.queue.follow(owner.applier.files.key, bpy.data.filepath)


@persistent
def _on_render(*_: object) -> None:
    """Blender calls this in the thread that renders: a message is queued, and nothing is waited for."""
    owner = extension_or_none()
    if owner is not None and owner.session.active is None and preferences_of(bpy.context).free_before_render:
        owner.session.unload(is_asked=False)


@persistent
def _on_undo(*_: object) -> None:
    from .scene.placement.seen_as_photo import renew_views

    owner = extension_or_none()
    if owner is not None:
        owner.pump.is_stale = owner.applier.targets.is_stale = True
        renew_views()
        owner.after_undo()
