"""The photo on what it shows, its mirrored and smoothed likeness on the back, and a smooth passage between the two."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from img23d_protocol.messages import Settings

from ...mesh.bake import Sight, Texels, corner_facing, look, texels
from ...mesh.charts import make_surface
from ...mesh.fill import fill_nearest
from ...mesh.normals import area_vectors, unit
from ...mesh.unwrap import Layout, unwrap
from ...mesh.volume import ColorVolume
from ...stages import Context, CutOut, Mesh, Painted, View
from .picture import Picture, make_picture

_DEPTH_PIXELS = 640  # the depth map's longest side
_SEEDS = 75_000  # texels that seed the colours of what is not seen
_PHOTO_FROM, _PHOTO_FULL = 0.1, 0.3  # cosine to the viewer: steeper, a photo's pixel is smeared over the surface
_BACK_FROM, _BACK_FULL = 0.05, 0.35
_FAINT = 0.03  # weight of a seed that the photo shows only edge on: it decides where no better one is near


class ProjectionPainter:
    """Projects the cut-out on the mesh; what the photo does not show is continued from what it does."""

    def paint(self, mesh: Mesh, view: View, cutout: CutOut, settings: Settings, context: Context) -> Painted:
        """Paint any triangle mesh (open, non-manifold or inside out too) from the cut-out seen in `view`."""
        height, width = cutout.rgba.shape[:2]
        context.report(0.0, "Looking at the mesh")
        sight = look(mesh.vertices, mesh.faces, view, width=width, height=height, longest=_DEPTH_PIXELS)
        normals = area_vectors(mesh.vertices, mesh.faces) * np.where(sight.inside_out, -1.0, 1.0)[:, None]
        context.report(0.15, "Unwrapping")
        layout = _unwrap(mesh, sight, normals, settings.texture_size, lambda: context.report(0.2, "Unwrapping"))
        context.report(0.5, "Reading the colours")
        picture = make_picture(cutout, sight, zoom=_texels_a_pixel(mesh, sight, layout))
        context.report(0.6, "Painting")
        bake = _Bake(mesh=mesh, view=view, sight=sight, layout=layout, picture=picture, normals=normals)
        texture = bake.texture(lambda fraction: context.report(0.6 + 0.4 * fraction, "Painting"))
        return Painted(mesh=mesh, uv=layout.uv, texture=texture)


def _unwrap(mesh: Mesh, sight: Sight, normals: np.ndarray, size: int, report: Callable[[], None]) -> Layout:
    polygon = np.arange(len(mesh.faces)) if mesh.polygons is None else mesh.polygons
    surface = make_surface(
        mesh.vertices, mesh.faces, frame=_frame(mesh, sight), normals=normals, polygon=polygon
    )
    return unwrap(surface, seen=sight.seen, size=size, report=report)


def _frame(mesh: Mesh, sight: Sight) -> np.ndarray:
    """(3, 3) rows: the picture's right and up and the direction to the viewer, at the middle of the mesh."""
    towards = unit(sight.towards.mean(axis=0))
    centred = mesh.vertices - mesh.vertices.mean(axis=0)
    downwards = np.linalg.lstsq(centred, sight.projected[:, 1] - sight.projected[:, 1].mean(), rcond=None)[0]
    up = -downwards + towards * (downwards @ towards)
    up = unit(up) if np.linalg.norm(up) > 1e-9 * np.linalg.norm(downwards) else _any_normal_to(towards)
    return np.stack([np.cross(up, towards), up, towards])


def _any_normal_to(axis: np.ndarray) -> np.ndarray:
    return unit(np.cross(axis, np.eye(3)[int(np.argmin(np.abs(axis)))]))


def _texels_a_pixel(mesh: Mesh, sight: Sight, layout: Layout) -> float:
    """How many texels a side one pixel of the photo gets where it is seen."""
    seen = sight.seen
    in_photo = _area(sight.projected[mesh.faces[seen]][:, :, :2])
    in_texture = _area(layout.uv[seen].astype(np.float64)) * layout.face.size
    return float(np.sqrt(in_texture / in_photo)) if in_photo > 0.0 and in_texture > 0.0 else 1.0


