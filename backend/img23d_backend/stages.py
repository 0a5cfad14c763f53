"""The values that the stages hand to each other, and the interfaces that an engine implements.

Frames: photos and cut-outs are images with y downwards, the centre of pixel (0, 0) at (0.5, 0.5). Meshes are in glTF's
axes: right-handed, x right, y up, z towards the viewer of the photo.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Protocol

import numpy as np

from img23d_protocol import Img23DError
from img23d_protocol.messages import Box, Point, Settings, ShapeKind, Side, Stage, Wanted

# Raised by `Context.report`; named here for the engines
from .setup_context import JobCancelled as JobCancelled
from .setup_context import TargetCancelled as TargetCancelled

_OPAQUE = 0.5  # from which a splat is a part of what is solid


class Origin:
    """What a photo and its scaled copies have in common."""


@dataclass(frozen=True, kw_only=True)
class Photo:
    """An upright picture. `rgb` (H, W, 3) uint8 sRGB; `alpha` (H, W) uint8 where the file brought a useful one.

    `focal` is the lens's focal length in photo widths, None where the file does not tell it. `dataclasses.replace` keeps
    `origin`, by which a copy at another size is known to show the same.
    """

    rgb: np.ndarray
    alpha: np.ndarray | None = None
    name: str = ""  # the file's stem
    focal: float | None = None
    notes: tuple[str, ...] = ()  # what was done to it on the way in
    origin: Origin = field(default_factory=Origin, repr=False, compare=False)

    @property
    def height(self) -> int:
        return self.rgb.shape[0]

    @property
    def width(self) -> int:
        return self.rgb.shape[1]


@dataclass(frozen=True, kw_only=True)
class PixelBox:
    """Pixels of the photo, right and bottom exclusive."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top


@dataclass(frozen=True, kw_only=True)
class Found:
    """Where a wanted thing is. `mask` (H, W) bool over the whole photo is a hint for the matte, where the grounder has one.

    `parted`: the mask ends where the thing touches something else, and what lies beyond is not the thing.
    """

    name: str
    box: PixelBox
    mask: np.ndarray | None = None
    note: str = ""
    parted: bool = False


@dataclass(frozen=True, kw_only=True)
class NotFound:
    """A wanted thing that is not there, with what to do about it."""

    name: str
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Ground:
    """The ground plane as the photo shows it. `horizon` is how far its horizon is above the photo's middle, in photo widths;
    `roll` how far the camera was turned clockwise about its own axis, in radians.
    """

    horizon: float
    roll: float = 0.0


@dataclass(frozen=True, kw_only=True)
class SeenDistances:
    """`values` (h, w) float32 metres along the camera's axis, over all of a photo of `width` x `height` pixels; only their ratios count.
    `focal` is the lens's focal length in the photo's pixels; the camera looks down by `pitch` radians, 0 where that is not known.
    """

    values: np.ndarray
    width: int
    height: int
    focal: float
    pitch: float = 0.0


@dataclass(frozen=True, kw_only=True)
class SeenRelief:
    """`heights` (h, w) float32: how far what a cut-out's pixels show stands towards the camera, in its pixels, from wherever; one that was
    measured takes `grain` of these pixels. The camera looks down by `pitch` radians, 0 where that is not known.
    """

    heights: np.ndarray
    grain: float = 1.0
    pitch: float = 0.0


@dataclass(frozen=True, kw_only=True)
class CutOut:
    """One thing by itself. `rgba` (h, w, 4) uint8, straight alpha, colours of the foreground also under the soft edge.

    `left`, `top` are the photo's pixel that the cut-out's first pixel is; the scale is the photo's. The matte is
    surrounded by a transparent margin where the photo leaves room. `photo` is the photo's own area in the cut-out's pixels,
    where that is known: what reaches its border is cut off there. `sides` are cut-outs (h, w, 4) of it from further photos.
    """

    rgba: np.ndarray
    left: int = 0
    top: int = 0
    note: str = ""
    photo: PixelBox | None = None
    sides: Mapping[Side, np.ndarray] = field(default_factory=dict)
    relief: SeenRelief | None = None  # where a model has measured it


