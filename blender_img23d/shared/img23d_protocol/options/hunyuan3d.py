"""Hunyuan3D: learned shapes, painted on all sides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING, ClassVar

from ..choices import TENCENT_LICENCE
from .all_engines import IS_PAINTED, Common, faces_option
from .camera import Camera
from .declare import Choice, Engine, Options, Record, Row, StageOptions, is_none_of, is_one_of, label_of, option
from .edit import Edit
from .further_views import FurtherViews
from .matte import Matte
from .search import Search

if TYPE_CHECKING:
    from .settings import Settings

MULTIVIEW_MODEL = "hunyuan3d-2mv"
SHAPE_MODELS: tuple[Choice, ...] = (
    ("hunyuan3d-2mini", "Hunyuan3D 2 mini", "The small shape model: good shapes on 6 GB cards"),
    ("hunyuan3d-2", "Hunyuan3D 2.0", "The large shape model: finer shapes, several times slower"),
    (MULTIVIEW_MODEL, "Hunyuan3D 2mv", "The multiview shape model: the photo is the front view, further photos of a thing are its other sides"),
)
SPEEDS: tuple[Choice, ...] = (
    ("turbo", "Turbo", "Few steps without guidance: the fastest"),
    ("fast", "Fast", "All steps, guidance built into the model: half the time of Standard"),
    ("standard", "Standard", "All steps with guidance: follows the photo most closely"),
)
PREVIEW_PAINT = "preview"
STANDARD_PAINTER = "hunyuan3d-paint"
TURBO_PAINTER = "hunyuan3d-paint-turbo"  # the one without guidance
PAINT_DELIGHT = "hunyuan3d-delight"  # the file set that every painter of Hunyuan3D needs as well: it takes light and shadow away
PAINTERS: tuple[Choice, ...] = (
    (STANDARD_PAINTER, "Hunyuan3D Paint", "Paints every side of a shape, all steps with guidance: follows the photo most closely"),
    (TURBO_PAINTER, "Hunyuan3D Paint Turbo", "Paints every side of a shape, few steps without guidance: faster, and the sides may fit less well"),
    (PREVIEW_PAINT, "Projection (no AI model)", "Projects the photo and continues its colours on the sides that it does not show"),
)
# As files keep the choice: a painter that moves in the list stays the same in scenes that were saved before.
_PAINTER_NUMBERS = (1, 0, 2)

OCTREE_MIN, OCTREE_MAX = 64, 512  # cells a side of the volume that the surface is looked for in
_STEPS_MAX = 100
_GUIDANCE_MAX = 20.0  # of classifier-free guidance
_PAINT_SETS = (STANDARD_PAINTER, TURBO_PAINTER)

# engines/hunyuan3d: its networks take turns. The one that looks at the picture is the largest of every shape model (DINOv2-giant).
_SHAPING = 2_270_000_000 + 300_000_000
# engines/hunyuan3d/paint/multiview.py: the network for six views, and 9,600 values of 2 bytes for each of 4,096 tokens a view; with
# guidance twice as many
_PAINTING, _PAINTING_GUIDED = 1_930_000_000 + 470_000_000, 1_930_000_000 + 940_000_000


def shape_set(shape_model: str, speed: str) -> str:
    """The file set of a shape model at a speed."""
    return f"{shape_model}-{speed}"


class Shape(StageOptions):
    """Zero steps or guidance: the model's own; zero faces: the mesh is left untouched."""

    shape_model: str = option(
        SHAPE_MODELS[0][0],
        label="Shape Model",
        tip="The model that makes a solid of a cut-out",
        subject="the shape model",
        choices=SHAPE_MODELS,
        presets={"best": "hunyuan3d-2"},
        flag="--shape-model",
        help="what makes the shapes",
        cost=2,
        row=Row(panel="shape", rank=10, text="Model"),
        record=Record(label="Shape Model", rank=30),
    )
    speed: str = option(
        SPEEDS[0][0],
        label="Speed",
        tip="Which variant of the shape model works",
        subject="the speed",
        choices=SPEEDS,
        presets={"best": "standard"},
        flag="--speed",
        help="the shape model's variant",
        cost=2,
        row=Row(panel="shape", rank=20),
        record=Record(follows="shape_model"),
    )
    steps: int = option(
        0,
        label="Steps",
        tip="Sampler steps of the shape model, 1 to 100: more take longer; 0 takes the number that it was made for",
        subject="the number of steps",
        minimum=0,
        maximum=_STEPS_MAX,
        zero="the model's own",
        presets={},
        flag="--steps",
        help="sampler steps; 0, the default, is the model's own number",
        trial=5,  # whether a model works shows as well as after fifty
        cost=1,
        row=Row(panel="shape", rank=60, has_gap=True),
        record=Record(label="Steps", rank=45, hides_zero=True),
    )
    guidance: float = option(
        0.0,
        label="Guidance",
        tip="How closely the shape follows the photo, up to 20; 0 takes what the model was made for",
        subject="the guidance",
        minimum=0.0,
        maximum=_GUIDANCE_MAX,
        zero="the model's own",
        step=50,
        precision=1,
        presets={},
        flag="--guidance",
        help="how closely the shape follows the photo; 0 is the model's own",
        row=Row(panel="shape", rank=70),
    )
    octree_resolution: int = option(
        256,
        label="Resolution",
        tip=("Cells along each side of the space in which the surface is looked for, 64 to 512: more shows finer detail and takes longer"),
        subject="the resolution",
        minimum=OCTREE_MIN,
        maximum=OCTREE_MAX,
        step=32,
        presets={"draft": 192, "best": 384},
        flag="--octree-resolution",
        help="cells a side of the volume; more shows finer detail",
        trial=OCTREE_MIN,
        cost=1,
        row=Row(panel="shape", rank=30),
        record=Record(label="Resolution", rank=40),
    )
    faces: int = faces_option(key="budget", flag="--face-budget", of="a learned shape")

    stages = ("shape",)

    @property
    def file_set(self) -> str:
        return shape_set(self.shape_model, self.speed)

    def file_sets(self) -> tuple[str, ...]:
        return (self.file_set,)

    def alternatives(self) -> tuple[tuple[str, ...], ...]:
        return tuple((shape_set(model, speed),) for model, _, _ in SHAPE_MODELS for speed, _, _ in SPEEDS)

    def needed_bytes(self, settings: Settings, sizes: Mapping[str, int]) -> Mapping[str, int]:
        return {"shape": _SHAPING}

    @property
    def label(self) -> str:
        """The model's and its variant's."""
        return f"{label_of(SHAPE_MODELS, self.shape_model)} {label_of(SPEEDS, self.speed)}"


