"""How a variant of a solid differs: in what the photo does not show, its depth and its unseen side. The outline stays."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ....stages import Mesh

# Additive recurrences: any run of consecutive seeds is spread evenly, so that no two variants of one run are nearly alike.
# The golden ratio for the depth, which differs most to the eye; the plastic number and its square for the others (Roberts 2018).
_DEPTH_STEP, _BACK_STEP, _ROUND_STEP = 0.6180339887498949, 0.7548776662466927, 0.5698402909980532
_FLATTER, _DEEPER = (0.5, 0.8), (1.25, 1.8)  # times the whole depth of the plain solid, which lies between the two
_BACK = (0.5, 1.0)  # depth of the unseen half, of the seen one's
_ROUND = (0.8, 1.25)  # exponent of the depth: below 1 bulky, above 1 pointed


@dataclass(frozen=True, kw_only=True)
class Variation:
    depth: float  # times the plain solid's, from front to back
    back: float
    roundness: float

    @property
    def note(self) -> str:
        return f"A variant: {self.depth:.0%} of the usual depth, the unseen side {self.back:.0%} as deep as the front."

    def applied(self, mesh: Mesh) -> Mesh:
        """The mesh with other depths (z, the seen side's are positive): closed as before, with the same outline."""
        depth = mesh.vertices[:, 2].astype(np.float64)
        most = float(np.abs(depth).max(initial=0.0))
        if most == 0.0:
            return mesh
        share = (np.abs(depth) / most) ** self.roundness
        front = 2 * self.depth / (1 + self.back)
        half = np.where(depth > 0, front, front * self.back)
        vertices = mesh.vertices.copy()
        vertices[:, 2] = np.sign(depth) * most * share * half
        return replace(mesh, vertices=vertices)


def draw_variation(seed: int) -> Variation:
    """The same for the same seed; never the plain solid."""
    depth, back, roundness = ((0.5 + seed * step) % 1.0 for step in (_DEPTH_STEP, _BACK_STEP, _ROUND_STEP))
    low, high = _FLATTER if depth < 0.5 else _DEEPER
    return Variation(
        depth=low * (high / low) ** (2 * depth % 1.0),
        back=_between(_BACK, back),
        roundness=_between(_ROUND, roundness),
    )


def _between(ends: tuple[float, float], share: float) -> float:
    return ends[0] + (ends[1] - ends[0]) * share
