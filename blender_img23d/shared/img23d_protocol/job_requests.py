"""What a job is asked for: edit, find, pick, make, unwrap, paint."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from .limits import SEED_MAX, TEXTURE_SIZES
from .options.settings import BUILT_IN, Settings, ShapeKind, engine_named
from .stages import Stage, usual


@dataclass(frozen=True, kw_only=True)
class Box:
    """A rectangle in fractions 0..1 of the upright photo's width (left, right) and height (top, bottom), y downwards."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, kw_only=True)
class Point:
    """A place in the photo, in fractions 0..1 of its width and height as a `Box`'s."""

    x: float
    y: float


@dataclass(frozen=True, kw_only=True)
class Stroke:
    """A round brush's way over the photo: what it covers belongs to the thing, or does not.

    `xs` and `ys` are fractions of the upright photo's width and height, one each a point; `radius` is a fraction of its width.
    Later strokes win over earlier ones, and all of them over the cut-out.
    """

    xs: tuple[float, ...]
    ys: tuple[float, ...]
    radius: float
    adds: bool = True


class Side(StrEnum):
    """Which side of a thing a further photo shows; left and right as one sees them in the photo."""

    LEFT = "left"
    BACK = "back"
    RIGHT = "right"


@dataclass(frozen=True, kw_only=True)
class SidePhoto:
    """A further photo of one thing, with nothing else that stands out in it. `photo` is a path."""

    side: Side
    photo: str


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """One thing the artist asked for. A box, where given, always wins over any search, and strokes over any cut-out.

    `point` is a place on the thing: it is what stands apart from its surroundings there, of several such things the one that
    fills the box. `height` is how tall the thing really is, in metres; 0 where the artist did not say. `shape` is for the engines
    that make the solid of the outline; AUTO leaves it to the settings. `sides` are further photos of it, at most one a side. `faces`
    is how many triangles it gets, whatever the engine; 0: as the settings say. `is_edited` False keeps its cut-out as the photo has it, where
    the settings let a model edit each of them.
    """

    name: str
    box: Box | None = None
    point: Point | None = None
    strokes: tuple[Stroke, ...] = ()
    height: float = 0.0
    shape: ShapeKind = ShapeKind.AUTO
    sides: tuple[SidePhoto, ...] = ()
    faces: int = 0
    is_edited: bool = True


@dataclass(frozen=True, kw_only=True)
class Edit:
    """Let a model make a cleaner picture of the photo, as `settings.edit` say, answered by `PictureReady`; nothing is looked for.

    Who takes that picture names it as the `photo` of what follows, and this photo as its `original`.
    """

    job: str
    photo: str
    run_folder: str
    engine: str = BUILT_IN.id  # that is to work on the picture; the edit itself does not ask for it
    seed: int = 0
    settings: Settings = field(default_factory=Settings)

    @property
    def stages(self) -> tuple[Stage, ...]:
        return (Stage.EDIT,)


@dataclass(frozen=True, kw_only=True)
class Locate:
    """Find the wanted things and answer `Located`; nothing is built.

    Where there is a `run_folder`, each of them is cut out as well, one `CutoutReady` after the other. `original` as in `Generate`.
    """

    job: str
    photo: str
    original: str = ""
    run_folder: str = ""
    wanted: tuple[Wanted, ...] = ()
    engine: str = BUILT_IN.id
    seed: int = 0
    settings: Settings = field(default_factory=Settings)

    @property
    def stages(self) -> tuple[Stage, ...]:
        """A photo is edited where there is a folder to keep the picture in."""
        if not self.run_folder:
            return (Stage.LOCATE,)
        stages = usual(edits_photo=self.edits_photo, edits_things=self.settings.edit.edits_things)
        return tuple(stage for stage in stages if stage not in (Stage.SHAPE, Stage.PAINT))

    @property
    def edits_photo(self) -> bool:
        return self.settings.edit.edits_photo and not self.original and bool(self.run_folder)


@dataclass(frozen=True, kw_only=True)
class Pick:
    """What can be picked in the photo, answered by `Regions`; with a `point` also what is there.

    The answers to the same photo with the same cutter have the same regions in the same order; a point may add one at the end.
    """

    job: str
    photo: str
    run_folder: str
    point: Point | None = None
    seed: int = 0
    settings: Settings = field(default_factory=Settings)