class Paint(StageOptions):
    """Zero steps or guidance: the painter's own."""

    painter: str = option(
        PAINTERS[0][0],
        label="Paint With",
        tip="The model that paints the shapes, and the meshes that are re-textured",
        subject="the painter",
        choices=PAINTERS,
        numbers=_PAINTER_NUMBERS,
        presets={"draft": PREVIEW_PAINT},
        flag="--painter",
        help="what paints the shapes",
        cost=2,
        when=IS_PAINTED,
        row=Row(panel="texture", rank=20, text="", is_wide=True),
        record=Record(label="Paint With", rank=70),
    )
    paint_steps: int = option(
        0,
        label="Steps",
        tip="Sampler steps of the painter, 1 to 100: more take longer; 0 takes the number that it was made for",
        subject="the number of steps",
        minimum=0,
        maximum=_STEPS_MAX,
        zero="the model's own",
        presets={},
        flag="--paint-steps",
        help="sampler steps of the painter; 0, the default, is its own number",
        trial=2,
        cost=1,
        when=IS_PAINTED,
        row=Row(panel="texture", rank=40, shown=is_none_of("painter", PREVIEW_PAINT)),
    )
    paint_guidance: float = option(
        0.0,
        label="Guidance",
        tip="How closely the painted sides follow the photo, up to 20; 0 takes what the painter was made for",
        subject="the guidance",
        minimum=0.0,
        maximum=_GUIDANCE_MAX,
        zero="the model's own",
        step=50,
        precision=1,
        presets={},
        flag="--paint-guidance",
        help="how closely all sides follow the photo; 0 is the painter's own",
        when=IS_PAINTED,
        row=Row(panel="texture", rank=50, shown=is_none_of("painter", PREVIEW_PAINT, TURBO_PAINTER)),
    )
    match_positions: bool = option(
        True,
        label="Match Sides by Position",
        tip=(
            "Paint Turbo compares each spot only with spots of the other sides that lie close to it on the object, so that colours "
            "stay where they belong; off, with every spot of every side. Try it the other way where the sides do not fit together"
        ),
        presets={},
        flag="--no-match-positions",
        help="the turbo painter compares all places of all sides, not only those that are close on the object",
        when=IS_PAINTED,
        row=Row(panel="texture", rank=60, is_wide=True, shown=is_one_of("painter", TURBO_PAINTER)),
    )
    delight: bool = option(
        True,
        label="Remove Light and Shadow",
        tip=(
            "Take the photo's light and shadow out before it is painted with, so that your scene's lights "
            "are the only ones; without it painting is faster, and the photo's shading stays in the texture"
        ),
        presets={},
        flag="--no-delight",
        help="leave the photo's light and shadow in the texture",
        cost=1,
        when=IS_PAINTED,
        row=Row(panel="texture", rank=30, is_wide=True, shown=is_none_of("painter", PREVIEW_PAINT)),
    )

    stages = ("paint",)

    def file_sets(self) -> tuple[str, ...]:
        if self.painter == PREVIEW_PAINT:
            return ()
        return (PAINT_DELIGHT, self.painter) if self.delight else (self.painter,)

    def needed_bytes(self, settings: Settings, sizes: Mapping[str, int]) -> Mapping[str, int]:
        if self.painter == PREVIEW_PAINT:
            return {}
        is_guided = self.painter != TURBO_PAINTER and not settings.machine.small_memory
        return {"paint": _PAINTING_GUIDED if is_guided else _PAINTING}

    def is_heavy(self, stage: str) -> bool:
        return stage == "paint" and self.painter != TURBO_PAINTER


