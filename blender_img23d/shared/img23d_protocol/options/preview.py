"""The preview engine: built in, without learned shapes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from typing import TYPE_CHECKING

from ..limits import FACES_MAX, FACES_MIN
from .all_engines import BACKEND_MEMORY, Common
from .declare import Choice, Engine, Options, Record, Row, StageOptions, is_none_of, is_one_of, option
from .edit import Edit
from .further_views import FurtherViews
from .matte import BUILT_IN_MATTE

if TYPE_CHECKING:
    from .settings import Settings

LIGHT_CUTTER, FINE_CUTTER = "light", "isnet-fine"
CUTTERS: tuple[Choice, ...] = (
    ("isnet", "IS-Net", "The trained network that comes with Img23D: finds and cuts out almost anything that stands out, in seconds"),
    (FINE_CUTTER, "IS-Net, closely", "Looks at each thing once more and from nearby: finer edges, several seconds more for each"),
    (LIGHT_CUTTER, "Light-weight", "Without a network: the fastest, for things that stand apart on a plain ground"),
)
# engines/isnet/salience.py: the network, and 450 bytes a pixel at 768 and at 1024 pixels a side
_WITH_ISNET, _WITH_ISNET_CLOSELY = 800_000_000, 1_000_000_000


class ShapeKind(StrEnum):
    """How the preview engine turns an outline into a solid."""

    AUTO = "auto"
    INFLATE = "inflate"
    REVOLVE = "revolve"
    FLAT = "flat"


class Nameless(StrEnum):
    """What the preview engine makes of a photo without names."""

    WHOLE = "whole"  # everything that stands out, as one thing
    EACH = "each"  # each by itself


class CutOuts(StageOptions):
    """How things are found and cut out without names or models that were downloaded."""

    cutter: str = option(
        CUTTERS[0][0],
        label="Built-in Cut-Out",
        tip="What the preview engine finds things with and cuts them out",
        subject="the preview engine's cut-out",
        choices=CUTTERS,
        presets={"draft": LIGHT_CUTTER, "best": FINE_CUTTER},
        flag="--cutter",
        help="what the preview engine finds and cuts out with",
        decides_picks=True,
        cost=1,
        row=Row(panel="search", rank=30, also=is_one_of("matter", BUILT_IN_MATTE)),
        record=Record(label="Cut Out With", rank=20),
    )
    nameless: Nameless = option(
        Nameless.WHOLE,
        label="Without Names",
        tip="What the preview engine makes of a photo when no names are typed",
        subject="without names the result",
        choices=(
            ("whole", "Everything as One", "All that stands out in the photo becomes one object"),
            ("each", "Each Thing by Itself", "Every thing that stands out in the photo becomes an object of its own"),
        ),
        flag="--nameless",
        of_one_thing=Nameless.WHOLE,
        help="what a photo without names becomes",
        row=Row(panel="names", rank=40, hints={"each": "Without a name each thing that stands out becomes an object."}),
    )

    stages = ("locate", "matte")

    @property
    def memory(self) -> int:
        """Bytes."""
        if self.cutter == LIGHT_CUTTER:
            return BACKEND_MEMORY
        return _WITH_ISNET_CLOSELY if self.cutter == FINE_CUTTER else _WITH_ISNET

    def needed_bytes(self, settings: Settings, sizes: Mapping[str, int]) -> Mapping[str, int]:
        return dict.fromkeys(self.stages, self.memory)


class Outlines(StageOptions):
    """`thickness` scales the depth of an inflated shape (1 = as round as it is wide)."""

    faces: int = option(
        20_000,
        label="Faces",
        tip="At most this many triangles an object, 500 to 200,000",
        subject="the number of faces",
        minimum=FACES_MIN,
        maximum=FACES_MAX,
        step=500,
        presets={"draft": 5_000, "best": 60_000},
        flag="--faces",
        help="at most that many triangles",
        is_faces=True,
        trial=5_000,
        row=Row(panel="shape", rank=30),
        record=Record(label="Faces", form=",", rank=50),
    )
    shape: ShapeKind = option(
        ShapeKind.AUTO,
        label="Kind",
        tip="How an outline becomes a solid, where the list does not say it for a single thing",
        subject="the shape",
        choices=(
            ("auto", "Automatic", "Turned where outline and colours say so, flat where both are those of a board, rounded otherwise"),
            ("inflate", "Rounded", "The outline is filled like a cushion; for toys, fruit, animals, chairs"),
            ("revolve", "Turned", "The outline is turned about its upright axis; for bottles, bowls, lamps"),
            ("flat", "Flat", "The outline gets a thickness; for books, boxes, boards, signs"),
        ),
        icons=("AUTO", "MESH_UVSPHERE", "MESH_CYLINDER", "MESH_PLANE"),
        flag="--shape",
        is_kind=True,
        row=Row(panel="shape", rank=10),
        record=Record(label="Kind", rank=30),
    )
    thickness: float = option(
        1.0,
        label="Thickness",
        tip="Depth of a rounded object as a share of its width, 0.05 to 3: 1 is as round as it is wide, less is flatter",
        subject="the thickness",
        minimum=0.05,
        maximum=3.0,
        step=5,
        precision=2,
        flag="--thickness",
        help="depth of an inflated shape, 1 is as round as it is wide",
        row=Row(panel="shape", rank=20, active=is_none_of("shape", ShapeKind.REVOLVE.value)),
        record=Record(label="Thickness", form=".2f", rank=60, shown=is_none_of("shape", ShapeKind.REVOLVE.value)),
    )

    relief: bool = option(
        True,
        label="Relief from Depth",
        tip="Where the depth model is downloaded: rounded and flat things get the relief that it sees in the photo, a chair's seat and back apart",
        subject="the relief",
        flag="--no-relief",
        help="rounded and flat things without the relief that the depth model sees",
        presets={"draft": False},
        row=Row(panel="shape", rank=25, active=is_none_of("shape", ShapeKind.REVOLVE.value)),
    )

    stages = ("shape",)


class Preview(Options):
    """The engine that is always there."""

    outlines: Outlines = field(default_factory=Outlines)
    cut_outs: CutOuts = field(default_factory=CutOuts)

    engine = Engine(
        id="preview",
        label="Preview (built in)",
        tip="Works at once, without a graphics card or a download. It cuts out what stands out in the photo; it does not know what a mug is.",
        uses=(Common, Edit, CutOuts, Outlines, FurtherViews),
        title="Shape, Preview",
        is_built_in=True,
        has_kinds=True,
    )
