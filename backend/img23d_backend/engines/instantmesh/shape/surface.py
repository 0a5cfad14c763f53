"""Planes of features to triangles with colours: by distances and FlexiCubes, or by densities and marching cubes.

Distances are asked for at all corners of the grid, which takes two seconds of a processor; moves, colours and weights at the cubes
that the surface runs through only. The published code asks for the weights of all cubes, which takes 16 GB.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, cast

from img23d_protocol import ErrorCode, Img23DError

from ....fields.planes import Told
from ....mesh.isosurface.flexicubes.surface import ColoredSurface, Fields, corner_cells, corners_of, cut_cubes, limited_weights, surface_of

if TYPE_CHECKING:
    from torch import Tensor

    from ..networks.fields import DistanceField

RESOLUTION, EXTENT = 128, 2.1  # cubes along a side of the grid, and its length in units of the network's space, which is 2 wide
_MOST_WEIGHT = 0.5
_MOST_MOVE = 1 / (4 * RESOLUTION)  # of a corner, in the network's space
_POINTS_AT_ONCE = 1 << 17
_CUBES_AT_ONCE = 1 << 14
_NO_SURFACE = "The shape model found no surface in these views."
_NOT_A_NUMBER = "The shape model's numbers ran out of range: try another seed, or let the shape stage compute on the processor."


class HasField(Protocol):
    @property
    def field(self) -> Any:
        """A DistanceField."""
        ...

    @staticmethod
    def features_at(planes: Tensor, points: Tensor) -> Tensor:
        """See `Reconstruction`."""
        ...


def surface_by_distances(network: HasField, planes: Tensor, *, resolution: int = RESOLUTION, told: Told = lambda: None) -> ColoredSurface:
    """Of a mesh variant; in a cube of side 2.1 around the origin, turned from the network's axes so that y is up and z its -y. `told` is
    called again and again, which is where a cancel is seen.

    Raises Img23DError(NO_SURFACE) where all or nothing is inside, and where a distance is not a number.
    """
    return surface_of(_fields(network, planes, resolution, told))


def _fields(network: HasField, planes: Tensor, resolution: int, told: Told) -> Fields:
    import torch

    field, side = cast("DistanceField", network.field), resolution + 1
    numbers = torch.arange(side**3, device=planes.device)
    parts = []
    for part in numbers.split(_POINTS_AT_ONCE):
        told()
        parts.append(field.distances(network.features_at(planes, _points(part, side))))
    distances = torch.cat(parts).float()
    if bool(distances.isnan().any()):
        raise Img23DError(ErrorCode.NO_SURFACE, _NOT_A_NUMBER, "distances are not a number")
    if bool((distances < 0).all()) or not bool((distances < 0).any()):  # the published code puts a cube there
        raise Img23DError(ErrorCode.NO_SURFACE, _NO_SURFACE, f"distances from {float(distances.min()):.3g} to {float(distances.max()):.3g}")
    distances = _closed(distances.view([side] * 3))
    cubes, distances = cut_cubes(distances), distances.flatten()
    told()
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


def _closed(distances: Tensor) -> Tensor:
    """(side, side, side): what would leave the grid ends at its border."""
    closed = distances.abs()
    inner = (slice(1, -1),) * 3
    closed[inner] = distances[inner]
    return closed


def _points(numbers: Tensor, side: int) -> Tensor:
    """(P, 3) in the network's space, of the corners with these numbers."""
    return (corner_cells(numbers, side).float() / (side - 1) - 0.5) * EXTENT
