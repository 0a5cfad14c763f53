"""One thing of a job, and what was made of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..shared.img23d_protocol.messages import SPLATS, USUAL, WHOLE, Box, Piece, ResultKind, Stage

# Rough shares of a target's time, so that a bar moves evenly through all stages of a job; those that it has not count nothing
STAGE_SHARES = {Stage.EDIT: 0.2, Stage.LOCATE: 0.1, Stage.MATTE: 0.25, Stage.SHAPE: 0.25, Stage.SPLIT: 0.2, Stage.PAINT: 0.4}


def beside_name(name: str, piece: Piece) -> str:
    return f"{name} {piece.kind.value}"


@dataclass(frozen=True, kw_only=True)
class Result:
    """What was made of a target, or one of its parts, whose name is `name`. `path` is what is imported; `count` as in `ResultReady`."""

    piece: Piece = WHOLE
    path: str
    textured: bool = False
    count: int = 0
    name: str = ""
    others: tuple[str, ...] = ()  # paths of the files beside it

    @property
    def is_mesh(self) -> bool:
        return self.piece.kind is ResultKind.MESH


@dataclass(kw_only=True, eq=False)
class JobTarget:
    """One thing of a job. Paths are empty until the file is there; `error` is empty unless this target failed."""

    name: str
    box: Box | None = None
    stage: Stage | None = None
    fraction: float = 0.0  # 0..1 within `stage`
    note: str = ""  # what is being done, until there is a newer one
    notes: tuple[str, ...] = ()  # what stays to be known about its cut-out, mesh and texture, in this order
    error: str = ""  # a sentence for the artist
    detail: str = ""
    is_cancelled: bool = False  # the artist stopped this one, the others went on
    cutout: str = ""
    splat_file: str = ""  # of a run that was read from its folder: the splats that it has, or that its colours come from
    preview: str = ""  # the newest small picture of it
    results: dict[Piece, Result] = field(default_factory=dict)  # in the order in which they came
    is_painted: bool = False  # of a re-texture: its picture is there
    stage_seconds: dict[str, float] = field(default_factory=dict)  # by stage, of a run that was read from its folder
    object_name: str = ""  # set by whoever placed the result in a scene

    @property
    def main(self) -> Result | None:
        """The mesh of the whole thing where there is one, else what came first."""
        return self.results.get(WHOLE) or next(iter(self.results.values()), None)

    @property
    def faces(self) -> int:
        """Triangles, 0 where no mesh is there."""
        return self.main.count if self.main is not None and self.main.is_mesh else 0

    @property
    def splats(self) -> int:
        """Gaussians, 0 where none are there."""
        return next((one.count for one in self.results.values() if one.piece == SPLATS), 0)

    def name_of(self, result: Result) -> str:
        """What the object of one of its results is called: a part has its own name, and what stands beside the mesh says what it is."""
        name = self.name or "Object"
        return result.name or (name if result is self.main else beside_name(name, result.piece))

    @property
    def textured(self) -> bool:
        return self.is_painted if self.main is None else self.main.textured

    def add(self, result: Result) -> None:
        """The newest of its piece counts."""
        self.results[result.piece] = result

    def progress(self, stages: Sequence[Stage]) -> float:
        """0..1 over the stages of its job; a target that failed or was stopped has nothing more to do."""
        if self.error or self.is_cancelled:
            return 1.0
        return stage_progress(self.stage, self.fraction, stages)

    def enter(self, finished: Stage, note: str) -> None:
        """A stage's result is there, with what is to be known about it."""
        self.stage, self.fraction, self.note = finished, 1.0, ""
        if note and note not in self.notes:
            self.notes += (note,)


def stage_progress(stage: Stage | None, fraction: float, stages: Sequence[Stage] = USUAL) -> float:
    """0..1 over the job's stages, from the fraction within one of them."""
    if stage is None:
        return 0.0
    order = [*stages] if stage in stages else list(Stage)
    whole = sum(STAGE_SHARES[one] for one in {*stages, stage})
    before = sum(STAGE_SHARES[one] for one in stages if order.index(one) < order.index(stage))
    return (before + STAGE_SHARES[stage] * min(max(fraction, 0.0), 1.0)) / whole
