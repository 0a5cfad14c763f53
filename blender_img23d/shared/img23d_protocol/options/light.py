"""Light: learned shapes for any machine, a processor included, which everyone may use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING

from .all_engines import IS_PAINTED, Common, faces_option
from .camera import Camera
from .declare import Choice, Engine, Options, Record, Row, StageOptions, is_one_of, option
from .edit import Edit
from .further_views import FurtherViews
from .hunyuan3d import PAINTERS, PREVIEW_PAINT, BorrowedPaint
from .matte import LightMatte
from .search import LightSearch

if TYPE_CHECKING:
    from .settings import Settings

TRIPOSR = "triposr"  # the file set
FIELD_PAINT = "field"
LIGHT_PAINTERS: tuple[Choice, ...] = (
    (FIELD_PAINT, "Colours of TripoSR", "The colours that TripoSR sees on all sides, and the photo itself on the front"),
    next(choice for choice in PAINTERS if choice[0] == PREVIEW_PAINT),
    *(choice for choice in PAINTERS if choice[0] != PREVIEW_PAINT),
)
RESOLUTION_MIN, RESOLUTION_MAX = 64, 512  # cells a side of the cube in which the surface is looked for
# The network in single precision, as it is published, and what its transformer computes with
_WEIGHTS, _COMPUTING = 1_680_000_000, 500_000_000
_FIELD = 200_000_000  # what the field is asked with, at so many places at a time


class Shape(StageOptions):
    """The default is the grid of TripoSR's own examples."""

    resolution: int = option(
        256,
        key="light_resolution",
        label="Resolution",
        tip="Cells along each side of the space in which the surface is looked for, 64 to 512: more shows finer detail and takes longer",
        subject="the resolution",
        minimum=RESOLUTION_MIN,
        maximum=RESOLUTION_MAX,
        step=64,
        presets={"draft": 128, "best": 320},
        flag="--light-resolution",
        help="cells a side of the volume of a shape of TripoSR",
        trial=RESOLUTION_MIN,
        cost=1,
        row=Row(panel="shape", rank=30),
        record=Record(label="Resolution", rank=40),
    )
    faces: int = faces_option(key="light_faces", flag="--light-faces", of="a shape of TripoSR")

    stages = ("shape",)

    def file_sets(self) -> tuple[str, ...]:
        return (TRIPOSR,)

    def needed_bytes(self, settings: Settings, sizes: Mapping[str, int]) -> Mapping[str, int]:
        return {"shape": _COMPUTING if settings.machine.small_memory else _WEIGHTS + _COMPUTING}


class FieldPaint(BorrowedPaint):
    """A painter that asks a field for its colours, or lets one of Hunyuan3D's paint."""

    own = FIELD_PAINT

    def needed_bytes(self, settings: Settings, sizes: Mapping[str, int]) -> Mapping[str, int]:
        return {"paint": _FIELD} if self.is_own else super().needed_bytes(settings, sizes)


class Paint(FieldPaint):
    """How a mesh gets its colours."""

    light_painter: str = option(
        FIELD_PAINT,
        label="Paint With",
        tip="Where the meshes of TripoSR get their colours from",
        subject="the painter",
        choices=LIGHT_PAINTERS,
        flag="--light-painter",
        help="what paints the meshes of TripoSR",
        cost=2,
        when=IS_PAINTED,
        row=Row(panel="texture", rank=20, text="", is_wide=True),
        record=Record(label="Paint With", rank=70),
    )

    chosen_by = "light_painter"


class Light(Options):
    """The engine of Tripo's and Stability's model."""

    search: LightSearch = field(default_factory=LightSearch)
    matte: LightMatte = field(default_factory=LightMatte)
    shape: Shape = field(default_factory=Shape)
    paint: Paint = field(default_factory=Paint)

    engine = Engine(
        id="light",
        label="Light",
        set_up="Light: 3 GB, any machine",
        tip="Finds named things in any photo, cuts them out and makes textured meshes: small, fast, and for machines without a graphics card as well.",
        terms="May be used everywhere, for everything (MIT licence)",
        uses=(Common, Edit, LightSearch, LightMatte, Camera, Shape, Paint, FurtherViews),
        title="Shape, TripoSR",
        is_light=True,
        projection=is_one_of("light_painter", PREVIEW_PAINT),
        side_photos=is_one_of("light_painter", PREVIEW_PAINT),  # its network looks at one picture
        packages=("torch", "transformers"),
        needs=("locate", "shape"),
    )
