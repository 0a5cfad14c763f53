"""TRELLIS: learned shapes as meshes and as Gaussian splats, which everyone may use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING

from .all_engines import IS_PAINTED, Common, faces_option
from .camera import Camera
from .declare import Choice, Engine, Options, Record, Row, StageOptions, is_none_of, is_one_of, option
from .edit import Edit
from .further_views import FurtherViews
from .hunyuan3d import PAINTERS, PREVIEW_PAINT, BorrowedPaint
from .matte import Matte
from .search import Search

if TYPE_CHECKING:
    from .settings import Settings

FILE_SET = "trellis-image-large"
IMAGE_ENCODER = "dinov2-with-registers-large"
MESH, SPLATS, BOTH = "mesh", "splats", "both"
RESULTS: tuple[Choice, ...] = (
    (MESH, "Mesh", "Each thing becomes a mesh with a texture"),
    (SPLATS, "Splats", "Each thing becomes Gaussian splats: soft edges and fine detail, but no faces to edit"),
    (BOTH, "Both", "Each thing becomes a mesh, and splats at the same place"),
)
SPLATS_PAINT = "splats"
_OTHER_PAINTERS = tuple(choice for choice in PAINTERS if choice[0] != PREVIEW_PAINT)
TRELLIS_PAINTERS: tuple[Choice, ...] = (
    (SPLATS_PAINT, "Colours of the Splats", "The colours of TRELLIS's splats on all sides, and the photo itself on the front"),
    next(choice for choice in PAINTERS if choice[0] == PREVIEW_PAINT),
    *_OTHER_PAINTERS,
)
_STEPS_MAX = 100
_GUIDANCE_MAX = 20.0
SPLATS_MAX = 5_000_000
_HAS_MESH, _HAS_SPLATS = is_none_of("result", SPLATS), is_none_of("result", MESH)
# An estimate, no card has run it: its largest network in half precision (1.2 GB) and what that and the decoders compute with at 16,000 voxels
_SHAPING = 1_210_000_000 + 1_800_000_000


class Shape(StageOptions):
    """The presets are those of a service that is in use (Draft), of TRELLIS's own example (Balanced) and of its pipeline.json (Best)."""

    result: str = option(
        MESH,
        label="Result",
        tip="What each thing becomes",
        subject="the result",
        choices=RESULTS,
        flag="--result",
        help="what each thing becomes",
        cost=2,
        row=Row(panel="result", rank=10),
        record=Record(label="Result", rank=25),
    )
    structure_steps: int = option(
        12,
        label="Structure Steps",
        tip="Steps in which the rough shape is found, 1 to 100: more take longer",
        subject="the number of structure steps",
        minimum=1,
        maximum=_STEPS_MAX,
        presets={"draft": 8, "best": 25},
        flag="--structure-steps",
        help="sampler steps of the rough shape",
        trial=2,
        cost=1,
        row=Row(panel="shape", rank=60, has_gap=True),
        record=Record(label="Structure Steps", rank=45),
    )
    structure_guidance: float = option(
        7.5,
        label="Structure Guidance",
        tip="How closely the rough shape follows the photo, up to 20; 0 goes by the photo without guidance",
        subject="the guidance of the structure",
        minimum=0.0,
        maximum=_GUIDANCE_MAX,
        step=50,
        precision=2,
        presets={"draft": 5.75, "best": 5.0},
        flag="--structure-guidance",
        help="how closely the rough shape follows the photo",
        row=Row(panel="shape", rank=70),
    )
    latent_steps: int = option(
        12,
        label="Detail Steps",
        tip="Steps in which detail and colours are found, 1 to 100: more take longer",
        subject="the number of detail steps",
        minimum=1,
        maximum=_STEPS_MAX,
        presets={"draft": 20, "best": 25},
        flag="--latent-steps",
        help="sampler steps of detail and colours (the structured latents)",
        trial=2,
        cost=1,
        row=Row(panel="shape", rank=80),
        record=Record(label="Detail Steps", rank=46),
    )
    latent_guidance: float = option(
        3.0,
        label="Detail Guidance",
        tip="How closely detail and colours follow the photo, up to 20; 0 goes by the photo without guidance",
        subject="the guidance of the detail",
        minimum=0.0,
        maximum=_GUIDANCE_MAX,
        step=50,
        precision=2,
        presets={"draft": 2.4, "best": 5.0},
        flag="--latent-guidance",
        help="how closely detail and colours follow the photo",
        row=Row(panel="shape", rank=90),
    )
    oversampling: int = option(
        1,
        label="Structures",
        tip="How many rough shapes are made, 1 to 8, of which the one that fills the least space is kept: others tend to have needless walls",
        subject="the number of structures",
        minimum=1,
        maximum=8,
        presets={"best": 3},
        flag="--oversampling",
        help="rough shapes of which the one with the fewest voxels is kept",
        trial=1,
        cost=1,
        row=Row(panel="shape", rank=50),
        record=Record(label="Structures", rank=47),
    )
    splat_count: int = option(
        200_000,
        label="Splats",
        tip="At most so many splats an object: those that are seen least are left out",
        subject="the number of splats",
        minimum=1_000,
        maximum=SPLATS_MAX,
        step=50_000,
        presets={"draft": 100_000, "best": 500_000},
        flag="--splat-count",
        help="Gaussians an object at most",
        row=Row(panel="shape", rank=30, shown=_HAS_SPLATS),
        record=Record(label="Splats", form=",", rank=52, shown=_HAS_SPLATS),
    )
    spz: bool = option(
        False,
        label="SPZ as Well",
        tip="Keep the splats as an SPZ file in the run's folder as well: about a quarter of the PLY's size, for other programs",
        flag="--spz",
        help="an SPZ file beside the PLY of the splats",
        row=Row(panel="shape", rank=35, is_wide=True, shown=_HAS_SPLATS),
    )
    faces: int = faces_option(key="trellis_faces", flag="--trellis-faces", of="a shape of TRELLIS", shown=_HAS_MESH)

    stages = ("shape",)

    def file_sets(self) -> tuple[str, ...]:
        return (FILE_SET, IMAGE_ENCODER)

    def needed_bytes(self, settings: Settings, sizes: Mapping[str, int]) -> Mapping[str, int]:
        return {"shape": _SHAPING}


