"""Baking six views and filling the rest against hy3dgen's own code, and all processor work of one object, in one run.

Runs in the learned environment:

    python -m devtools.bench.learned.bake OUT.json

hy3dgen's renderer needs its `custom_rasterizer`, which has to be compiled; here our rasterizer stands in for it, and its
time is left out on both sides.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import reduce
from operator import add
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from ..rows import Row, row
from ..timing import Timed, in_turn, timed
from . import solids
from .full_size import use_the_projects_code
from .mesh import BOUNDS, BUDGET, MILLION

if TYPE_CHECKING:
    import torch

    from img23d_backend.engines.hunyuan3d.paint.cameras import Cameras
    from img23d_backend.engines.hunyuan3d.paint.control_maps import ControlMaps
    from img23d_backend.mesh.texture.bake import Baked
    from img23d_backend.mesh.uv.unwrap import Layout
    from img23d_backend.stages import Mesh

SIZE = 2048  # texels and pixels a side
AZIMUTHS, ELEVATIONS = (0, 90, 180, 270, 0, 180), (0, 0, 0, 0, 90, -90)  # hy3dgen's six views
EXPONENT = 4

T = TypeVar("T")


def measure(out: Path) -> None:
    use_the_projects_code()
    out.write_text(json.dumps({"rows": list(painting())}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def painting() -> Iterator[Row]:
    """The steps of one object from the surface as it is extracted to the file, and hy3dgen's beside two of them."""
    from img23d_backend.engines.hunyuan3d.paint.background_task import background_task
    from img23d_backend.engines.hunyuan3d.paint.cameras import make_cameras
    from img23d_backend.engines.hunyuan3d.paint.control_maps import draw_control_maps
    from img23d_backend.mesh.glb import write_glb
    from img23d_backend.mesh.isosurface.marching_cubes import extract_surface
    from img23d_backend.mesh.isosurface.octree import sample_sparse
    from img23d_backend.mesh.texture.bake import Shot, bake
    from img23d_backend.mesh.texture.fill import fill_surface
    from img23d_backend.mesh.topology.cleanup import clean
    from img23d_backend.mesh.topology.simplify import simplify
    from img23d_backend.mesh.uv.unwrap import unwrap_mesh

    full = extract_surface(sample_sparse(solids.figure, resolution=MILLION, bounds=BOUNDS))
    simplify(clean(full), BUDGET)  # imports its libraries and fetches memory
    steps = _Steps()
    cleaned = steps.take(f"clean {len(full.faces):,} faces", lambda: clean(full))
    mesh = steps.take("reduce to 40,000", lambda: simplify(cleaned, BUDGET))
    cameras = make_cameras(mesh.vertices, size=SIZE)

    def draw_and_unwrap() -> tuple[ControlMaps, Layout]:
        with background_task(lambda check: unwrap_mesh(mesh, size=SIZE, report=check)) as laid_out:
            return draw_control_maps(mesh, cameras, raster_size=SIZE), laid_out.result()

    maps, layout = steps.take("six rasters and twelve maps, and the unwrapping beside them", draw_and_unwrap)
    images = _pictures(mesh, cameras, maps)
    shots = [
        Shot(view=view, image=image, weight=weight, raster=raster)
        for view, image, weight, raster in zip(cameras.views, images, cameras.weights, maps.rasters, strict=True)
    ]
    baked = steps.take("bake six views", lambda: bake(mesh, layout, shots, report=lambda done: None))
    texture = steps.take("fill", lambda: fill_surface(mesh, layout, baked, report=lambda done: None))
    with tempfile.TemporaryDirectory() as folder:
        steps.take("write the GLB", lambda: _write(write_glb, Path(folder) / "object.glb", mesh, layout, texture))
    theirs = _Theirs(mesh, layout)
    baking, other = in_turn(lambda: bake(mesh, layout, shots, report=lambda done: None), lambda: theirs.bake(images, cameras.weights))
    projected, others = other.result, theirs.without_rasterizer(other)
    less = [seconds - spent for seconds, spent in zip(others.processor, theirs.convolving, strict=True)]
    what = f"bake six views at {SIZE}"
    yield row(f"{what}: processor seconds", baking.processor, others.processor, without=less, slow_call="its convolutions by 17 x 17 ones")
    yield row(f"{what}: elapsed seconds", baking.elapsed, others.elapsed, "≤ 0.8 units")
    yield from _quality(mesh, layout, baked, projected)
    filling, other = in_turn(lambda: fill_surface(mesh, layout, baked, report=lambda done: None), lambda: theirs.fill(*projected))
    yield row(f"fill at {SIZE}, against the Python form: processor seconds", filling.processor, other.processor, "≥ 75x")
    yield from steps.rows()


