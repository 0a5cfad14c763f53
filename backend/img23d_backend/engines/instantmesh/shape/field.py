"""A thing's field, in glTF's axes: what its planes say of colour, and of distance or density, at any place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from ....fields.planes import Told, asked, network_there
from ....fields.solid import finished, solid_of
from ....mesh.topology.cleanup import without_loose_vertices
from ....models.load_plan import Report, progress_part
from ....stages import Mesh
from .surface import surface_by_distances

if TYPE_CHECKING:
    from torch import Tensor, nn

    from ....machine.devices import Device
    from ..networks.fields import DensityField

_THRESHOLD = 10.0  # of the density, where InstantMesh's own code draws the surface
_EXTRACTED = 0.6  # of the progress


@dataclass(frozen=True, kw_only=True)
class PlaneField:
    """`planes` (3, F, R, R) and `field`, a DistanceField or a DensityField, are on the CPU; `device` is where they are asked."""

    planes: Tensor
    field: nn.Module
    device: Device

    @property
    def radius(self) -> float:
        return 1.0

    @property
    def nbytes(self) -> int:
        return self.planes.nbytes

    @property
    def nothing(self) -> str:
        return "InstantMesh sees nothing solid in these views: try another seed, or cut the thing out with another model."

    @staticmethod
    def features_at(planes: Tensor, points: Tensor) -> Tensor:
        from ..networks.triplane import features_at

        return features_at(planes, points)

    def colors(self, points: np.ndarray, told: Told = lambda: None) -> np.ndarray:
        """(N, 3) to (N, 3) float32 sRGB in 0..1."""

        def answer(field: Any, planes: Tensor, places: Tensor) -> Tensor:
            return field.colors(self.features_at(planes, places))

        return asked(self.planes, self.field, self.device, points, answer, told)

    def inside(self, points: np.ndarray, told: Told = lambda: None) -> np.ndarray:
        """(N, 3) to (N,): above 0 where it is denser than the threshold; of a field of densities."""

        def answer(field: nn.Module, planes: Tensor, places: Tensor) -> Tensor:
            return cast("DensityField", field).densities(self.features_at(planes, places)) - _THRESHOLD

        return asked(self.planes, self.field, self.device, points, answer, told)

    def mesh(self, resolution: int, faces: int, report: Report) -> Mesh:
        """A closed one with no more faces than `faces` (0: all of them); `resolution` is that of a field of densities, in cells a side.

        Raises Img23DError(NO_SURFACE).
        """
        from ..networks.fields import DensityField

        if isinstance(self.field, DensityField):
            return solid_of(self, resolution, faces, report)
        return finished(self._by_distances(progress_part(report, 0.0, _EXTRACTED)), faces, progress_part(report, _EXTRACTED, 1.0))

    def _by_distances(self, report: Report) -> Mesh:
        import torch

        name = self.device.torch_name
        there = PlaneField(planes=self.planes.to(name), field=network_there(self.field, self.device), device=self.device)
        with torch.inference_mode():
            surface = surface_by_distances(there, there.planes, told=lambda: report(0.0, "Finding the surface"))
        x, up, minus_y = surface.vertices.T
        return without_loose_vertices(np.stack((-minus_y, up, x), axis=1), surface.faces)  # the photo is taken from the network's x
