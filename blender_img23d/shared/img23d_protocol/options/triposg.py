"""TripoSG: fine learned shapes, which everyone may use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING

from .all_engines import IS_PAINTED, Common, faces_option
from .camera import Camera
from .declare import Choice, Engine, Options, Record, Row, StageOptions, is_one_of, option
from .edit import Edit
from .further_views import FurtherViews
from .hunyuan3d import OCTREE_MAX, OCTREE_MIN, PAINTERS, PREVIEW_PAINT, BorrowedPaint
from .matte import Matte
from .search import Search

if TYPE_CHECKING:
    from .settings import Settings

FILE_SET = "triposg"
TRIPOSG_PAINTERS: tuple[Choice, ...] = (
    next(choice for choice in PAINTERS if choice[0] == PREVIEW_PAINT),
    *(choice for choice in PAINTERS if choice[0] != PREVIEW_PAINT),
)
_STEPS_MAX = 100
_GUIDANCE_MAX = 20.0
# Its networks take turns where memory is short. An estimate, no card has run it: the transformer in half precision, and what it computes
# with for 2,049 tokens with and without the picture
_SHAPING = 2_880_000_000 + 400_000_000


class Shape(StageOptions):
    """Steps and guidance are those of TripoSG's own program, and its grid has 512 cells a side."""

    resolution: int = option(
        384,
        key="triposg_resolution",
        label="Resolution",
        tip="Cells along each side of the space in which the surface is looked for, 64 to 512: more shows finer detail and takes longer",
        subject="the resolution",
        minimum=OCTREE_MIN,
        maximum=OCTREE_MAX,
        step=32,
        presets={"draft": 256, "best": 512},
        flag="--triposg-resolution",
        help="cells a side of the volume of a shape of TripoSG",
        trial=OCTREE_MIN,
        cost=1,
        row=Row(panel="shape", rank=30),
        record=Record(label="Resolution", rank=40),
    )
    steps: int = option(
        50,
        key="triposg_steps",
        label="Steps",
        tip="Steps in which the shape is found, 1 to 100: more take longer",
        subject="the number of steps",
        minimum=1,
        maximum=_STEPS_MAX,
        presets={"draft": 20},
        flag="--triposg-steps",
        help="sampler steps of a shape of TripoSG",
        trial=2,
        cost=1,
        row=Row(panel="shape", rank=60, has_gap=True),
        record=Record(label="Steps", rank=45),
    )
    guidance: float = option(
        7.0,
        key="triposg_guidance",
        label="Guidance",
        tip="How closely the shape follows the photo, up to 20; 1 goes by the photo without guidance, in half the time",
        subject="the guidance",
        minimum=1.0,
        maximum=_GUIDANCE_MAX,
        step=50,
        precision=1,
        presets={},
        flag="--triposg-guidance",
        help="how closely a shape of TripoSG follows the photo",
        row=Row(panel="shape", rank=70),
    )
    faces: int = faces_option(key="triposg_faces", flag="--triposg-faces", of="a shape of TripoSG")

    stages = ("shape",)

    def file_sets(self) -> tuple[str, ...]:
        return (FILE_SET,)

    def needed_bytes(self, settings: Settings, sizes: Mapping[str, int]) -> Mapping[str, int]:
        return {"shape": _SHAPING}


class Paint(BorrowedPaint):
    """How a mesh gets its colours."""

    triposg_painter: str = option(
        PREVIEW_PAINT,
        label="Paint With",
        tip="Where the meshes of TripoSG get their colours from",
        subject="the painter",
        choices=TRIPOSG_PAINTERS,
        flag="--triposg-painter",
        help="what paints the meshes of TripoSG",
        cost=2,
        when=IS_PAINTED,
        row=Row(panel="texture", rank=20, text="", is_wide=True),
        record=Record(label="Paint With", rank=70),
    )

    chosen_by = "triposg_painter"


class TripoSG(Options):
    """The engine of Tripo's large model."""

    shape: Shape = field(default_factory=Shape)
    paint: Paint = field(default_factory=Paint)

    engine = Engine(
        id="triposg",
        label="TripoSG",
        set_up="TripoSG: 13 GB, graphics card",
        tip="Finds named things in any photo, cuts them out and makes meshes with fine detail, painted with the photo.",
        terms="May be used everywhere, for everything (MIT licence)",
        uses=(Common, Edit, Search, Matte, Camera, Shape, Paint, FurtherViews),
        title="Shape, TripoSG",
        projection=is_one_of("triposg_painter", PREVIEW_PAINT),
        side_photos=is_one_of("triposg_painter", PREVIEW_PAINT),  # its network looks at one picture
        packages=("torch", "transformers"),
        needs=("locate", "shape"),
    )
