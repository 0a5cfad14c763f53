"""The splitter: parts of a picture, of a mesh, of both, or those that are painted on the picture, with a mesh or without."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.messages import Settings

from ...models.load_plan import Report, progress_part, read_ahead
from ...models.store import ModelStore
from ...parts.stage import Divided, PartMade, Splitter, Task, WholeMade
from ...stages import Context, Mesh
from ...weights.store import WeightStore
from .division.cleaning import cleaned
from .division.codes import decode, encode
from .division.endings import ending
from .division.frame import UNIT, Frame
from .division.looking import look
from .division.loop import Event, Kind, Rules, make_parts
from .division.maker import Computing, Looks, PartMaker
from .division.pictures import part_values
from .loading.plan import make_plan
from .sampling.sample import SCALE

if TYPE_CHECKING:
    from torch import Tensor

_LOOKED, _WHOLE = 0.02, 0.15  # of the work
_SHARE = 0.15  # of what is left that each part takes, where nobody knows how many there will be
_SAMPLED = 0.8  # of the whole's progress
_NO_WHOLE = "AutoPartGen sees nothing solid in this cut-out: give the thing a closer box, or try another seed."


class AutoPartSplitter(Splitter):
    """Keeps nothing but what it was given: the networks live in the model store."""

    def __init__(self, weights: WeightStore, models: ModelStore) -> None:
        self._weights = weights
        self._models = models

    def split(self, task: Task, settings: Settings, context: Context) -> Iterator[WholeMade | PartMade | Divided]:
        """Each part as soon as it is there, in the frame of the mesh or of the whole.

        Raises Img23DError (BAD_REQUEST, EMPTY_CUTOUT, NO_SURFACE, OUT_OF_MEMORY, WEIGHTS_MISSING, ...).
        """
        plan = make_plan(settings, self._weights)
        mask = task.mask if task.cutout is not None else None
        values = part_values(mask) if mask is not None else ()
        frame = UNIT if task.mesh is None else Frame.of(task.mesh)
        computing = Computing(plan, self._models, context)
        context.report(0.0, "Looking at the picture" if task.cutout is not None else "")
        looks = look(computing, self._weights, task.cutout, mask, values)
        context.report(_LOOKED, "")
        if task.mesh is None:
            code, whole = _made_whole(computing, looks, context)
            yield WholeMade(mesh=whole)
        else:
            code = _encoded(computing, frame.into(task.mesh), context)
        guidance = plan.guidance(has_mesh=task.mesh is not None, has_picture=looks.whole is not None, has_mask=bool(values))
        begin = _LOOKED if task.mesh is not None else _WHOLE
        maker = PartMaker(computing, looks, code, guidance, context.seed, _reports(context, begin, len(values), plan.most))
        events: list[Event] = []
        for event in make_parts(maker, Rules(seed=context.seed, most=plan.most, masks=len(values))):
            events.append(event)
            if event.kind is Kind.PART and event.mesh is not None:
                yield PartMade(mesh=frame.back(event.mesh), mask=values[event.number] if values else 0)
        if note := ending(events):
            context.notify(note)

    def prefetch(self, settings: Settings) -> None:
        """Begins to read the networks. What is wrong with them is told when they are needed."""
        read_ahead(lambda: make_plan(settings, self._weights).networks, self._models)


def _encoded(computing: Computing, mesh: Mesh, context: Context) -> Tensor:
    """(1, L, channels)."""
    try:
        return computing.run(lambda plan, models: encode([mesh], plan, models, seed=context.seed))
    except ValueError as error:
        raise Img23DError(ErrorCode.BAD_REQUEST, "The mesh's faces have no area: there are no parts in it.", str(error)) from error


def _made_whole(computing: Computing, looks: Looks, context: Context) -> tuple[Tensor, Mesh]:
    """The code (1, L, channels) of the thing in the picture, scaled, and its mesh."""
    import torch

    report = progress_part(context.report, _LOOKED, _WHOLE)
    latents = computing.whole(looks, context.seed, lambda done, note: report(_SAMPLED * done, f"The whole, {note}"))
    finding = progress_part(report, _SAMPLED, 1.0)

    mesh = computing.run(lambda plan, models: decode(latents, plan, models, finding))
    if mesh is None:
        raise Img23DError(ErrorCode.NO_SURFACE, _NO_WHOLE)
    return torch.from_numpy(latents)[None] * SCALE, cleaned(mesh, computing.plan.faces)


def _reports(context: Context, begin: float, masks: int, most: int) -> Callable[[int], Report]:
    """Where each part reports to, by its number. A part that is tried again takes nothing back."""
    done = begin

    def reached(number: int) -> float:
        share = number / masks if masks else max(1 - (1 - _SHARE) ** number, number / most)
        return begin + (1 - begin) * min(share, 1.0)

    def tell(fraction: float, note: str) -> None:
        nonlocal done
        done = max(done, fraction)
        context.report(done, note)

    return lambda number: progress_part(tell, reached(number), reached(number + 1))
