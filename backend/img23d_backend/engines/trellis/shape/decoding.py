"""What the structured latents stand for: splats, and a mesh."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, cast

from ....mesh.topology.cleanup import clean, without_loose_vertices
from ....mesh.topology.simplify import simplify
from ....models.load_plan import Report
from ....stages import Mesh, Splats
from ..splats.gaussians import gaussians_of
from .cubes import extract_surface
from .plan import TrellisPlan
from .range_check import in_range
from .structure import Structure

if TYPE_CHECKING:
    from torch import Tensor

    from ....models.store import ModelStore
    from ..networks.slat_decoders import SLatGaussianDecoder, SLatMeshDecoder
    from ..networks.sparse.voxels import Voxels

_EXTRACTED, _CLEANED, _REDUCED = 0.4, 0.6, 0.75  # of the progress
# Values in memory at once: of a voxel in the trunk of 768 channels and four times as wide in between, and of its 64 cubes with 96 channels,
# of which a convolution has three sets
_TRUNK_VALUES, _CUBE_VALUES = 20 * 768, 64 * 3 * 96
_GATHERED_BYTES = 300_000_000
_CORNER_BYTES = 4 * 4 * 257**3  # four numbers a corner of the surface's grid


def decode_splats(latents: Tensor, structure: Structure, plan: TrellisPlan, models: ModelStore, report: Report) -> Splats:
    """All of them, in a cube of side 1 around the origin. Raises OutOfRange."""
    import torch

    report(0.0, "Making splats")
    working = len(structure) * _TRUNK_VALUES * plan.dtype.itemsize
    with plan.on_device(plan.splat_decoder, models, working) as network, torch.inference_mode():
        network = cast("SLatGaussianDecoder", network)
        voxels = _voxels(structure, network.config.resolution, plan)
        numbers = in_range(network(latents.to(plan.device.torch_name), voxels), "the splats")
        return gaussians_of(numbers, voxels.coords, network.config.gaussians, resolution=voxels.resolution, offsets=network.get_buffer("offset_perturbation"))


def decode_mesh(latents: Tensor, structure: Structure, plan: TrellisPlan, models: ModelStore, report: Report) -> Mesh:
    """A closed mesh in the same cube, with no more faces than the plan's number. Raises OutOfRange and Img23DError(NO_SURFACE)."""
    import torch

    report(0.0, "Finding the surface")
    with plan.on_device(plan.mesh_decoder, models, _mesh_bytes(len(structure), plan)) as network, torch.inference_mode():
        network = cast("SLatMeshDecoder", network)
        voxels = _voxels(structure, network.config.resolution, plan)
        values, cubes = network(latents.to(plan.device.torch_name), voxels)
        in_range(values, "the surface")
        report(_EXTRACTED, "Building the mesh")
        surface = extract_surface(partial(network.surface_numbers, values), cubes.coords, resolution=cubes.resolution)
    report(_CLEANED, "Cleaning the mesh")
    mesh = clean(without_loose_vertices(surface.vertices, surface.faces))
    report(_REDUCED, "Reducing the mesh")
    return simplify(mesh, plan.faces)


def _voxels(structure: Structure, resolution: int, plan: TrellisPlan) -> Voxels:
    from ..networks.sparse.voxels import Voxels

    return Voxels(coords=structure.cells.to(plan.device.torch_name), resolution=resolution)


def _mesh_bytes(voxels: int, plan: TrellisPlan) -> int:
    return voxels * max(_TRUNK_VALUES, _CUBE_VALUES) * plan.dtype.itemsize + _GATHERED_BYTES + _CORNER_BYTES
