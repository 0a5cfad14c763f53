"""Applies a painted picture to the artist's mesh: one UV map and one material more, everything else as it was."""

from __future__ import annotations

from pathlib import Path

import bpy

from ...core.jobs import Job
from ..glb.materials import base_image, make_projected_material, mean_colour
from ..mesh.uv_maps import add_uv_map, load_layout
from .faces import remember_faces


def apply_painting(obj: bpy.types.Object, job: Job, *, layout: str, own_map: str) -> str:
    """The UV map that the picture is for: a new one of the file `layout`, or where that is empty the artist's `own_map`.
    Raises Img23DError."""
    mesh = obj.data
    uv_name = add_uv_map(mesh, load_layout(layout, mesh)) if layout else own_map
    material = make_projected_material(f"{obj.name} {uv_name}", Path(job.texture), uv_name, job.add_notes)
    material.diffuse_color = (*mean_colour(base_image(material), mesh, uv_name), 1.0)  # seen in Solid shading
    remember_faces(obj, material)
    return uv_name
