"""InstantMesh: six views are drawn of each thing, and a mesh is made of them, for non-commercial use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING

from ..choices import INSTANTMESH_LICENCE
from .all_engines import IS_PAINTED, Common, faces_option
from .camera import Camera
from .declare import Choice, Engine, Options, Record, Row, StageOptions, is_one_of, option
from .edit import Edit
from .further_views import DRAWING, VIEWS, ZERO123PLUS, FurtherViews
from .hunyuan3d import PAINTERS, PREVIEW_PAINT
from .light import FIELD_PAINT, FieldPaint
from .matte import Matte
from .search import Search

if TYPE_CHECKING:
    from .settings import Settings

# The identifiers are those of file sets in the backend's registry.
RECONSTRUCTIONS: tuple[Choice, ...] = (
    ("instantmesh-mesh-large", "InstantMesh large", "Meshes with clean surfaces, in the finest detail that it has"),
    ("instantmesh-mesh-base", "InstantMesh base", "The same with a smaller network"),
    ("instantmesh-nerf-large", "InstantMesh NeRF large", "Through a density, which finds thin parts more often and has rougher surfaces"),
    ("instantmesh-nerf-base", "InstantMesh NeRF base", "The same with a smaller network"),
)
_OF_DENSITIES = tuple(identifier for identifier, _, _ in RECONSTRUCTIONS if "nerf" in identifier)
INSTANTMESH_PAINTERS: tuple[Choice, ...] = (
    (FIELD_PAINT, "Colours of InstantMesh", "The colours that InstantMesh sees on all sides, and the photo itself on the front"),
    next(choice for choice in PAINTERS if choice[0] == PREVIEW_PAINT),
    *(choice for choice in PAINTERS if choice[0] != PREVIEW_PAINT),
)
RESOLUTION_MIN, RESOLUTION_MAX = 64, 512  # cells a side of the cube in which the surface of a density is looked for
_STEPS_MAX = 100
_GUIDANCE_MAX = 20.0


class Shape(StageOptions):
    """The steps are those of the published example (Balanced, Best), and the least that Zero123++'s page calls enough (Draft)."""

    reconstruction: str = option(
        RECONSTRUCTIONS[0][0],
        label="Shape Model",
        tip="The model of InstantMesh that makes a mesh of the six views",
        subject="the shape model of InstantMesh",
        choices=RECONSTRUCTIONS,
        flag="--instantmesh-model",
        help="what makes a mesh of the six views",
        cost=2,
        row=Row(panel="shape", rank=10, text="Model"),
        record=Record(label="Shape Model", rank=30),
    )
    view_steps: int = option(
        75,
        label="View Steps",
        tip="Steps in which the six views are drawn, 1 to 100: more take longer",
        subject="the number of view steps",
        minimum=1,
        maximum=_STEPS_MAX,
        presets={"draft": 28},
        flag="--view-steps",
        help="sampler steps of the six views",
        trial=2,
        cost=1,
        row=Row(panel="shape", rank=60, has_gap=True),
        record=Record(label="View Steps", rank=45),
    )
    view_guidance: float = option(
        4.0,
        label="View Guidance",
        tip="How closely the six views follow the photo, up to 20; 1 and below goes by the photo without guidance",
        subject="the guidance of the views",
        minimum=0.0,
        maximum=_GUIDANCE_MAX,
        step=50,
        precision=2,
        presets={},
        flag="--view-guidance",
        help="how closely the six views follow the photo",
        row=Row(panel="shape", rank=70),
    )
    resolution: int = option(
        256,
        key="instantmesh_resolution",
        label="Resolution",
        tip="Cells along each side of the space in which the surface is looked for, 64 to 512: more shows finer detail and takes longer",
        subject="the resolution",
        minimum=RESOLUTION_MIN,
        maximum=RESOLUTION_MAX,
        step=64,
        presets={"draft": 128, "best": 320},
        flag="--instantmesh-resolution",
        help="cells a side of the volume of a NeRF shape of InstantMesh",
        trial=RESOLUTION_MIN,
        cost=1,
        row=Row(panel="shape", rank=30, shown=is_one_of("reconstruction", *_OF_DENSITIES)),
        record=Record(label="Resolution", rank=40, shown=is_one_of("reconstruction", *_OF_DENSITIES)),
    )
    faces: int = faces_option(key="instantmesh_faces", flag="--instantmesh-faces", of="a shape of InstantMesh")

    stages = ("shape",)

    def file_sets(self) -> tuple[str, ...]:
        return (self.reconstruction, VIEWS, ZERO123PLUS)

    def alternatives(self) -> tuple[tuple[str, ...], ...]:
        """Things with further photos are made without what draws."""
        return tuple((identifier,) for identifier, _, _ in RECONSTRUCTIONS)

    def needed_bytes(self, settings: Settings, sizes: Mapping[str, int]) -> Mapping[str, int]:
        return {"shape": DRAWING}


class Paint(FieldPaint):
    """How a mesh gets its colours."""

    instantmesh_painter: str = option(
        FIELD_PAINT,
        label="Paint With",
        tip="Where the meshes of InstantMesh get their colours from",
        subject="the painter",
        choices=INSTANTMESH_PAINTERS,
        flag="--instantmesh-painter",
        help="what paints the meshes of InstantMesh",
        cost=2,
        when=IS_PAINTED,
        row=Row(panel="texture", rank=20, text="", is_wide=True),
        record=Record(label="Paint With", rank=70),
    )

    chosen_by = "instantmesh_painter"


class InstantMesh(Options):
    """The engine of Tencent ARC's model."""

    shape: Shape = field(default_factory=Shape)
    paint: Paint = field(default_factory=Paint)

    engine = Engine(
        id="instantmesh",
        label="InstantMesh",
        set_up="InstantMesh: 10 GB, graphics card, non-commercial",
        tip="Finds named things in any photo, cuts them out, draws six views of each, or takes your further photos, and makes a textured mesh of them.",
        uses=(Common, Edit, Search, Matte, Camera, Shape, Paint, FurtherViews),
        title="Shape, InstantMesh",
        projection=is_one_of("instantmesh_painter", PREVIEW_PAINT),
        drawn=(VIEWS, ZERO123PLUS),
        packages=("torch", "transformers", "diffusers"),
        needs=("locate", "shape"),
        licence=INSTANTMESH_LICENCE,
        licensed=("instantmesh-", ZERO123PLUS),
    )
