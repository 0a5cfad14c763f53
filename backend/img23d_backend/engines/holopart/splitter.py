"""The splitter: the pieces that the built-in splitter tells apart, each made whole in its place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

import numpy as np

from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.messages import Settings

from ...models.load_plan import Report, progress_part, read_ahead, with_frugal_plans
from ...models.store import ModelStore
from ...parts.splitter import wish_of
from ...parts.splitting.splitter import split
from ...parts.stage import Divided, PartMade, Splitter, Task
from ...stages import Context
from ...weights.store import WeightStore
from .completing import completed, looked
from .pieces import Pieces
from .plan import CompletionPlan, make_plan

_DIVIDED = 0.05  # of the work

_T = TypeVar("_T")


class HoloPartSplitter(Splitter):
    """Keeps nothing but what it was given: the networks live in the model store."""

    def __init__(self, weights: WeightStore, models: ModelStore) -> None:
        self._weights = weights
        self._models = models

    def split(self, task: Task, settings: Settings, context: Context) -> Iterator[PartMade | Divided]:
        """Each part as soon as it is whole, and at the end which piece each face is of; a piece that nothing is made of is told, and left to the others.

        Raises Img23DError (BAD_REQUEST, NO_SURFACE, OUT_OF_MEMORY, WEIGHTS_MISSING, ...).
        """
        if task.mesh is None:
            raise Img23DError(ErrorCode.BAD_REQUEST, "HoloPart splits meshes only: choose a mesh, or another splitter.")
        plan = make_plan(settings, self._weights)
        part_of_face = split(task.mesh, wish_of(settings), lambda fraction: context.report(_DIVIDED * fraction, ""))
        pieces = _pieces(task, part_of_face, context.seed)
        count = int(part_of_face.max()) + 1
        numbers = np.full(count, -1)  # of the part that each piece became
        for piece in range(count):
            begin, end = (_DIVIDED + (1 - _DIVIDED) * done / count for done in (piece, piece + 1))
            made = self._made(pieces, piece, plan, context, _of_part(progress_part(context.report, begin, end), piece + 1, count))
            if made is not None:
                numbers[piece] = numbers.max() + 1
                yield made
        if numbers.max() < 0:
            raise Img23DError(ErrorCode.NO_SURFACE, "HoloPart made nothing solid of any piece: try another seed, or fewer parts.")
        left = int((numbers < 0).sum())
        yield Divided(part_of_face=numbers[part_of_face], note=f"HoloPart made nothing solid of {left} of {count} pieces." if left else "")

    def prefetch(self, settings: Settings) -> None:
        """Begins to read the networks. What is wrong with them is told when they are needed."""
        read_ahead(lambda: make_plan(settings, self._weights).networks, self._models)

    def _made(self, pieces: Pieces, piece: int, plan: CompletionPlan, context: Context, report: Report) -> PartMade | None:
        """None where there is nothing solid. Each piece begins with noise of its own."""
        report(0.0, "")
        seen = pieces.seen(piece, plan.encoder_config.tokens)
        if seen is None:
            return None
        contexts = with_frugal_plans(plan, lambda plan: looked(seen, plan, self._models), context, self._models)
        try:
            mesh = with_frugal_plans(plan, lambda plan: completed(contexts, context.seed + piece, plan, self._models, report), context, self._models)
        except Img23DError as error:
            if error.code is not ErrorCode.NO_SURFACE:
                raise
            return None
        return PartMade(mesh=seen.frame.back(mesh))


def _pieces(task: Task, part_of_face: np.ndarray, seed: int) -> Pieces:
    assert task.mesh is not None
    try:
        return Pieces(task.mesh, part_of_face, seed)
    except ValueError as error:
        raise Img23DError(ErrorCode.BAD_REQUEST, "The mesh's faces have no area: there are no parts in it.", str(error)) from error


def _of_part(report: Report, number: int, count: int) -> Report:
    """Says which part it is."""

    def told(fraction: float, note: str) -> None:
        report(fraction, f"Part {number} of {count}, {note[:1].lower()}{note[1:]}" if note else f"Part {number} of {count}")

    return told