def _area(corners: np.ndarray) -> float:
    b, c = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    return float(np.abs(b[:, 0] * c[:, 1] - b[:, 1] * c[:, 0]).sum()) / 2


@dataclass(frozen=True, kw_only=True)
class _Bake:
    mesh: Mesh
    view: View
    sight: Sight
    layout: Layout
    picture: Picture
    normals: np.ndarray

    def texture(self, report: Callable[[float], None]) -> np.ndarray:
        """(S, S, 3) uint8."""
        size = self.layout.face.shape[0]
        image = np.zeros((size * size, 3), dtype=np.uint8)
        values = self._corner_values()
        volume = self._seeded_volume(values)
        covered = max(int(np.count_nonzero(self.layout.face >= 0)), 1)
        done = 0
        for part in texels(self.layout.uv, self.layout.face, values):
            report(0.8 * done / covered)
            image[part.index] = np.clip(np.rint(self._colors(part, volume)), 0, 255).astype(np.uint8)
            done += len(part.index)
        report(0.9)
        return fill_nearest(image.reshape(size, size, 3), self.layout.face >= 0, reach=size / 64)[0]

    def _corner_values(self) -> np.ndarray:
        """(F, 3, 4): position and the cosine to the viewer."""
        mesh = self.mesh
        facing = corner_facing(mesh.vertices, mesh.faces, self.normals, self.sight.towards)
        return np.concatenate([mesh.vertices[mesh.faces], facing[:, :, None]], axis=2)

    def _seeded_volume(self, values: np.ndarray) -> ColorVolume:
        used = self.mesh.vertices[np.unique(self.mesh.faces)].astype(np.float64)
        volume = ColorVolume(used.min(axis=0), used.max(axis=0))
        step = max(1, int(np.count_nonzero(self.layout.face >= 0)) // _SEEDS)
        for part in texels(self.layout.uv, self.layout.face, values, step=step):
            spot = self._spot(part.values[:, :3])
            front, back, shown = self._weights(part, spot)
            volume.add(part.values[:, :3], self.picture.soft(spot), front)
            volume.add(part.values[:, :3], self.picture.likeness(spot), np.maximum(back, _FAINT * shown))
        volume.spread()
        return volume

    def _spot(self, position: np.ndarray) -> np.ndarray:
        """As `View.project`, to 0.001 pixels; column by column, which is five times as fast."""
        x, y, z = position.T
        u, v, depth, w = (a * x + b * y + c * z + d for a, b, c, d in self.view.matrix.astype(np.float32))
        return np.stack([u / w, v / w, depth / w]).T

    def _weights(self, part: Texels, spot: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(N,) how far a texel is to be the photo, how far, of the rest, the likeness seen through the object, and how
        far its spot in the photo shows the same part of the object at all, however steeply.
        """
        facing = part.values[:, 3]
        seen = self.picture.trust(spot, self.sight.slack[part.face])
        through = self.picture.shows_through(spot)
        front = _smoothstep(facing, _PHOTO_FROM, _PHOTO_FULL) * seen
        back = _smoothstep(-facing, _BACK_FROM, _BACK_FULL) * through
        return front, back, np.where(facing > 0.0, seen, through)

    def _colors(self, part: Texels, volume: ColorVolume) -> np.ndarray:
        position = part.values[:, :3]
        spot = self._spot(position)
        front, back, _ = self._weights(part, spot)
        colors = np.zeros((len(front), 3), dtype=np.float32)
        for weight, sample in (
            (front, lambda chosen: self.picture.sharp(spot[chosen])),
            ((1.0 - front) * back, lambda chosen: self.picture.likeness(spot[chosen])),
            ((1.0 - front) * (1.0 - back), lambda chosen: volume.sample(position[chosen])),
        ):
            chosen = np.flatnonzero(weight > 0.0)
            if len(chosen):
                colors[chosen] += weight[chosen, None] * sample(chosen)
        return colors


def _smoothstep(x: np.ndarray, start: float, end: float) -> np.ndarray:
    t = np.clip((x - start) / (end - start), 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)