class _Steps:
    """The steps of one object, each timed some times over."""

    def __init__(self) -> None:
        self._taken: dict[str, Timed] = {}

    def take(self, what: str, work: Callable[[], T]) -> T:
        self._taken[what] = timed(work)
        return self._taken[what].result

    def rows(self) -> Iterator[Row]:
        what = "all processor work of an object"
        for step, seconds in self._taken.items():
            yield row(f"{what}: {step}, elapsed seconds", seconds.elapsed)
        whole = reduce(add, self._taken.values())
        yield row(f"{what}, elapsed seconds", whole.elapsed, None, "≤ 3")
        yield row(f"{what}, in units of the calibration by the clock", whole.elapsed, None, "≤ 3 units")
        yield row(f"{what}, processor seconds", whole.processor)


def _color(points: np.ndarray) -> np.ndarray:
    """(N, 3) colours by position, 0..255: areas with borders and soft passages."""
    x, y, z = points.T
    soft = np.stack([np.sin(5 * x + 2 * y), np.sin(6 * y - 3 * z), np.sin(4 * z + 5 * x)], axis=1)
    return 127 + 70 * soft + 40 * np.tanh(8 * np.sin(9 * x) * np.sin(9 * y) * np.sin(9 * z))[:, None]


def _pictures(mesh: Mesh, cameras: Cameras, maps: ControlMaps) -> list[np.ndarray]:
    """Six (SIZE, SIZE, 3) uint8 of the coloured mesh on white."""
    from img23d_backend.mesh.raster.rasterize import weights_of

    images = []
    for view, raster in zip(cameras.views, maps.rasters, strict=True):
        drawn = raster.face >= 0
        weights = weights_of(raster, view.project(mesh.vertices), mesh.faces)[drawn]
        image = np.full((SIZE, SIZE, 3), 255, dtype=np.uint8)
        image[drawn] = _color(np.einsum("nc,ncd->nd", weights, mesh.vertices[mesh.faces[raster.face[drawn]]]))
        images.append(image)
    return images


def _write(writer: Callable[..., None], path: Path, mesh: Mesh, layout: Layout, texture: np.ndarray) -> None:
    writer(path, mesh=mesh, name="object", uv=layout.uv, texture=texture, base_color=(1, 1, 1), scale=1.0, offset=np.zeros(3))


def _quality(mesh: Mesh, layout: Layout, baked: Baked, projected: tuple[np.ndarray, np.ndarray]) -> Iterator[Row]:
    """Both textures against the colours that the pictures were made of, where both have one."""
    from img23d_backend.mesh.texture.texels import texels

    truth = np.zeros((SIZE * SIZE, 3), dtype=np.float32)
    for part in texels(layout.uv, layout.face, mesh.vertices[mesh.faces]):
        truth[part.index] = _color(part.values)
    texture, mask = projected
    both = (mask > 0).ravel() & (baked.trust > 0.5).ravel() & (layout.face >= 0).ravel()
    ours, theirs = (
        10 * np.log10(255**2 / np.mean((image.reshape(-1, 3)[both] - truth[both]) ** 2)) for image in (baked.color.astype(np.float32), texture * 255.0)
    )
    yield row(f"bake six views at {SIZE}: PSNR where both have colours, dB", float(ours), float(theirs), "≥ 35")
    covered = layout.face >= 0
    have = (float((one & covered).sum() / covered.sum()) for one in (baked.trust > 0, mask > 0))
    yield row(f"bake six views at {SIZE}: share of the layout with colours", *have)


