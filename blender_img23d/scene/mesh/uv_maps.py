"""UV maps as arrays: (corners, 2) float32, v upwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

from ...shared.img23d_protocol import ErrorCode, Img23DError

if TYPE_CHECKING:
    import numpy as np

UV_NAME = "Img23D"
UV_MAPS_MAX = 8  # Blender's own limit


def rendered_uv_map(mesh: bpy.types.Mesh) -> str:
    """The name of the UV map that renders show, empty where there is none."""
    return next((layer.name for layer in mesh.uv_layers if layer.active_render), "")


def read_uv_map(mesh: bpy.types.Mesh, name: str) -> np.ndarray:
    import numpy as np

    uv = np.empty((len(mesh.loops), 2), np.float32)
    mesh.uv_layers[name].uv.foreach_get("vector", uv.reshape(-1))
    return uv


def load_layout(path: str, mesh: bpy.types.Mesh) -> np.ndarray:
    """The backend's file. Raises Img23DError where it is for another mesh or gone."""
    import numpy as np

    try:
        uv = np.load(path, allow_pickle=False).astype(np.float32)
    except (OSError, ValueError) as error:
        raise Img23DError(ErrorCode.INTERNAL, "The new UV map cannot be read: press Re-texture again.", str(error)) from error
    if uv.shape != (len(mesh.loops), 2):
        raise Img23DError(ErrorCode.INTERNAL, "The new texture does not fit the mesh.", f"{uv.shape}, {len(mesh.loops)}")
    return uv


def add_uv_map(mesh: bpy.types.Mesh, uv: np.ndarray, name: str = UV_NAME) -> str:
    """The name that it got. Active and render UV map stay the artist's. Raises Img23DError(BAD_REQUEST) where there are too many."""
    active = mesh.uv_layers.active_index
    layer = mesh.uv_layers.new(name=name, do_init=False)
    if layer is None:
        raise Img23DError(ErrorCode.BAD_REQUEST, "The mesh has too many UV maps: remove one first.")
    layer.uv.foreach_set("vector", uv.ravel())
    name = layer.name
    if len(mesh.uv_layers) > 1:
        mesh.uv_layers.active_index = active
    return name
