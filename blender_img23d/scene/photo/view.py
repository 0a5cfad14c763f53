"""Between the photo and the pixels of the region that shows it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import bpy

from ...core.boxes.box_edit import Reach


@dataclass(frozen=True, kw_only=True)
class PhotoView:
    """Fractions of the photo, y downwards, to pixels of the region, y upwards: x * `width` + `left`, `top` - y * `height`."""

    left: float
    top: float
    width: float  # pixels of the region that the whole photo takes
    height: float

    def to_region(self, x: float, y: float) -> tuple[float, float]:
        return self.left + x * self.width, self.top - y * self.height

    def to_photo(self, x: float, y: float) -> tuple[float, float]:
        return (x - self.left) / self.width, (self.top - y) / self.height

    def moved(self, x: float, y: float) -> PhotoView:
        """The same in pixels of the window, in which the region begins at (x, y)."""
        return replace(self, left=self.left + x, top=self.top + y)

    def reach(self, pixels: float) -> Reach:
        return Reach(x=pixels / self.width, y=pixels / self.height)

    @property
    def aspect(self) -> float:
        """Height over width."""
        return self.height / self.width


def photo_view(region: bpy.types.Region) -> PhotoView:
    """As the region shows it now. Blender's view runs from 0 to 1 across the image, and upwards."""
    left, bottom = region.view2d.region_to_view(0, 0)
    right, top = region.view2d.region_to_view(region.width, region.height)
    across, up = region.width / (right - left), region.height / (top - bottom)
    return PhotoView(left=-left * across, top=(1 - bottom) * up, width=across, height=up)
