"""The lids of closed parts, and what is left of triangles that lie in two parts.

A lid has the material, the texture's colours and the weights of what it borders on; a piece of a triangle has what the triangle has there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import bpy

from ...shared.img23d_protocol import ErrorCode, Img23DError
from ..mesh.extents import points_of
from ..mesh.uv_maps import read_uv_map
from ..mesh.world_file import triangles_of
from .labels import face_of_triangle, faces_with_any
from .separate import whole_vertices

if TYPE_CHECKING:
    import bmesh
    import numpy as np
    from mathutils import Matrix

LID = "img23d_lid"  # int face attribute of a part: 1 on what closes it


@dataclass(frozen=True, kw_only=True)
class Lids:
    """As in `messages.LidsReady`, whose file it is: `vertices` (N, 3) in world space, `faces` (M, 3), `part` (M,), `source` (M,), `dropped` (T,)."""

    vertices: np.ndarray
    faces: np.ndarray
    part: np.ndarray
    source: np.ndarray
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
                source=data["source"].astype(np.int64).ravel(),
                dropped=data["dropped"].astype(bool).ravel(),
            )
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise Img23DError(ErrorCode.INTERNAL, "The lids of the parts cannot be read: press Cut again.", str(error)) from error
    most = vertices + len(lids.vertices)
    is_sound = len(lids.dropped) == triangles and len(lids.part) == len(lids.source) == len(lids.faces) and np.isfinite(lids.vertices).all()
    if is_sound and len(lids.faces):
        is_sound = 0 <= lids.faces.min() <= lids.faces.max() < most and -1 <= lids.source.min() <= lids.source.max() < triangles
    if not is_sound:
        raise Img23DError(ErrorCode.INTERNAL, "The lids do not fit the mesh: press Cut again.")
    return lids


def without_dropped(whole: bpy.types.Mesh, labels: np.ndarray, lids: Lids) -> tuple[np.ndarray, Lids]:
    """The labels (F,) of the faces that are kept as they are, and the lids with the triangles that are left of those that are not."""
    import numpy as np

    is_gone, face = faces_with_any(whole, lids.dropped), face_of_triangle(whole)
    left = np.flatnonzero(is_gone[face] & ~lids.dropped & (labels[face] >= 0))
    corners, _ = triangles_of(whole)
    more = replace(
        lids,
        faces=np.concatenate([lids.faces, corners[left]]),
        part=np.concatenate([lids.part, labels[face[left]]]),
        source=np.concatenate([lids.source, left]),
    )
    return np.where(is_gone, -1, labels), more


class Closer:
    """Adds their lids to the parts of one mesh. `whole` numbers vertices and triangles as the lids do; `world` puts it into the scene."""

    def __init__(self, whole: bpy.types.Mesh, lids: Lids, world: Matrix) -> None:
        self.whole, self.lids, self.world = whole, lids, world
        self.points, self.inverse = points_of(whole), world.inverted_safe()
        self.triangles, self.faces = triangles_of(whole), face_of_triangle(whole)
        self.uv = {layer.name: read_uv_map(whole, layer.name) for layer in whole.uv_layers}

    def close(self, part: bpy.types.Mesh, number: int) -> None:
        """`part` in the axes of the whole, with the attribute VERTEX."""
        import bmesh
        import numpy as np

        rows = np.flatnonzero(self.lids.part == number)
        if not len(rows):
            return
        edited = bmesh.new()
        edited.from_mesh(part)
        builder = _Builder(edited, part, self, np.unique(self.lids.faces[rows]))
        is_mirrored = self.world.determinant() < 0.0
        for corners, source in zip(self.lids.faces[rows].tolist(), self.lids.source[rows].tolist(), strict=True):
            builder.add(corners[::-1] if is_mirrored else corners, source)
        builder.finish()
        edited.to_mesh(part)
        edited.free()
        part.update()


class _Builder:
    """Faces that are added to one part."""

    def __init__(self, edited: bmesh.types.BMesh, part: bpy.types.Mesh, closer: Closer, needed: np.ndarray) -> None:
        """`needed` are the vertices of the whole mesh and of the lids that they have."""
        import numpy as np

        self._layer = edited.faces.layers.int.get(LID) or edited.faces.layers.int.new(LID)  # before any face is held: a new layer ends them
        edited.verts.ensure_lookup_table()
        self._edited, self._part, self._closer, self._whole = edited, part, closer, closer.whole
        own = whole_vertices(part)
        present = np.flatnonzero(np.isin(own, needed))
        self._verts = {index: edited.verts[at] for at, index in zip(present.tolist(), own[present].tolist(), strict=True)}
        self._count = len(closer.points)
        self._places: dict[tuple[float, ...], bmesh.types.BMVert] = {}  # a lid may name another vertex at the same place
        self._new: dict[bmesh.types.BMVert, int] = {}  # new vertices, and the triangle that each is in, -1 for none
        self._lids_made: list[bmesh.types.BMFace] = []
        self._pieces: list[tuple[bmesh.types.BMFace, int]] = []

    def add(self, corners: Sequence[int], source: int) -> None:
        verts = [self._vert(index, source) for index in corners]
        if len(set(verts)) < 3 or self._edited.faces.get(verts) is not None:
            return
        face = self._edited.faces.new(verts)
        if source < 0:
            self._lids_made.append(face)
        else:
            self._pieces.append((face, source))

    def finish(self) -> None:
        self._dress_pieces()
        self._weigh()
        lids = set(self._lids_made)
        for face in self._lids_made:
            face[self._layer], face.smooth = 1, False
            border = self._border(face, lids)
            if border is not None:
                self._dress_lid(face, border)

    # --- vertices ---------------------------------------------------------------------------------------------------

    def _vert(self, index: int, source: int) -> bmesh.types.BMVert:
        from mathutils import Vector

        if index in self._verts:
            return self._verts[index]
        own = index < self._count
        closer = self._closer
        place = Vector(closer.points[index].tolist()) if own else closer.inverse @ Vector(closer.lids.vertices[index - self._count].tolist())
        if own:
            self._places = self._places or {_rounded(vert.co): vert for vert in self._edited.verts if vert.index >= 0}
            if _rounded(place) in self._places:
                return self._verts.setdefault(index, self._places[_rounded(place)])
        vert = self._edited.verts.new(place)
        self._new[vert] = source
        return self._verts.setdefault(index, vert)

    def _weigh(self) -> None:
        """New vertices have the weights of the triangle that they lie in, or of the nearest vertex along the lid."""
        deform = self._edited.verts.layers.deform.active
        if deform is None:
            return
        waiting = []
        for vert, source in self._new.items():
            if source < 0:
                waiting.append(vert)
                continue
            for index, share in zip(self._closer.triangles[0][source].tolist(), self._shares(vert, source), strict=True):
                for one in self._whole.vertices[index].groups:
                    vert[deform][one.group] = vert[deform].get(one.group, 0.0) + share * one.weight
        while waiting:
            known = {vert: near for vert in waiting if (near := self._neighbour(vert, set(waiting))) is not None}
            if not known:
                return
            for vert, near in known.items():
                for group, weight in near[deform].items():
                    vert[deform][group] = weight
            waiting = [vert for vert in waiting if vert not in known]

    def _neighbour(self, vert: bmesh.types.BMVert, unknown: set[bmesh.types.BMVert]) -> bmesh.types.BMVert | None:
        beside = [other for edge in vert.link_edges if (other := edge.other_vert(vert)) not in unknown]
        return min(beside, key=lambda other: (other.co - vert.co).length, default=None)

    # --- faces ------------------------------------------------------------------------------------------------------

    def _dress_pieces(self) -> None:
        layers = [(layer, self._closer.uv[layer.name]) for layer in self._edited.loops.layers.uv.values() if layer.name in self._closer.uv]
        for face, source in self._pieces:
            polygon = self._whole.polygons[int(self._closer.faces[source])]
            face.smooth, face.material_index = polygon.use_smooth, self._slot(polygon.material_index)
            own = self._closer.triangles[1][source]
            for loop in face.loops:
                shares = self._shares(loop.vert, source)
                for layer, uv in layers:
                    loop[layer].uv = tuple(sum(share * uv[corner] for share, corner in zip(shares, own.tolist(), strict=True)))

    def _shares(self, vert: bmesh.types.BMVert, source: int) -> list[float]:
        """Barycentric coordinates in a triangle of the whole mesh."""
        import numpy as np

        a, b, c = self._closer.points[self._closer.triangles[0][source]].astype(np.float64)
        edges = np.stack([b - a, c - a], axis=1)
        (u, v), *_ = np.linalg.lstsq(edges, np.array(vert.co) - a, rcond=None)
        return [float(1.0 - u - v), float(u), float(v)]

    def _slot(self, index: int) -> int:
        """Where the part has a material of the whole mesh; added where it has not."""
        if not len(self._whole.materials):
            return 0
        material = self._whole.materials[min(index, len(self._whole.materials) - 1)]
        present = list(self._part.materials)
        if material not in present:
            self._part.materials.append(material)
            return len(present)
        return present.index(material)

    def _border(self, face: bmesh.types.BMFace, lids: set[bmesh.types.BMFace]) -> bmesh.types.BMFace | None:
        """The part's own face beyond one of its edges, else one at a corner or at the nearest rim."""
        across = next((one for edge in face.edges for one in edge.link_faces if one not in lids), None)
        if across is not None:
            return across
        beside = [*face.verts, *(edge.other_vert(vert) for vert in face.verts for edge in vert.link_edges)]
        return next((one for vert in beside for one in vert.link_faces if one not in lids), None)

    def _dress_lid(self, face: bmesh.types.BMFace, border: bmesh.types.BMFace) -> None:
        """Each corner shows the colour of the rim: across a lid a texture has none."""
        face.material_index = border.material_index
        for layer in self._edited.loops.layers.uv.values():
            own = {loop.vert: loop[layer].uv.copy() for loop in border.loops}
            shared = [own[vert] for vert in face.verts if vert in own] or list(own.values())
            middle = sum(shared[1:], shared[0].copy()) / len(shared)
            for loop in face.loops:
                loop[layer].uv = own.get(loop.vert, middle)


def _rounded(place: Sequence[float]) -> tuple[float, ...]:
    return tuple(round(number, 6) for number in place)
