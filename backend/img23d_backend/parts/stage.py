"""What a splitter gets, and what it gives back.

A splitter with a model is a folder in `engines`, whose `make_splitter(engines)` gives it; how it is declared says `img23d_protocol.options.parts`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from img23d_protocol.messages import Settings

from ..stages import Context, CutOut, Mesh, View


@dataclass(frozen=True, kw_only=True)
class Task:
    """What is to be split: a mesh, what a picture shows, or both.

    `mesh` is in glTF's axes and in its own unit, however large, moved so that its bounding box is centred on the origin. `view` is the one in which
    the cut-out shows it, where that is known. `mask` (h, w) uint8 lies over the cut-out's `rgba`: 0 is background, each other value a part.
    """

    name: str
    mesh: Mesh | None = None
    cutout: CutOut | None = None
    view: View | None = None
    mask: np.ndarray | None = None


@dataclass(frozen=True, kw_only=True)
class WholeMade:
    """The whole, in a frame of its own, that was made of the cut-out alone; comes before the parts."""

    mesh: Mesh
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class PartMade:
    """A finished part in the frame of the task's mesh, or of the whole. Without a name it gets one by its place and form. `mask` is the value
    in the task's mask that it was made of, 0 for none.
    """

    mesh: Mesh
    name: str = ""
    mask: int = 0


@dataclass(frozen=True, kw_only=True)
class Divided:
    """`part_of_face` (F,) of the task's mesh, -1 for faces of no part; comes last, from a splitter that knows it. `note` is for the artist."""

    part_of_face: np.ndarray
    note: str = ""


class Splitter(Protocol):
    """A splitter is a subclass of this: what has a default here is for one that keeps nothing in memory."""

    def split(self, task: Task, settings: Settings, context: Context) -> Iterator[WholeMade | PartMade | Divided]:
        """Each part as soon as it is finished: it is announced, and stays when the job is cancelled or fails afterwards. Without `Divided` each
        face of the task's mesh goes to the part that is nearest. `context.report` is called often enough that a cancel is seen within a second;
        its fraction is of the whole work. Raises Img23DError.
        """
        ...

    def prefetch(self, settings: Settings) -> None:
        """Begin to read what `split` needs, while the picture is cut out; returns at once and never raises."""

    def unload(self) -> int:
        """Free what is kept to be faster next time; returns bytes, as far as known."""
        return 0