@dataclass(frozen=True, kw_only=True)
class Mesh:
    """`vertices` (V, 3) float32, `faces` (F, 3) int32, counter-clockwise seen from outside.

    `polygons` (F,) int32 are for meshes whose faces have more than three corners: triangles with the same number (0..)
    are one face and are never parted in the UV layout. None: every triangle is by itself.
    """

    vertices: np.ndarray
    faces: np.ndarray
    polygons: np.ndarray | None = None


@dataclass(frozen=True, kw_only=True)
class Splats:
    """K Gaussian splats (Kerbl et al., 3D Gaussian Splatting, 2023) whose colours are the same from everywhere; float32 arrays.

    `positions` (K, 3); `colors` (K, 3) sRGB, mostly in 0..1 but not cut to it; `opacities` (K,) 0..1; `scales` (K, 3) standard
    deviations along a splat's own axes, in the unit of the positions; `rotations` (K, 4) unit quaternions wxyz that take its own axes to the
    frame's.
    """

    positions: np.ndarray
    colors: np.ndarray
    opacities: np.ndarray
    scales: np.ndarray
    rotations: np.ndarray

    def __len__(self) -> int:
        return len(self.positions)


@dataclass(frozen=True, kw_only=True)
class View:
    """The camera of a picture: `matrix` (4, 4) float64 takes a homogeneous vertex (column) to (u, v, depth, 1) * w.

    u, v are pixels of the picture (y downwards), depth grows away from the viewer in any monotonic unit.
    """

    matrix: np.ndarray

    def project(self, vertices: np.ndarray) -> np.ndarray:
        """(V, 3) vertices to (V, 3) float64 columns u, v, depth."""
        homogeneous = np.concatenate([vertices, np.ones((len(vertices), 1))], axis=1) @ self.matrix.T
        return homogeneous[:, :3] / homogeneous[:, 3:]

    @staticmethod
    def front(*, center_u: float, center_v: float, pixels_per_unit: float) -> View:
        """The orthographic view along -z in which the mesh's origin falls on pixel (center_u, center_v)."""
        s = pixels_per_unit
        return View(matrix=np.array([[s, 0, 0, center_u], [0, -s, 0, center_v], [0, 0, -s, 0], [0, 0, 0, 1]], dtype=np.float64))


@dataclass(frozen=True, kw_only=True)
class Shaped:
    """What a cut-out became, a mesh, splats or both in one frame, and the view in which that covers the cut-out. `note` says what
    kind of solid it is, `kind` too where kinds are chosen.

    What has no mesh is not painted: its splats have their colours. Splats beside a mesh may be there `only_to_paint` it with: the run's
    folder keeps them, and they are no result of their own.
    """

    mesh: Mesh | None = None
    splats: Splats | None = None
    only_to_paint: bool = False
    view: View
    note: str = ""
    kind: ShapeKind = ShapeKind.AUTO

    @property
    def points(self) -> np.ndarray:
        """By which it is measured, placed and arranged."""
        return measured_points(self.mesh, self.splats)


def measured_points(mesh: Mesh | None, splats: Splats | None) -> np.ndarray:
    """(P, 3) float32: the mesh's vertices, without one the middles of the splats that are more opaque than not. Empty where there is nothing."""
    if mesh is not None:
        return mesh.vertices
    if splats is None:
        return np.zeros((0, 3), dtype=np.float32)
    solid = splats.opacities >= _OPAQUE
    return splats.positions[solid] if solid.any() else splats.positions


@dataclass(frozen=True, kw_only=True)
class Forms:
    """What each kind makes of a cut-out: `pictures` (s, s, 4) uint8 with straight alpha; `automatic` is what AUTO comes to."""

    automatic: ShapeKind
    pictures: Mapping[ShapeKind, np.ndarray]


