"""What runs on the cluster's machines: an actor that does whole jobs, or one stage of them, with engines that stay loaded."""

from __future__ import annotations

import importlib
import pickle
import queue
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from img23d_protocol import PROTOCOL_VERSION, ErrorCode, Img23DError, encode
from img23d_protocol.messages import FromBackend, Progress, Settings

from .. import __version__
from ..editing.editor import Editor
from ..home import models_folder
from ..jobs.failures import as_known
from ..jobs.job import Caller
from ..stages import Context, Engine, JobCancelled, Origin, Photo
from ..workers.pool import LAST_WORDS, JobRequest
from .files import Sent, Watched, is_seen, with_inputs

EDITOR = "editor"  # as the part of an engine that a call asks for; it is the same with every engine


class Loader(Protocol):
    """The engines of one machine, and what edits pictures there. Both raise Img23DError where they are not ready."""

    def load(self, engine_id: str) -> Engine: ...

    def load_editor(self) -> Editor: ...


MakeLoader = Callable[[], Loader]  # called once an actor, on its machine


@dataclass(frozen=True, kw_only=True)
class UsualEngines:
    """The engines of the machine that it is called on. `models` is the weights' folder, empty for that machine's own."""

    models: str = ""

    def __call__(self) -> Loader:
        from ..engines import Engines

        return Engines(Path(self.models) if self.models else models_folder())


@dataclass(frozen=True, kw_only=True)
class Welcome:
    """What an actor says first. `shares_disk`: it sees the folder of the results."""

    protocol: int
    backend: str
    node: str
    shares_disk: bool


class Actor:
    """What both kinds have in common. Each runs in threads, so that a cancel is heard while it computes."""

    def __init__(self, make_loader: MakeLoader, threads: int) -> None:
        import cv2

        cv2.setNumThreads(threads)
        importlib.import_module("..jobs.pipeline", __package__)  # its first job would wait for it otherwise
        self._loading = threading.Lock()  # a question and a stage may come at the same time
        self._engines = make_loader()
        self._stopped: set[str] = set()

    def welcome(self, mark: str, token: str) -> Welcome:
        import ray

        node = ray.get_runtime_context().get_node_id()
        return Welcome(protocol=PROTOCOL_VERSION, backend=__version__, node=node, shares_disk=is_seen(Path(mark), token))

    def cancel(self, name: str) -> None:
        self._stopped.add(name)

    def _load(self, engine: str) -> Engine:
        """Raises Img23DError."""
        with self._loading:
            return self._engines.load(engine)

    def _load_editor(self) -> Editor:
        with self._loading:
            return self._engines.load_editor()


class PhotoActor(Actor):
    """Does jobs by itself, one at a time."""

    def run(self, request: JobRequest, inputs: Mapping[str, Sent], shares_disk: bool) -> Iterator[str | Sent]:
        """Messages as lines of the contract; where no disk is shared, files before the messages that may name them."""
        with tempfile.TemporaryDirectory(prefix="img23d-") as temporary:
            folder = Path(temporary)
            own = with_inputs(request, inputs, folder)
            if not shares_disk:
                own = replace(own, run_folder=str(folder / "run"))
            watched = None if shares_disk else Watched(folder / "run")
            for message in self._messages(own):
                if watched is not None and not isinstance(message, Progress):
                    yield from watched.changed()
                yield encode(message)
        self._stopped = {name for name in self._stopped if name.partition("/")[0] != request.job}

    def _messages(self, request: JobRequest) -> Iterator[FromBackend]:
        """By a thread of the job's own, whose last message is one of LAST_WORDS."""
        from ..jobs.pipeline import run_job

        said: queue.SimpleQueue[FromBackend] = queue.SimpleQueue()
        caller = Caller(
            emit=said.put,
            load_engine=self._load,
            load_editor=self._load_editor,
            is_cancelled=lambda: request.job in self._stopped,
            is_target_cancelled=lambda target: f"{request.job}/{target}" in self._stopped,
        )
        threading.Thread(target=run_job, args=(request, caller), name="job", daemon=True).start()
        while True:
            message = said.get()
            yield message
            if isinstance(message, LAST_WORDS):
                return


