"""What every kind of result offers, so that it can become an object: see `placement.importers` for the table of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import bpy

from ..shared.img23d_protocol import ErrorCode, Img23DError

if TYPE_CHECKING:
    from .file.windows import Workplace


class Importer:
    """Of one kind, called by the main thread only. What it is here is a kind that cannot be shown, and has nothing to read ahead."""

    def begin(self, path: str) -> None:
        """Read ahead beside Blender's own thread, as soon as the file is there."""

    def is_reading(self, path: str) -> bool:
        return False

    def prepare(self, path: str) -> bool:
        """Do a part of what fills a tick. False where nothing is left to do before `make`."""
        return False

    def forget(self, path: str) -> None:
        """It is not imported any more."""

    def close(self) -> None:
        """Nothing is imported any more."""

    def make(self, path: str, place: Workplace, collection: bpy.types.Collection) -> bpy.types.Object:
        """The object, without any transform of its own, linked to `collection` only; selection and active object stay as they are.

        Raises Img23DError(MESH_UNREADABLE), and nothing is in the file then.
        """
        raise Img23DError(ErrorCode.MESH_UNREADABLE, "This kind of result cannot be shown in Blender yet; its files are in the run's folder.")

    def finish(self, obj: bpy.types.Object, name: str, tell: Callable[[str], None], plain: bpy.types.Mesh | None = None) -> None:
        """Materials and their pictures. `plain` is the same thing before it was painted."""

    def on_replaced(self, obj: bpy.types.Object) -> None:
        """A newer result's mesh has taken the place of the object's own."""
