"""Small pictures of the photo and the cut-outs, loaded once outside of any `draw`."""

from __future__ import annotations

import contextlib
import os

import bpy


class Thumbnails:
    def __init__(self) -> None:
        self._previews = None

    def icon(self, path: str) -> int:
        """For `draw`: 0 where the picture has not been loaded (yet)."""
        if self._previews is None or path not in self._previews:
            return 0
        return self._previews[path].icon_id

    def load(self, path: str, *, again: bool = False) -> bool:
        """True when there is something new to draw. Blender reads the file itself, later and in the background."""
        if bpy.app.background or not os.path.isfile(path):  # Blender's reader would wait at a pipe
            return False
        if self._previews is None:
            from bpy.utils import previews

            self._previews = previews.new()
        if path in self._previews and not again:
            return False
        with contextlib.suppress(KeyError, OSError):  # shown without a picture
            self._previews.load(path, path, "IMAGE", force_reload=again)
        return True

    def drop(self, path: str) -> None:
        """For a picture that is not shown any more: each holds a quarter of a megabyte."""
        if self._previews is not None and path in self._previews:
            del self._previews[path]

    def close(self) -> None:
        if self._previews is not None:
            from bpy.utils import previews

            previews.remove(self._previews)
            self._previews = None
