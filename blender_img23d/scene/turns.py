"""What an artist asked to have re-textured, and how far each mesh of it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import TYPE_CHECKING

import bpy
from mathutils import Matrix

from ..shared.img23d_protocol.messages import Settings, UvSource
from .own_picture import own_picture
from .views import front_view

if TYPE_CHECKING:
    from ..core.jobs import Job
    from .capture import Captured


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What the panel said, the same for every mesh. `view` None: a picture shows each object's own front."""

    picture: str  # absolute; empty for each object's own
    photo: str  # absolute; for objects that have no picture of their own
    engine: str
    seed: int
    settings: Settings
    base_folder: Path
    uv: UvSource = UvSource.NEW
    view: Matrix | None = None

    def picture_for(self, obj: bpy.types.Object) -> str:
        return self.picture or own_picture(obj) or self.photo

    def view_of(self, obj: bpy.types.Object) -> Matrix:
        """Raises Img23DError(BAD_REQUEST)."""
        return self.view or front_view(obj)


class TurnState(Enum):
    WAITING = auto()
    RUNNING = auto()
    LAID_OUT = auto()  # waits to be painted with what its modifiers make of the layout
    PAINTED = auto()
    FAILED = auto()
    DROPPED = auto()  # a cancel ended the whole row

    @property
    def is_over(self) -> bool:
        return self in (TurnState.PAINTED, TurnState.FAILED, TurnState.DROPPED)


@dataclass(kw_only=True)
class Turn:
    """One mesh; ids and names only. `layout` is the file of a new UV map, once there is one."""

    uid: int
    name: str
    state: TurnState = TurnState.WAITING
    picture: str = ""
    folder: Path = Path()
    captured: Captured | None = None
    job: Job | None = None  # the newest
    layout: str = ""
    sentence: str = ""  # why it failed

    @property
    def is_painted(self) -> bool:
        return self.state is TurnState.PAINTED

    @property
    def is_dropped(self) -> bool:
        return self.state is TurnState.DROPPED

    def fail(self, sentence: str) -> None:
        self.state, self.sentence = TurnState.FAILED, sentence
