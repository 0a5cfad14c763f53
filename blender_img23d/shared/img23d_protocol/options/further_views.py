"""Views that a model draws of a thing, which painting by projection takes for the sides that the photo does not show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from .all_engines import IS_PAINTED
from .declare import Choice, Record, Row, StageOptions, is_one_of, option

if TYPE_CHECKING:
    from .settings import Settings

# The identifiers are those of file sets in the backend's registry.
VIEWS, ZERO123PLUS = "instantmesh-views", "zero123plus"
NO_VIEWS, SIX_VIEWS = "none", "six"
FURTHER_VIEWS: tuple[Choice, ...] = (
    (NO_VIEWS, "No further views", "What the photo does not show continues its colours"),
    (
        SIX_VIEWS,
        "Six views: Zero123++",
        "Zero123++ draws six views of each thing from the photo, for non-commercial use. They paint what neither it nor further photos show",
    ),
)
# An estimate, no card has run it: the network that draws in half precision (1.73 GB), and what that computes with at 9,600 places
DRAWING = 1_732_000_000 + 900_000_000


class FurtherViews(StageOptions):
    """Heeded where the projection paints."""

    further_views: str = option(
        NO_VIEWS,
        label="Further Views",
        tip="What paints the sides that the photo does not show, where it is projected. The views are drawn in the View Steps of InstantMesh",
        subject="the further views",
        choices=FURTHER_VIEWS,
        flag="--further-views",
        help="what is drawn for the sides that the projected photo does not show",
        cost=2,
        when=IS_PAINTED,
        is_for_projection=True,
        row=Row(panel="texture", rank=25, text="", is_wide=True, is_for_meshes=True),
        record=Record(label="Further Views", rank=75, shown=is_one_of("further_views", SIX_VIEWS)),
    )

    stages = ("paint",)

    def file_sets(self) -> tuple[str, ...]:
        return (VIEWS, ZERO123PLUS) if self.further_views == SIX_VIEWS else ()

    def needed_bytes(self, settings: Settings, sizes: Mapping[str, int]) -> Mapping[str, int]:
        return {"paint": DRAWING} if self.further_views == SIX_VIEWS else {}
