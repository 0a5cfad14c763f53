"""hy3dgen's own way to draw a mesh, with our rasterizer in the place of its compiled one."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType

import numpy as np
import torch
from shape_checkpoints import hy3dgen_importable

from img23d_backend.mesh.raster.rasterize import rasterize, weights_of

AZIMUTHS, ELEVATIONS = (0, 90, 180, 270, 0, 180), (0, 0, 0, 0, 90, -90)  # hy3dgen/texgen/pipelines.py
Rasterizer = Callable[..., list[torch.Tensor]]


def mesh_render(vertices: np.ndarray, faces: np.ndarray, *, size: int, kernel: Rasterizer | None = None) -> object:
    """hy3dgen's MeshRender with this mesh in it. `kernel` is custom_rasterizer_kernel's `rasterize_image`, ours if None."""
    names = {"custom_rasterizer": _custom_rasterizer(kernel or rasterize_image)}
    before = {name: sys.modules.get(name) for name in names}
    sys.modules |= names
    try:
        with hy3dgen_importable():
            from hy3dgen.texgen.differentiable_renderer.mesh_render import MeshRender

            render = MeshRender(default_resolution=size, texture_size=size, device="cpu")
    finally:
        for name, module in before.items():
            sys.modules.pop(name)
            if module is not None:
                sys.modules[name] = module
    render.set_mesh(vertices.copy(), faces)
    return render


def _custom_rasterizer(kernel: Rasterizer) -> ModuleType:
    """The two functions of hy3dgen's package that its MeshRender calls."""
    module = ModuleType("custom_rasterizer")

    def rasterize_all(pos: torch.Tensor, tri: torch.Tensor, resolution: list[int]) -> list[torch.Tensor]:
        return kernel(pos[0], tri, torch.zeros(0), resolution[1], resolution[0], 1e-6, 0)

    def interpolate(col: torch.Tensor, findices: torch.Tensor, barycentric: torch.Tensor, tri: torch.Tensor) -> torch.Tensor:
        corners = col[0, tri.long()[(findices - 1).clamp(min=0).long()]]  # (H, W, 3, C)
        return (barycentric[..., None] * corners).sum(dim=-2)[None]

    module.rasterize, module.interpolate = rasterize_all, interpolate
    return module


def rasterize_image(clip: torch.Tensor, faces: torch.Tensor, _prior: torch.Tensor, width: int, height: int, _slack: float, _use: int) -> list[torch.Tensor]:
    """`clip` (V, 4) as custom_rasterizer takes it: face + 1 or 0 (H, W) int32, and barycentrics (H, W, 3)."""
    clip = clip.double().numpy()
    w = clip[:, 3:]
    pixels = (clip[:, :2] / w * 0.5 + 0.5) * [width - 1, height - 1] + 0.5
    points, faces = np.hstack([pixels, clip[:, 2:3] / w, w]), faces.numpy()
    raster = rasterize(points, faces, width=width, height=height)
    return [torch.from_numpy(raster.face + 1), torch.from_numpy(weights_of(raster, points, faces))]