@dataclass(frozen=True, kw_only=True)
class Painted:
    """`uv` (F, 3, 2) float32 for each face corner, origin top left as in glTF; `texture` (T, T, 3) uint8 sRGB base colour."""

    mesh: Mesh
    uv: np.ndarray
    texture: np.ndarray
    note: str = ""


def _silent(*_: object) -> None:
    pass


@dataclass(frozen=True, kw_only=True)
class Context:
    """What a stage may ask of its caller: a seed, the settings, and a place to report to, which is also where a cancel is seen.

    `notify` takes a sentence about the whole job, such as that it goes on with less memory; each is told once. `show` takes a
    picture (h, w, 3) uint8 of what is coming to be; call it as often as you like, it is looked at now and then. A varied one is
    to be another than what the settings and the photo alone would give.
    """

    seed: int = 0
    is_varied: bool = False
    settings: Settings = field(default_factory=Settings)
    report: Callable[[float, str], None] = field(default=_silent)  # (fraction 0..1, note); may raise JobCancelled
    notify: Callable[[str], None] = field(default=_silent)
    show: Callable[[np.ndarray], None] = field(default=_silent)

    def as_whole(self) -> Context:
        """For a picture that is one thing, whatever becomes of photos without names."""
        return replace(self, settings=self.settings.of_one_thing())


class Grounder(Protocol):
    def locate(self, photo: Photo, wanted: tuple[Wanted, ...], context: Context) -> tuple[Found | NotFound, ...]:
        """One answer a wanted thing, in the same order (an engine that finds more instances adds them at the end)."""
        ...


@dataclass(frozen=True, kw_only=True)
class Segmentation:
    """The regions that can be picked in a photo. `rgb` (H, W, 3) uint8 is the photo, perhaps smaller; each of the masks (h, w) bool is over all of it.

    `labels` (2, h, w) uint8 has 1 + a mask's index at each place, 0 where there is none: first the things,
    then the same with those that have several colours in their parts.
    """

    rgb: np.ndarray
    masks: tuple[np.ndarray, ...]
    labels: np.ndarray
    width: int  # of the photo
    height: int
    notes: tuple[str, ...] = ()


class Picker(Protocol):
    """Finds the region at a point of a photo, which `load` reads where it must; a photo with the same `key` is segmented once."""

    def segment(self, key: str, load: Callable[[], Photo], context: Context) -> Segmentation:
        """The regions that stand out."""
        ...

    def at(self, key: str, load: Callable[[], Photo], point: Point, context: Context, *, box: Box | None = None) -> np.ndarray | None:
        """One of the segmentation's masks, or one that was grown from the point; None where nothing stands apart there. Of several that are
        there, the one that fills `box`.
        """


class DepthEstimator(Protocol):
    def ground(self, photo: Photo, boxes: Sequence[PixelBox], context: Context) -> Ground | None:
        """The plane that the things in the boxes stand on; None where none can be told, or no model is downloaded."""
        ...

    def distances(self, photo: Photo, context: Context) -> np.ndarray | None:
        """(h, w) float32 metres along the camera's axis, h x w as the network sees the photo; None where no model is downloaded."""
        ...


class Detail(Enum):
    """How finely a picture is looked at: the mistakes made at one size are not those at another."""

    COARSE = "coarse"
    USUAL = "usual"
    FINE = "fine"


class Salience(Protocol):
    """Tells what stands out in a picture, whatever it is. The answers are (h, w) float32 0..1; None where nothing can tell it,
    which was said by then where the artist can do something about it.
    """

    def of_photo(self, photo: Photo, context: Context) -> np.ndarray | None:
        """Of the whole photo, at whatever size; looked for once."""
        ...

    def of_picture(self, rgb: np.ndarray, context: Context, *, detail: Detail = Detail.USUAL) -> np.ndarray | None:
        """Of a picture (h, w, 3) uint8, such as a part of the photo, at its own size. Where that is hardly less than the photo, a
        look in the usual detail would tell nothing new.
        """


class Matter(Protocol):
    def cut_out(self, photo: Photo, found: Found, context: Context) -> CutOut:
        """Cut one thing out. Raises Img23DError(EMPTY_CUTOUT) when nothing is left."""
        ...


