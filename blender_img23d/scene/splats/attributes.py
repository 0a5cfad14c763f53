"""Splats as a mesh's points and their attributes, in the object's own axes and the scene's unit; and from there again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

from ..mesh.chosen import COLOR, ROTATION, SCALE

if TYPE_CHECKING:
    import numpy as np
    from mathutils import Matrix

    from .formats.cloud import Splats

RANK = "splat_rank"  # 0..1: those with the lowest are shown first
HARMONICS = "splat_sh_"  # and a number: a coefficient of the view-dependent colours, red, green, blue; kept for export
EXTENT = 3.0  # standard deviations to the end of what is shown: a hundredth of the opacity in the middle
_SEED = 23


def make_mesh(name: str, splats: Splats) -> bpy.types.Mesh:
    """In the axes and the unit that the splats have."""
    import numpy as np

    mesh = bpy.data.meshes.new(name)
    mesh.vertices.add(len(splats))
    _fill(mesh.attributes["position"], "vector", splats.positions)
    _add(mesh, COLOR, "FLOAT_COLOR", "color", np.concatenate((_linear(splats.constants), splats.opacities[:, None]), axis=1))
    _add(mesh, SCALE, "FLOAT_VECTOR", "vector", splats.scales)
    _add(mesh, ROTATION, "QUATERNION", "value", splats.rotations)
    _add(mesh, RANK, "FLOAT", "value", _ranks(splats))
    for index in range(splats.harmonics.shape[1]):
        _add(mesh, f"{HARMONICS}{index:02}", "FLOAT_VECTOR", "vector", splats.harmonics[:, index])
    mesh.attributes.active_color_name = COLOR  # what Solid shading shows where it is set to attributes
    mesh.update()
    return mesh


def splats_of(mesh: bpy.types.Mesh) -> Splats:
    """All of them, however few are shown."""
    import numpy as np

    from .formats.cloud import Splats, unit
    from .formats.harmonics import COUNTS

    found = sum(f"{HARMONICS}{index:02}" in mesh.attributes for index in range(COUNTS[-1]))
    count = max(one for one in COUNTS if one <= found)
    color = _read(mesh, COLOR, "color", 4)
    waves = [_read(mesh, f"{HARMONICS}{index:02}", "vector", 3) for index in range(count)]
    return Splats(
        positions=_read(mesh, "position", "vector", 3),
        scales=np.abs(_read(mesh, SCALE, "vector", 3)),
        rotations=unit(_read(mesh, ROTATION, "value", 4)),
        opacities=np.clip(color[:, 3], 0.0, 1.0),
        constants=_constants(color[:, :3]),
        harmonics=np.stack(waves, axis=1) if waves else np.zeros((len(color), 0, 3), np.float32),
    )


def resize_splats(mesh: bpy.types.Mesh, factor: float) -> None:
    """Each one's own size, where its place is moved otherwise; nothing for a mesh that is not made of splats."""
    if SCALE in mesh.attributes:
        _fill(mesh.attributes[SCALE], "vector", factor * _read(mesh, SCALE, "vector", 3))


def transform_splats(mesh: bpy.types.Mesh, matrix: Matrix) -> None:
    """By any affine map, after which a splat still is one. Raises ValueError where the map leaves no volume."""
    import numpy as np

    from .formats.cloud import moved

    splats = moved(splats_of(mesh), np.array(matrix))
    _fill(mesh.attributes["position"], "vector", splats.positions)
    _fill(mesh.attributes[SCALE], "vector", splats.scales)
    _fill(mesh.attributes[ROTATION], "value", splats.rotations)
    for index in range(splats.harmonics.shape[1]):
        _fill(mesh.attributes[f"{HARMONICS}{index:02}"], "vector", splats.harmonics[:, index])
    mesh.update()


def mean_color(mesh: bpy.types.Mesh) -> tuple[float, float, float]:
    """Scene linear, by how much is seen of each splat."""
    import numpy as np

    color, scale = _read(mesh, COLOR, "color", 4), _read(mesh, SCALE, "vector", 3)
    weights = np.maximum(_seen(color[:, 3], scale), 1e-30)
    return tuple(float(value) for value in np.clip(np.average(color[:, :3], axis=0, weights=weights), 0.0, 1.0))


def _ranks(splats: Splats) -> np.ndarray:
    """A random order in which those that are seen most tend to come first: each one's key is u^(1/w), the largest wins (Efraimidis and
    Spirakis, Weighted Random Sampling with a Reservoir, 2006). Of any share the silhouette then is whole.
    """
    import numpy as np

    chance = np.log(np.random.default_rng(_SEED).uniform(1e-12, 1.0, len(splats)))
    keys = chance / np.maximum(_seen(splats.opacities, splats.scales), 1e-30)
    ranks = np.empty(len(splats), np.float32)
    ranks[np.argsort(-keys, kind="stable")] = np.arange(len(splats)) / max(len(splats), 1)
    return ranks


def _seen(opacities: np.ndarray, scales: np.ndarray) -> np.ndarray:
    """About how large a splat is in a picture: its opacity times its two larger sides; float64."""
    import numpy as np

    sides = np.sort(np.abs(scales.astype(np.float64)), axis=1)
    return np.abs(opacities) * sides[:, 1] * sides[:, 2]


def _linear(constants: np.ndarray) -> np.ndarray:
    """The colours without view dependence, scene linear. Files have some below 0 and above 1, which come back on export."""
    import numpy as np

    from ...shared.img23d_protocol.files.splat_ply import CONSTANT_PART
    from ..photo.srgb import to_linear

    seen = 0.5 + CONSTANT_PART * constants.astype(np.float64)
    return np.sign(seen) * to_linear(np.abs(seen))


def _constants(linear: np.ndarray) -> np.ndarray:
    import numpy as np

    from ...shared.img23d_protocol.files.splat_ply import CONSTANT_PART
    from ..photo.srgb import to_srgb

    values = linear.astype(np.float64)
    return ((np.sign(values) * to_srgb(np.abs(values)) - 0.5) / CONSTANT_PART).astype(np.float32)


def _add(mesh: bpy.types.Mesh, name: str, kind: str, member: str, values: np.ndarray) -> None:
    _fill(mesh.attributes.new(name, kind, "POINT"), member, values)


def _fill(attribute: bpy.types.Attribute, member: str, values: np.ndarray) -> None:
    import numpy as np

    attribute.data.foreach_set(member, np.ascontiguousarray(values, np.float32).ravel())


def _read(mesh: bpy.types.Mesh, name: str, member: str, width: int) -> np.ndarray:
    import numpy as np

    values = np.empty((len(mesh.vertices), width), np.float32)
    mesh.attributes[name].data.foreach_get(member, values.ravel())
    return values
