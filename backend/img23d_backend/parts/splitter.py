"""The built-in splitter as a stage: which part each face belongs to, by the shape alone."""

from __future__ import annotations

from collections.abc import Iterator

from img23d_protocol.messages import Settings

from ..stages import Context
from .splitting.splitter import Wish, split
from .stage import Divided, Splitter, Task


class ShapeSplitter(Splitter):
    """Needs a mesh, and looks at no picture."""

    def split(self, task: Task, settings: Settings, context: Context) -> Iterator[Divided]:
        """One answer."""
        assert task.mesh is not None, "checked on the request"
        yield Divided(part_of_face=split(task.mesh, wish_of(settings), lambda fraction: context.report(fraction, "")))


def wish_of(settings: Settings) -> Wish:
    """How finely the settings want it split."""
    division = settings.parts.built_in.division
    return Wish(more=division.more, count=division.count or None)