@dataclass(frozen=True, kw_only=True)
class Call:
    """A method of a part of an engine (`grounder`, `matter`, `shaper`, `painter`, `depth`), or of the editor, and the arguments before and after the context."""

    id: str
    engine: str
    part: str
    method: str
    arguments: tuple[Any, ...]
    named: Mapping[str, Any]
    context: ContextValues | None  # None for a method that takes none


@dataclass(frozen=True, kw_only=True)
class ContextValues:
    """What a `Context` is but for its callables."""

    seed: int
    is_varied: bool
    settings: Settings


@dataclass(frozen=True, kw_only=True)
class SentPhoto:
    """A photo by the name of what it shows, which its copies at other sizes share."""

    photo: Photo
    origin: str


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a stage tells on its way: one of a report, a sentence and a picture."""

    fraction: float = 0.0
    note: str = ""
    sentence: str = ""
    picture: np.ndarray | None = None


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The end of a call: its value, the known failure, or that it was cancelled."""

    value: Any = None
    error: tuple[str, str, str] | None = None  # code, sentence, detail
    is_cancelled: bool = False


class StageActor(Actor):
    """Does single stages of many photos. What passes is pickled here and there, since Ray's own arrays cannot be written to."""

    def __init__(self, make_loader: MakeLoader, threads: int) -> None:
        super().__init__(make_loader, threads)
        self._origins: dict[str, Origin] = {}

    def describe(self, engine: str) -> Answer:
        """Whether the engine measures depth; the error where it is not ready here."""
        try:
            return Answer(value=self._load(engine).depth is not None)
        except Img23DError as error:
            return Answer(error=(error.code, error.sentence, error.detail))

    def ask(self, packed: bytes) -> bytes:
        """Of a pickled `Call` that takes no context its pickled `Answer`, also while a stage computes."""
        said: queue.SimpleQueue[Said | Answer] = queue.SimpleQueue()
        self._answer(pickle.loads(packed), said)
        return pickle.dumps(said.get(), protocol=5)

    def run(self, packed: bytes) -> Iterator[bytes]:
        """Pickled `Said`, and at the end one `Answer`."""
        call: Call = pickle.loads(packed)
        said: queue.SimpleQueue[Said | Answer] = queue.SimpleQueue()
        threading.Thread(target=self._answer, args=(call, said), name=call.method, daemon=True).start()
        while True:
            one = said.get()
            yield pickle.dumps(one, protocol=5)
            if isinstance(one, Answer):
                self._stopped.discard(call.id)
                return

    def _answer(self, call: Call, said: queue.SimpleQueue[Said | Answer]) -> None:
        try:
            said.put(Answer(value=self._value(call, said)))
        except JobCancelled:
            said.put(Answer(is_cancelled=True))
        except Exception as error:  # the call's boundary: whatever a stage raises is told to the pipeline
            known = as_known(error)
            said.put(Answer(error=(known.code, known.sentence, known.detail)))

    def _value(self, call: Call, said: queue.SimpleQueue[Said | Answer]) -> Any:
        part = self._load_editor() if call.part == EDITOR else getattr(self._load(call.engine), call.part)
        arguments = [self._received(one) for one in call.arguments]
        if call.context is None:
            return getattr(part, call.method)(*arguments, **call.named)
        return getattr(part, call.method)(*arguments, self._context(call, call.context, said), **call.named)

    def _context(self, call: Call, values: ContextValues, said: queue.SimpleQueue[Said | Answer]) -> Context:
        def report(fraction: float, note: str) -> None:
            if call.id in self._stopped:
                raise JobCancelled
            said.put(Said(fraction=fraction, note=note))

        return Context(
            seed=values.seed,
            is_varied=values.is_varied,
            settings=values.settings,
            report=report,
            notify=lambda sentence: said.put(Said(sentence=sentence)),
            show=lambda picture: said.put(Said(picture=picture)),
        )

    def _received(self, argument: Any) -> Any:
        """The copies of one photo get one origin again, by which the engines know what they have seen."""
        if not isinstance(argument, SentPhoto):
            return argument
        while len(self._origins) > _MOST_ORIGINS:
            self._origins.pop(next(iter(self._origins)))
        return replace(argument.photo, origin=self._origins.setdefault(argument.origin, Origin()))


_MOST_ORIGINS = 32  # photos that are known at a time


def as_error(error: tuple[str, str, str]) -> Img23DError:
    """What was raised on another machine."""
    code, sentence, detail = error
    return Img23DError(ErrorCode(code), sentence, detail)
