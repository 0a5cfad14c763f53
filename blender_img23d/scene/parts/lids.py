"""The lids of closed parts: faces over the borders, with the material, the texture's colours and the weights of what they border on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import bpy

from ...shared.img23d_protocol import ErrorCode, Img23DError
from .separate import whole_vertices

if TYPE_CHECKING:
    import bmesh
    import numpy as np
    from mathutils import Matrix

LID = "img23d_lid"  # int face attribute of a part: 1 on what closes it
Uv = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Lids:
    """As in `messages.LidsReady`, whose file it is: `vertices` (N, 3) in world space, `faces` (M, 3), `part` (M,), `dropped` (T,)."""

    vertices: np.ndarray
    faces: np.ndarray
    part: np.ndarray
    dropped: np.ndarray


def read_lids(path: str, triangles: int, vertices: int) -> Lids:
    """Raises Img23DError where the file is gone, or for another mesh of so many triangles and vertices."""
    import numpy as np

    try:
        with np.load(path, allow_pickle=False) as data:
            lids = Lids(
                vertices=data["vertices"].astype(np.float64).reshape(-1, 3),
                faces=data["faces"].astype(np.int64).reshape(-1, 3),
                part=data["part"].astype(np.int64).ravel(),
                dropped=data["dropped"].astype(bool).ravel(),
            )
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise Img23DError(ErrorCode.INTERNAL, "The lids of the parts cannot be read: press Cut again.", str(error)) from error
    most = vertices + len(lids.vertices)
    is_sound = len(lids.dropped) == triangles and len(lids.part) == len(lids.faces) and np.isfinite(lids.vertices).all()
    if not is_sound or (len(lids.faces) and not 0 <= lids.faces.min() <= lids.faces.max() < most):
        raise Img23DError(ErrorCode.INTERNAL, "The lids do not fit the mesh: press Cut again.")
    return lids


def add_lids(part: bpy.types.Object, whole: bpy.types.Mesh, lids: Lids, number: int, world: Matrix) -> None:
    """`part` in the axes of `whole`, at which `world` puts it."""
    import bmesh

    rows = lids.faces[lids.part == number]
    if not len(rows):
        return
    edited = bmesh.new()
    edited.from_mesh(part.data)
    builder = _Builder(edited, part.data, whole, lids, world)
    faces = [builder.face(row) for row in rows.tolist()]
    layer = edited.faces.layers.int.get(LID) or edited.faces.layers.int.new(LID)
    builder.refresh()
    for face in filter(None, faces):
        builder.dress(face, layer)
    edited.to_mesh(part.data)
    edited.free()
    part.data.update()


def is_lid(mesh: bpy.types.Mesh) -> bool:
    return LID in mesh.attributes


class _Builder:
    """Faces of lids in one part. `whole` numbers vertices as the lids do."""

    def __init__(self, edited: bmesh.types.BMesh, part: bpy.types.Mesh, whole: bpy.types.Mesh, lids: Lids, world: Matrix) -> None:
        edited.verts.ensure_lookup_table()
        self._edited, self._whole, self._lids = edited, whole, lids
        self._inverse = world.inverted_safe()
        self._verts = {index: edited.verts[own] for own, index in enumerate(whole_vertices(part).tolist())}
        self._count = len(whole.vertices)
        self._places: dict[tuple[float, ...], int] = {}  # of the part's vertices: a lid may name another one at the same place
        self._rim: dict[bmesh.types.BMVert, bmesh.types.BMVert] = {}  # of each new vertex one of the part's own that it looks like

    def face(self, corners: Sequence[int]) -> bmesh.types.BMFace | None:
        """None where there is such a face already."""
        verts = [self._vert(index) for index in corners]
        own = next((vert for vert in verts if vert not in self._rim), None) or next((self._rim[vert] for vert in verts if self._rim[vert] is not None), None)
        for vert in verts:
            if vert in self._rim and self._rim[vert] is None:
                self._rim[vert] = own
        try:
            return self._edited.faces.new(verts)
        except ValueError:
            return None

    def refresh(self) -> None:
        """New vertices that only other new ones are beside of take after these."""
        missing = True
        while missing:
            missing = False
            for vert in [vert for vert, own in self._rim.items() if own is None]:
                beside = (edge.other_vert(vert) for edge in vert.link_edges)
                own = next((self._rim.get(one, one) for one in beside if self._rim.get(one, one) is not None), None)
                missing |= own is not None
                self._rim[vert] = own
        deform = self._edited.verts.layers.deform.active
        for vert, own in self._rim.items():
            if deform is not None and own is not None:
                for group, weight in own[deform].items():
                    vert[deform][group] = weight

    def dress(self, face: bmesh.types.BMFace, layer: bmesh.types.BMLayerItem) -> None:
        """Material, shading and UV coordinates of the face beyond the border."""
        face[layer] = 1
        face.smooth = False
        border = _across(face) or self._beside(face)
        if border is None:
            return
        face.material_index = border.material_index
        for uv in self._edited.loops.layers.uv.values():
            own = {loop.vert: loop[uv].uv.copy() for loop in border.loops}
            shared = [own[vert] for vert in face.verts if vert in own] or list(own.values())
            middle = sum(shared[1:], shared[0].copy()) / len(shared)
            for loop in face.loops:
                loop[uv].uv = own.get(loop.vert, middle)

    def _vert(self, index: int) -> bmesh.types.BMVert:
        if index in self._verts:
            return self._verts[index]
        place = self._inverse @ self._vector(index)
        if index < self._count:
            self._places = self._places or {_rounded(vert.co): own for own, vert in self._verts.items()}
            twin = self._places.get(_rounded(self._whole.vertices[index].co))
            if twin is not None:
                return self._verts.setdefault(index, self._verts[twin])
        vert = self._edited.verts.new(place)
        self._rim[vert] = None
        return self._verts.setdefault(index, vert)

    def _vector(self, index: int) -> object:
        from mathutils import Vector

        if index < self._count:
            return self._inverse.inverted_safe() @ self._whole.vertices[index].co
        return Vector(self._lids.vertices[index - self._count])

    def _beside(self, face: bmesh.types.BMFace) -> bmesh.types.BMFace | None:
        """A face of the part's own at a vertex that the lid's looks like."""
        for vert in face.verts:
            own = self._rim.get(vert, vert)
            found = next((one for one in own.link_faces if own is not None and one is not face and one.index >= 0), None) if own is not None else None
            if found is not None:
                return found
        return None


def _across(face: bmesh.types.BMFace) -> bmesh.types.BMFace | None:
    """The part's own face at one of its edges; new ones have no index yet."""
    return next((one for edge in face.edges for one in edge.link_faces if one.index >= 0), None)


def _rounded(place: Sequence[float]) -> tuple[float, ...]:
    return tuple(round(number, 6) for number in place)
