"""The row of figures of one scene's layout."""

from __future__ import annotations

from dataclasses import dataclass

TRUE, MADE = "true meshes", "preview engine"


@dataclass(frozen=True, kw_only=True)
class LayoutRow:
    """One line of the table. Angles in degrees, the focal length and places off as shares, contact in heights of the thing."""

    scene: str
    shapes: str
    has_lens: bool
    made: int
    things: int
    box_overlap: float
    pairs_right: int
    pairs: int
    contact: float
    place_error: float
    pitch: float
    pitch_error: float
    focal_error: float