@dataclass(frozen=True, kw_only=True)
class Generate:
    """The main job: photo and names in, meshes out. No `wanted` at all means the whole picture is one object.

    `original` is the photo that `photo` was edited from by an earlier job; then it is not edited once more. Boxes and points refer to `photo`,
    or to what this job makes of it first, which it announces by `PictureReady`.

    `seed` is 0..limits.SEED_MAX: the caller has already drawn it where the artist chose "random". `pixels_per_metre` is an
    earlier run's one scale of all targets, so that a thing made again has the same size; 0: the largest thing measures 1 m.

    Each thing is made `variants` times, as targets one after the other, see `seed_of` and `is_varied`. Where an engine's shapes
    depend on no seed, the varied ones have another depth; the first is varied only with `varies`.
    """

    job: str
    photo: str
    original: str = ""
    run_folder: str
    wanted: tuple[Wanted, ...] = ()
    engine: str = BUILT_IN.id
    seed: int = 0
    pixels_per_metre: float = 0.0
    variants: int = 1  # 1..limits.VARIANTS_MAX
    varies: bool = False
    settings: Settings = field(default_factory=Settings)

    @property
    def stages(self) -> tuple[Stage, ...]:
        """Those that it goes through, in their order."""
        stages = usual(edits_photo=self.edits_photo, edits_things=self.settings.edit.edits_things)
        return tuple(stage for stage in stages if self.is_painted or stage is not Stage.PAINT)

    @property
    def edits_photo(self) -> bool:
        return self.settings.edit.edits_photo and not self.original

    @property
    def is_painted(self) -> bool:
        return self.settings.paints(engine_named(self.engine))

    def thing_of(self, target: int) -> int:
        """The index of the thing that a target is a variant of."""
        return target // self.variants

    def seed_of(self, target: int) -> int:
        return (self.seed + target % self.variants) % (SEED_MAX + 1)

    def is_varied(self, target: int) -> bool:
        return self.varies or target % self.variants > 0


class UvSource(StrEnum):
    """Which UV layout an artist's mesh is painted into."""

    NEW = "new"  # a fresh one
    OWN = "own"  # the file's, where it lies in the square and covers nothing twice; otherwise a fresh one, and a note says so
    GIVEN = "given"  # the file's as it is, such as one that modifiers have copied or smoothed


@dataclass(frozen=True, kw_only=True)
class Unwrap:
    """Lay an existing mesh out, for one whose modifiers make further faces: they carry the layout to these, and `Paint`
    with `UvSource.GIVEN` follows. `mesh` is as for `Paint`.
    """

    job: str
    mesh: str
    run_folder: str
    name: str = ""
    uv: UvSource = UvSource.NEW
    texture_size: int = TEXTURE_SIZES[0]

    @property
    def stages(self) -> tuple[Stage, ...]:
        return (Stage.PAINT,)


@dataclass(frozen=True, kw_only=True)
class Paint:
    """Re-texture an existing mesh: `mesh` is an .npz with

    `vertices` (V, 3) float32 in Blender's world axes (z up), `triangles` (T, 3) int32 vertex indices, `corners` (T, 3)
    int32 indices of the mesh's own face corners (Blender's loops), `corner_count` () int32 and `view` (4, 4) float64: this
    matrix times a homogeneous vertex (a column) gives, after division by w, right (x), up (y) and distance from the viewer
    (z); x and y in any unit, since the picture's cut-out is fitted to the mesh's own extent in that view. For `uv` other than
    NEW also `uv` (T, 3, 2) float32, v upwards as in Blender.

    `splats` is a PLY of Gaussian splats at the place of `vertices`, in the axes that such files have (see `files.splat_ply`): whoever paints
    with the colours of splats takes them from these. Empty where the mesh has none.
    """

    job: str
    mesh: str
    picture: str
    splats: str = ""
    run_folder: str
    name: str = ""
    engine: str = BUILT_IN.id
    seed: int = 0
    uv: UvSource = UvSource.NEW
    settings: Settings = field(default_factory=Settings)

    @property
    def stages(self) -> tuple[Stage, ...]:
        return Stage.MATTE, Stage.PAINT