class Paint(BorrowedPaint):
    """How a mesh gets its colours."""

    trellis_painter: str = option(
        SPLATS_PAINT,
        label="Paint With",
        tip="Where the meshes of TRELLIS get their colours from",
        subject="the painter",
        choices=TRELLIS_PAINTERS,
        flag="--trellis-painter",
        help="what paints the meshes of TRELLIS",
        cost=2,
        when=IS_PAINTED,
        row=Row(panel="texture", rank=20, text="", is_wide=True, shown=_HAS_MESH),
        record=Record(label="Paint With", rank=70, shown=_HAS_MESH),
    )

    chosen_by = "trellis_painter"
    own = SPLATS_PAINT


class Trellis(Options):
    """The engine of Microsoft's model."""

    shape: Shape = field(default_factory=Shape)
    paint: Paint = field(default_factory=Paint)

    engine = Engine(
        id="trellis",
        label="TRELLIS",
        set_up="TRELLIS: 9 GB, graphics card",
        tip="Finds named things in any photo, cuts them out and makes textured meshes, Gaussian splats or both of them.",
        terms="May be used everywhere, for everything (MIT licence)",
        uses=(Common, Edit, Search, Matte, Camera, Shape, Paint, FurtherViews),
        title="Shape, TRELLIS",
        meshes=_HAS_MESH,
        projection=is_one_of("trellis_painter", PREVIEW_PAINT),
        side_photos=is_one_of("trellis_painter", PREVIEW_PAINT),  # its networks look at one picture
        splat_painting={"trellis_painter": SPLATS_PAINT},
        packages=("torch", "transformers"),
        needs=("locate", "shape"),
    )