class _Theirs:
    """hy3dgen's renderer on the same mesh and layout. Of each bake: `drawing`, the processor and clock seconds of the rasterizer
    that stands in, and `convolving`, the processor seconds of the convolutions in it.
    """

    def __init__(self, mesh: Mesh, layout: Layout) -> None:
        self.drawing: list[list[float]] = []
        self.convolving: list[float] = []
        _stand_in(self.drawing)
        from shape_checkpoints import hy3dgen_importable

        with hy3dgen_importable():
            from hy3dgen.texgen.differentiable_renderer import mesh_render
        mesh_render.F = _Counting(mesh_render.F, self.convolving)
        self._render = mesh_render.MeshRender(default_resolution=SIZE, texture_size=SIZE, device="cpu")
        corners = np.column_stack([mesh.faces.reshape(-1, 1), layout.uv.reshape(-1, 2)]).astype(np.float32)
        split, faces = np.unique(corners, axis=0, return_inverse=True)  # as xatlas leaves it: parted at the seams
        uv = split[:, 1:] * (1, -1) + (0, 1)  # v upwards
        faces = faces.reshape(-1, 3).astype(np.int64)
        self._render.set_mesh(mesh.vertices[split[:, 0].astype(int)].astype(np.float32), faces, uv.astype(np.float32), faces)

    def bake(self, images: list[np.ndarray], weights: tuple[float, ...]) -> tuple[np.ndarray, np.ndarray]:
        """The texture (S, S, 3) 0..1 with its mask (S, S) uint8."""
        self.drawing.append([0.0, 0.0])
        self.convolving.append(0.0)
        texture, trust = self._baked(images, weights)
        return texture.numpy(), (trust.squeeze(-1).numpy() * 255).astype(np.uint8)

    def without_rasterizer(self, runs: Timed[T]) -> Timed[T]:
        processor, elapsed = (
            [seconds - spent[kind] for seconds, spent in zip(kept, self.drawing, strict=True)] for kind, kept in enumerate((runs.processor, runs.elapsed))
        )
        return Timed(processor=processor, elapsed=elapsed, result=runs.result)

    def fill(self, texture: np.ndarray, mask: np.ndarray) -> None:
        """Its vertex inpainting in Python and OpenCV's over the rest."""
        self._render.uv_inpaint(texture, mask)

    def _baked(self, images: list[np.ndarray], weights: tuple[float, ...]) -> tuple[torch.Tensor, torch.Tensor]:
        textures, cosines = [], []
        for image, elevation, azimuth, weight in zip(images, ELEVATIONS, AZIMUTHS, weights, strict=True):
            texture, cosine, _ = self._render.back_project(image / np.float32(255), elevation, azimuth)
            textures.append(texture)
            cosines.append(weight * cosine**EXPONENT)
        return self._render.fast_bake_texture(textures, cosines)


class _Counting:
    """torch.nn.functional, with the processor seconds of `conv2d` added up in the last entry of `spent`."""

    def __init__(self, functional: ModuleType, spent: list[float]) -> None:
        self._functional, self._spent = functional, spent

    def __getattr__(self, name: str) -> object:
        return getattr(self._functional, name)

    def conv2d(self, *arguments: object, **named: object) -> torch.Tensor:
        started = time.process_time()
        result = self._functional.conv2d(*arguments, **named)
        self._spent[-1] += time.process_time() - started
        return result


def _stand_in(spent: list[list[float]]) -> None:
    """`custom_rasterizer` by our rasterizer; the processor and clock seconds in it are added up in the last entry of `spent`."""
    import torch

    from img23d_backend.mesh.raster.rasterize import rasterize, weights_of

    def drawn(pos: torch.Tensor, tri: torch.Tensor, resolution: tuple[int, int]) -> tuple[torch.Tensor, torch.Tensor]:
        height, width = resolution
        x, y, z, w = pos[0].double().numpy().T
        across, down = ((axis / w * 0.5 + 0.5) * (side - 1) + 0.5 for axis, side in ((x, width), (y, height)))
        points = np.stack([across, down, z / w, w], axis=1)
        raster = rasterize(points, tri.numpy(), width=width, height=height)
        return torch.from_numpy(raster.face + 1), torch.from_numpy(weights_of(raster, points, tri.numpy()))

    def rasterized(pos: torch.Tensor, tri: torch.Tensor, resolution: tuple[int, int]) -> tuple[torch.Tensor, torch.Tensor]:
        once = timed(lambda: drawn(pos, tri, resolution), runs=1)
        spent[-1][0] += once.processor[0]
        spent[-1][1] += once.elapsed[0]
        return once.result

    def interpolated(col: torch.Tensor, findices: torch.Tensor, barycentric: torch.Tensor, tri: torch.Tensor) -> torch.Tensor:
        face = (findices.long() - 1).clamp(min=0)
        return (barycentric[..., None] * col[0][tri.long()[face]]).sum(dim=-2)[None]

    module = ModuleType("custom_rasterizer")
    module.rasterize, module.interpolate = rasterized, interpolated
    sys.modules["custom_rasterizer"] = module


if __name__ == "__main__":
    measure(Path(sys.argv[1]))
