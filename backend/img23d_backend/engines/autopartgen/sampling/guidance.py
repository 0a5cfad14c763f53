"""How strongly the picture and the solid are heeded, and what of the network that takes.

Three predictions are there: `nothing` knows neither, `solid` the whole and the parts so far, `both` the picture as well. AutoPartGen's
nothing + image * (both - solid) + geometry * (solid - nothing) is a weighted sum of them, in which what weighs nothing need not be
computed: `both` where the picture is not heeded, `solid` where the two are heeded alike, `nothing` where the solid is heeded once.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Knows(Enum):
    """What a prediction is made with."""

    NOTHING = "nothing"
    SOLID = "solid"
    BOTH = "both"


@dataclass(frozen=True, kw_only=True)
class Guidance:
    """Of the image and of the geometry, 0 or more."""

    image: float
    geometry: float

    def weights(self, *, has_picture: bool) -> dict[Knows, float]:
        """Of each prediction that counts. Without a picture `both` is the same as `solid`."""
        weights = {Knows.NOTHING: 1 - self.geometry, Knows.SOLID: self.geometry, Knows.BOTH: 0.0}
        if has_picture:
            weights |= {Knows.SOLID: self.geometry - self.image, Knows.BOTH: self.image}
        return {knows: weight for knows, weight in weights.items() if weight}


@dataclass(frozen=True, kw_only=True)
class ByMode:
    """A model's own strengths: of parts of a picture, of a mesh, of both, of painted parts with either, and of a whole from a picture."""

    picture: Guidance
    mesh: Guidance
    both: Guidance
    masked: Guidance
    whole: float

    def of(self, *, has_mesh: bool, has_picture: bool, has_mask: bool) -> Guidance:
        if has_mask:
            return self.masked
        if has_mesh:
            return self.both if has_picture else self.mesh
        return self.picture


# autopartgen/configs/default.yaml and default_4096.yaml
_MASKED = Guidance(image=5, geometry=5)
_BY_SOLID = Guidance(image=0, geometry=2)
SMALL = ByMode(picture=_BY_SOLID, mesh=_BY_SOLID, both=_BY_SOLID, masked=_MASKED, whole=7)
LARGE = ByMode(picture=Guidance(image=2, geometry=2), mesh=Guidance(image=0, geometry=3), both=_BY_SOLID, masked=_MASKED, whole=7)
