"""An engine whose stages are computed by actors. The pipeline runs here and does not see the difference; a stage whose machine is lost is computed
again on another one.
"""

from __future__ import annotations

import logging
import pickle
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.messages import Settings, Wanted

from ..stages import (
    Context,
    CutOut,
    Engine,
    Found,
    Ground,
    JobCancelled,
    Mesh,
    NotFound,
    Origin,
    Painted,
    Painter,
    Photo,
    PixelBox,
    Shaped,
    Shaper,
    Splats,
    View,
)
from .actors import EDITOR, Answer, Call, ContextValues, Said, SentPhoto, as_error
from .group import ActorGroup
from .plan import Kind

log = logging.getLogger(__name__)

MOST_LOSSES = 3  # machines that are lost while one stage of one thing is computed

Groups = Mapping[Kind, ActorGroup]


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Calls methods of one part of an engine on the actors of one group."""

    group: ActorGroup
    engine: str
    part: str
    wait: Callable[[], None]  # called while a question waits for an actor; may raise
    origins: dict[int, tuple[Origin, str]] = field(default_factory=dict)  # by identity; kept so that no other gets it

    def ask(self, method: str, *arguments: Any) -> Any:
        """A method that takes no context, and no time: whoever is asked answers beside its work. Raises what it raises there."""
        import ray

        packed = pickle.dumps(self._as_call(method, arguments, {}, None), protocol=5)
        for _ in range(MOST_LOSSES):
            actor = self.group.any(self.wait)
            try:
                return _value(pickle.loads(ray.get(actor.ask.remote(packed))))
            except ray.exceptions.RayError as error:
                log.warning("%s is asked again, its machine was lost: %s", method, error)
                self.group.lose(actor)
        raise _lost()

    def compute(self, method: str, *arguments: Any, context: Context, **named: Any) -> Any:
        """A stage. Raises Img23DError, and what `context.report` raises."""
        import ray

        values = ContextValues(seed=context.seed, is_varied=context.is_varied, settings=context.settings)
        call = self._as_call(method, tuple(self._sent(one) for one in arguments), named, values)
        packed = pickle.dumps(call, protocol=5)
        for _ in range(MOST_LOSSES):
            actor = self.group.lend(lambda: context.report(0.0, "Waiting for a worker"))
            try:
                answer = self._listen(actor, packed, call.id, context)
            except ray.exceptions.RayError as error:
                log.warning("%s is computed again, its machine was lost: %s", method, error)
                self.group.lose(actor)
                continue
            if answer.error is not None and answer.error[0] == ErrorCode.DEVICE_LOST:
                self.group.lose(actor)  # only a new process can use the card again
                continue
            self.group.give_back(actor)
            return _value(answer)
        raise _lost()

    def _as_call(self, method: str, arguments: tuple[Any, ...], named: Mapping[str, Any], context: ContextValues | None) -> Call:
        return Call(id=uuid.uuid4().hex, engine=self.engine, part=self.part, method=method, arguments=arguments, named=named, context=context)

    def _listen(self, actor: Any, packed: bytes, call: str, context: Context) -> Answer:
        """Tells what the stage tells until it answers. A cancel is passed on, and its answer waited for: then the actor is idle again."""
        import ray

        cancelled: JobCancelled | None = None
        for reference in actor.run.options(num_returns="streaming").remote(packed):
            said: Said | Answer = pickle.loads(ray.get(reference))
            if isinstance(said, Answer):
                if cancelled is not None:
                    return Answer(is_cancelled=True)
                return said
            try:
                if cancelled is None:
                    _tell(said, context)
            except JobCancelled as error:
                cancelled = error
                actor.cancel.remote(call)
        raise RuntimeError("a stage ended without an answer")

    def _sent(self, argument: Any) -> Any:
        if not isinstance(argument, Photo):
            return argument
        origin, name = self.origins.setdefault(id(argument.origin), (argument.origin, uuid.uuid4().hex))
        return SentPhoto(photo=argument, origin=name)


def _lost() -> Img23DError:
    return Img23DError(ErrorCode.BACKEND_DIED, "The workers that made it ended in the middle, one after the other.")


def _tell(said: Said, context: Context) -> None:
    if said.sentence:
        context.notify(said.sentence)
    elif said.picture is not None:
        context.show(said.picture)
    else:
        context.report(said.fraction, said.note)


def _value(answer: Answer) -> Any:
    if answer.is_cancelled:
        raise JobCancelled
    if answer.error is not None:
        raise as_error(answer.error)
    return answer.value


@dataclass(frozen=True, kw_only=True)
class RemoteFinder:
    """Locates and measures depth: `Grounder` and `DepthEstimator`."""

    grounder: Caller
    depth: Caller

    def locate(self, photo: Photo, wanted: tuple[Wanted, ...], context: Context) -> tuple[Found | NotFound, ...]:
        return self.grounder.compute("locate", photo, wanted, context=context)

    def ground(self, photo: Photo, boxes: Sequence[PixelBox], context: Context) -> Ground | None:
        return self.depth.compute("ground", photo, list(boxes), context=context)

    def distances(self, photo: Photo, context: Context) -> np.ndarray | None:
        return self.depth.compute("distances", photo, context=context)


@dataclass(frozen=True, kw_only=True)
class RemoteMatter:
    caller: Caller

    def cut_out(self, photo: Photo, found: Found, context: Context) -> CutOut:
        return self.caller.compute("cut_out", photo, found, context=context)


@dataclass(frozen=True, kw_only=True)
class RemoteShaper(Shaper):
    """Things of a batch are shaped at the same time, each by an actor of its own."""

    caller: Caller

    def shape(self, cutout: CutOut, settings: Settings, context: Context) -> Shaped:
        return self.caller.compute("shape", cutout, settings, context=context)

    def check(self, wanted: Sequence[Wanted], settings: Settings) -> None:
        self.caller.ask("check", tuple(wanted), settings)

    def heeds_distances(self, settings: Settings) -> bool:
        return self.caller.ask("heeds_distances", settings)

    def batch_size(self, count: int, settings: Settings) -> int:
        return max(1, min(count, self.caller.group.ready))

    def shape_batch(self, cutouts: Sequence[CutOut], settings: Settings, contexts: Sequence[Context]) -> Iterator[Shaped | Img23DError]:
        with ThreadPoolExecutor(len(cutouts), thread_name_prefix="shape") as threads:
            running = [threads.submit(self._shaped, cutout, settings, context) for cutout, context in zip(cutouts, contexts, strict=True)]
            for one in running:
                yield one.result()

    def _shaped(self, cutout: CutOut, settings: Settings, context: Context) -> Shaped | Img23DError:
        try:
            return self.shape(cutout, settings, context)
        except Img23DError as error:
            return error


@dataclass(frozen=True, kw_only=True)
class RemotePainter(Painter):
    caller: Caller

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
        return self.caller.compute("paint", mesh, view, cutout, settings, context=context, uv=uv, splats=splats)

    def prepares(self, settings: Settings) -> bool:
        return self.caller.ask("prepares", settings)

    def prepare(self, cutout: CutOut, settings: Settings, context: Context) -> np.ndarray | None:
        return self.caller.compute("prepare", cutout, settings, context=context)

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
        return self.caller.compute("paint_prepared", mesh, view, cutout, picture, settings, context=context, splats=splats)


@dataclass(frozen=True, kw_only=True)
class RemoteEditor:
    """`Editor`; its model is read when it is first asked to edit."""

    caller: Caller

    def check(self, settings: Settings) -> None:
        self.caller.ask("check", settings)

    def edit(self, rgb: np.ndarray, context: Context) -> np.ndarray:
        return self.caller.compute("edit", rgb, context=context)

    def prefetch(self, settings: Settings) -> None:
        """Which of the machines will edit is not known before."""


def remote_editor(groups: Groups, wait: Callable[[], None]) -> RemoteEditor:
    """By the actors that find: who cleans a picture has nothing else to do before things are found in it."""
    return RemoteEditor(caller=Caller(group=groups[Kind.FIND], engine="", part=EDITOR, wait=wait))


def remote_engine(engine: str, groups: Groups, depth: dict[str, bool], wait: Callable[[], None]) -> Engine:
    """For one job. `depth` keeps by the engine's id whether it measures depth, `wait` is called while an actor is waited for, to be asked that.
    Raises Img23DError where the engine is not ready on the machine that is asked.
    """
    finding = groups[Kind.FIND]
    if engine not in depth:
        depth[engine] = _measures_depth(engine, finding, wait)
    caller = partial(Caller, engine=engine, wait=wait)
    grounder = caller(group=finding, part="grounder")
    matter, estimator = (caller(group=finding, part=part, origins=grounder.origins) for part in ("matter", "depth"))
    finder = RemoteFinder(grounder=grounder, depth=estimator)
    return Engine(
        id=engine,
        grounder=finder,
        matter=RemoteMatter(caller=matter),
        shaper=RemoteShaper(caller=caller(group=groups[Kind.SHAPE], part="shaper")),
        painter=RemotePainter(caller=caller(group=groups[Kind.PAINT], part="painter")),
        depth=finder if depth[engine] else None,
    )


def _measures_depth(engine: str, finding: ActorGroup, wait: Callable[[], None]) -> bool:
    import ray

    actor = finding.any(wait)
    try:
        return _value(ray.get(actor.describe.remote(engine)))
    except ray.exceptions.RayError as error:
        finding.lose(actor)
        raise Img23DError(ErrorCode.BACKEND_DIED, "The worker that made it ended in the middle.") from error
