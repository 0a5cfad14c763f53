"""Planes of features to triangles with colours: by distances and FlexiCubes, or by densities and marching cubes.

Distances are asked for at all corners of the grid, which takes two seconds of a processor; moves, colours and weights at the cubes
that the surface runs through only. The published code asks for the weights of all cubes, which takes 16 GB.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from img23d_protocol import ErrorCode, Img23DError

from ....mesh.isosurface.flexicubes.surface import ColoredSurface, Fields, corner_cells, corners_of, cut_cubes, limited_weights, surface_of

if TYPE_CHECKING:
    from torch import Tensor

    from ..networks.fields import DistanceField
    from ..networks.reconstruction import Reconstruction

RESOLUTION, EXTENT = 128, 2.1  # cubes along a side of the grid, and its length in units of the network's space, which is 2 wide
_MOST_WEIGHT = 0.5
_MOST_MOVE = 1 / (4 * RESOLUTION)  # of a corner, in the network's space
_POINTS_AT_ONCE = 1 << 17
_CUBES_AT_ONCE = 1 << 14
_NO_SURFACE = "The shape model found no surface in these views."
_NOT_A_NUMBER = "The shape model's numbers ran out of range: try another seed, or let the shape stage compute on the processor."


def surface_by_distances(network: Reconstruction, planes: Tensor, *, resolution: int = RESOLUTION) -> ColoredSurface:
    """Of a mesh variant; in a cube of side 2.1 around the origin, turned from the network's axes to glTF's.

    Raises Img23DError(NO_SURFACE) where all or nothing is inside, and where a distance is not a number.
    """
    return surface_of(_fields(network, planes, resolution))


def _fields(network: Reconstruction, planes: Tensor, resolution: int) -> Fields:
    import torch

    field, side = cast("DistanceField", network.field), resolution + 1
    numbers = torch.arange(side**3, device=planes.device)
    distances = torch.cat([field.distances(network.features_at(planes, _points(part, side))) for part in numbers.split(_POINTS_AT_ONCE)]).float()
    if bool(distances.isnan().any()):
        raise Img23DError(ErrorCode.NO_SURFACE, _NOT_A_NUMBER, "distances are not a number")
    cubes = cut_cubes(distances.view([side] * 3))
    if not len(cubes):  # the published code puts a cube there
        raise Img23DError(ErrorCode.NO_SURFACE, _NO_SURFACE, f"distances from {float(distances.min()):.3g} to {float(distances.max()):.3g}")
    used, corners = torch.unique(corners_of(cubes, side), return_inverse=True)
    points = _points(used, side)
    features = torch.cat([network.features_at(planes, part) for part in points.split(_POINTS_AT_ONCE)])
    weights = torch.cat([field.weights(features[part].flatten(1)) for part in corners.split(_CUBES_AT_ONCE)])
    return Fields(
        resolution=resolution,
        cubes=cubes,
        corners=corners.int(),
        distances=distances[used],
        positions=points + field.moves(features).float().tanh() * _MOST_MOVE * (RESOLUTION / resolution),
        colors=field.colors(features).float(),
        **limited_weights(weights.float(), _MOST_WEIGHT),
    )


def _points(numbers: Tensor, side: int) -> Tensor:
    """(P, 3) in the network's space, of the corners with these numbers."""
    return (corner_cells(numbers, side).float() / (side - 1) - 0.5) * EXTENT