class BorrowedPaint(StageOptions):
    """For an engine whose meshes one of these painters paints where it is chosen: `chosen_by` is the option that says which, and `own`
    the choice of the engine's own colours, which take no further model.
    """

    chosen_by: ClassVar[str] = ""
    own: ClassVar[str] = ""
    stages = ("paint",)

    @property
    def is_own(self) -> bool:
        return getattr(self, self.chosen_by) == self.own

    @property
    def _borrowed(self) -> Paint:
        """The options of the painter that paints; of none where no further model does."""
        return Paint(painter=PREVIEW_PAINT if self.is_own else getattr(self, self.chosen_by))

    def file_sets(self) -> tuple[str, ...]:
        return self._borrowed.file_sets()

    def needed_bytes(self, settings: Settings, sizes: Mapping[str, int]) -> Mapping[str, int]:
        return self._borrowed.needed_bytes(settings, sizes)

    def is_heavy(self, stage: str) -> bool:
        return self._borrowed.is_heavy(stage)


class Hunyuan3D(Options):
    """The engine of Tencent's models."""

    shape: Shape = field(default_factory=Shape)
    paint: Paint = field(default_factory=Paint)

    engine = Engine(
        id="hunyuan3d",
        label="Hunyuan3D",
        set_up="Hunyuan3D: 15 GB, graphics card",
        tip="Finds named things in any photo, cuts them out, makes a full 3D shape of each and paints all its sides.",
        uses=(Common, Edit, Search, Matte, Camera, Shape, Paint, FurtherViews),
        title="Shape, Hunyuan3D",
        is_timed=True,
        projection=is_one_of("painter", PREVIEW_PAINT),
        side_photos=is_one_of("shape_model", MULTIVIEW_MODEL),
        packages=("torch", "transformers", "hy3dgen"),
        needs=("locate", "shape"),
        licence=TENCENT_LICENCE,
        licensed=(*(identifier for identifier, _, _ in SHAPE_MODELS), *_PAINT_SETS, PAINT_DELIGHT),
    )