class PlainMatter(Matter, Protocol):
    """A matter for things on a plain background, which knows whether the background is one."""

    def agreed(self, photo: Photo, found: Found, window: PixelBox, salient: np.ndarray, own: np.ndarray, context: Context) -> np.ndarray | None:
        """The thing's alpha (h, w) float32 0..1 over the window, by what stands out there (`salient`, and of it what is the
        thing's, `own`, both as the answer) and by the plain background together; None where that is not plain or says otherwise.
        """
        ...


class Shaper(Protocol):
    """A shaper is a subclass of this: what has a default here is for one that makes several things in one go."""

    def shape(self, cutout: CutOut, settings: Settings, context: Context) -> Shaped:
        """A closed mesh of the cut-out, splats, or both, as the settings ask for."""
        ...

    def check(self, wanted: Sequence[Wanted], settings: Settings) -> None:
        """Raises Img23DError, before anything is computed, for what is missing to make these things; without any the whole picture is one."""

    def heeds_distances(self, settings: Settings) -> bool:
        """Whether a cut-out's relief is to be measured."""
        return False

    def batch_size(self, count: int, settings: Settings) -> int:
        """How many of `count` cut-outs to hand over at a time, 1 or more; asked before each batch."""
        return 1

    def shape_batch(self, cutouts: Sequence[CutOut], settings: Settings, contexts: Sequence[Context]) -> Iterator[Shaped | Img23DError]:
        """One answer a cut-out, in their order, each as soon as it is there; each the same as `shape` gives by itself."""
        for cutout, context in zip(cutouts, contexts, strict=True):
            try:
                yield self.shape(cutout, settings, context)
            except Img23DError as error:
                yield error


class FormPainter(Protocol):
    """For an engine whose shaper heeds `Settings.shape`."""

    def draw(self, cutout: CutOut, settings: Settings, context: Context) -> Forms:
        """What it will be, small and soon. Raises Img23DError(EMPTY_CUTOUT)."""
        ...


class Painter(Protocol):
    """A painter is a subclass of this: what has a default here is for one that works on the picture first, with a model of its own."""

    def paint(
        self,
        mesh: Mesh,
        view: View,
        cutout: CutOut,
        settings: Settings,
        context: Context,
        *,
        uv: np.ndarray | None = None,
        splats: Splats | None = None,
    ) -> Painted:
        """Paint a mesh (the engine's own or an artist's) from the cut-out seen in `view`. `uv` (F, 3, 2), origin top left, is a layout to paint
        into instead of a new one; it may cover a texel several times. `splats` are the same thing's in the frame of the mesh: a painter may
        take colours from them.
        """
        ...

    def prepares(self, settings: Settings) -> bool:
        """Whether `prepare` is to be called for all targets before the first is painted."""
        return False

    def prepare(self, cutout: CutOut, settings: Settings, context: Context) -> np.ndarray | None:
        """(s, s, 3) uint8, the picture to paint with; None where there is nothing to prepare."""
        return None

    def paint_prepared(
        self,
        mesh: Mesh,
        view: View,
        cutout: CutOut,
        picture: np.ndarray | None,
        settings: Settings,
        context: Context,
        *,
        splats: Splats | None = None,
    ) -> Painted:
        """As `paint`, with what `prepare` gave for this cut-out."""
        return self.paint(mesh, view, cutout, settings, context, splats=splats)


@dataclass(frozen=True, kw_only=True)
class Engine:
    """A whole chain. Later engines may share single stages."""

    id: str
    grounder: Grounder
    matter: Matter
    shaper: Shaper
    painter: Painter
    forms: FormPainter | None = None  # None: the shaper makes the same of every kind
    depth: DepthEstimator | None = None
    picker: Picker | None = None
    # Begins to read what a stage needs, while an earlier one computes; returns at once and never raises
    prefetch: Callable[[Stage, Settings], None] = field(default=_silent)
    unload: Callable[[], int] = field(default=lambda: 0)  # frees what is cached, returns bytes
