"""How a splitter is declared, and the built-in one, which goes by the shape alone."""

from __future__ import annotations

from dataclasses import field

from ..declare import Condition, Engine, Options, Record, Row, StageOptions, is_one_of, option

MOST_PARTS = 64
MORE_MAX = 3.0  # steps
_BY_ANGLE: Condition = is_one_of("parts_count", 0)


class Splitter(Engine):
    """What splits things, declared as an engine is, with what it looks at: a mesh, a picture, and a mask that is painted on the picture.

    Without a mesh, one that does not need one makes the whole as well.
    """

    heeds_mesh: bool = True
    heeds_picture: bool = False
    heeds_mask: bool = False
    needs_mesh: bool = False
    needs_picture: bool = False

    def lacks(self, *, mesh: bool, picture: bool, mask: bool = False) -> str:
        """A sentence about what is missing where this is given, empty where nothing is."""
        if self.needs_mesh and not mesh:
            return f"{self.label} splits meshes only: choose a mesh, or another splitter."
        if self.needs_picture and not picture:
            return f"{self.label} splits what a picture shows: choose a picture, or another splitter."
        if not (mesh or picture):
            return "Nothing is given that could be split: choose a mesh or a picture."
        if mask and self.heeds_mask and not picture:
            return "A mask tells parts of a picture apart: choose the picture that it was painted on."
        return ""


class Division(StageOptions):
    """How finely a surface is split where no model says so."""

    more: float = option(
        0.0,
        key="parts_more",
        label="More Parts",
        tip="More parts than usual, or below 0 fewer: each step halves the angle and the size from which on something is a part, -3 to 3",
        subject="the steps to more parts",
        minimum=-MORE_MAX,
        maximum=MORE_MAX,
        step=50,
        precision=1,
        when=_BY_ANGLE,
        row=Row(panel="parts", rank=20, active=_BY_ANGLE),
        record=Record(label="More Parts", form="g", rank=40, hides_zero=True),
    )
    count: int = option(
        0,
        key="parts_count",
        label="Number of Parts",
        tip="So many parts, as far as they can be told apart, at most 64; 0 takes as many as the shape has",
        subject="the number of parts",
        minimum=0,
        maximum=MOST_PARTS,
        zero="as many as there are",
        row=Row(panel="parts", rank=30),
        record=Record(label="Parts", rank=50, hides_zero=True),
    )

    stages = ("split",)


class Closing(StageOptions):
    """Whether parts of a surface become solids."""

    closed: bool = option(
        True,
        key="parts_closed",
        label="Closed",
        tip="Close each part where it was cut, so that it is a solid; otherwise it stays open there",
        row=Row(panel="parts", rank=40),
    )

    stages = ("split",)


class BuiltIn(Options):
    """The built-in splitter."""

    division: Division = field(default_factory=Division)
    closing: Closing = field(default_factory=Closing)

    engine = Splitter(
        id="preview",
        label="Built In",
        tip="Splits a mesh into its loose pieces, and these where their surface is creased inwards: at once, without a download",
        uses=(Division, Closing),
        title="Parts, Built In",
        is_built_in=True,
        needs_mesh=True,
    )
