"""The place of a thing that is made again: in an object that is there already, or beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import bpy
from mathutils import Matrix

from ...shared.img23d_protocol.messages import WHOLE, Piece
from ..file.tags import in_scenes, piece_of
from ..glb.replace import fingerprint
from ..mesh.extents import Extents, matrix_of, mesh_extents, union, world_extents
from ..splats.attributes import resize_splats
from .free_place import step_aside

_SAME_SIZE = 1e-3  # heights that differ by a smaller share are equal but for rounding


@dataclass(frozen=True, kw_only=True)
class Home:
    """An object that a target's result replaces or stands beside; names and numbers only."""

    uid: int
    piece: Piece = WHOLE  # what of its thing the object is: only such a result takes its place
    is_instead: bool
    fingerprint: str  # of its mesh when the artist asked
    height: float  # of its mesh, in scene units
    is_choice: bool = False  # one of several variants, of which one is to be kept
    is_replaced_later: bool = False  # by the one that is kept
    comparison: str = ""  # of several jobs, whose results are compared with it

    def object(self) -> bpy.types.Object | None:
        return in_scenes().get(self.uid)

    def takes_mesh(self, obj: bpy.types.Object) -> bool:
        """Not where the artist has worked on it meanwhile."""
        return self.is_instead and obj.type == "MESH" and obj.mode == "OBJECT" and fingerprint(obj) == self.fingerprint


def home_at(obj: bpy.types.Object, *, is_instead: bool = False, is_replaced_later: bool = False, comparison: str = "") -> Home:
    return Home(
        piece=piece_of(obj),
        is_replaced_later=is_replaced_later,
        comparison=comparison,
        uid=obj.session_uid,
        is_instead=is_instead,
        fingerprint=fingerprint(obj),
        height=mesh_extents(obj.data).size[2],
    )


def fit_height(mesh: bpy.types.Mesh, height: float) -> float:
    """Scale the mesh itself: the object's own scale, its children and its modifiers' measures stay as they are. By how much it was."""
    present = mesh_extents(mesh).size[2] if height > 0.0 else 0.0
    if present <= 0.0 or abs(present / height - 1.0) <= _SAME_SIZE:
        return 1.0
    resize(mesh, height / present)
    return height / present


def resize(mesh: bpy.types.Mesh, factor: float) -> None:
    """Scale the mesh itself, with the splats' own sizes where it is made of them."""
    if factor != 1.0:
        mesh.transform(Matrix.Scale(factor, 4))
        resize_splats(mesh, factor)


def stand_beside(
    obj: bpy.types.Object,
    other: bpy.types.Object,
    siblings: Sequence[bpy.types.Object],
    taken: Callable[[Extents], Sequence[Extents]],
    gap: float,
) -> None:
    """Turned and scaled as `other`, on the same height, to the right of it and of `siblings`, or at the nearest place to that
    which meets nothing of what `taken` says is in the way there.
    """
    place, turn, scale = matrix_of(other).decompose()
    obj.location, obj.rotation_euler, obj.scale = place, turn.to_euler("XYZ"), scale
    own = mesh_extents(obj.data).transformed(matrix_of(obj))
    right = union(world_extents(one) for one in (other, *siblings)).high[0] + gap - own.low[0]
    own = own.moved(right)
    across, along = step_aside(own, taken(own), gap)
    obj.location.x += right + across
    obj.location.y += along
