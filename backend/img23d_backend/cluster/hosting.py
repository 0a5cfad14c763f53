"""A backend process on a machine of the cluster, for a pool that is elsewhere: what each says to the other passes through an actor, files included."""

from __future__ import annotations

import json
import platform
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from img23d_protocol import encode
from img23d_protocol.files.whole_files import write_whole
from img23d_protocol.messages import Message, Progress

from ..workers.backend import Ended
from ..workers.pool import LAST_WORDS
from ..workers.process import WorkerProcess
from ..workers.recipe import Place
from .files import Sent, Watched, is_seen


class StartsHere(Protocol):
    """How a backend is started on the machine itself, such as a `Recipe`."""

    def start(self, place: Place, log: Path, /) -> WorkerProcess:
        """Raises Img23DError(BACKEND_START)."""
        ...


MakeRecipe = Callable[[], StartsHere]  # called on the actor's machine

THREADS = 4  # of the actor: one listens, the others pass on
_LOOK_SECONDS = 60.0
_IN, _RUN = "in", "run"


class HostActor:
    """The backend ends with the actor's process: its stdin does."""

    def __init__(self, make_recipe: MakeRecipe, place: Place, mark: str, token: str) -> None:
        """Raises Img23DError(BACKEND_START)."""
        self._scratch = tempfile.TemporaryDirectory(prefix="img23d-")
        self._folder = Path(self._scratch.name)
        self._shares_disk = is_seen(Path(mark), token)
        self._watched: Watched | None = None  # of the job whose files are fetched from here
        self._process = make_recipe().start(place, self._folder / "backend.log")

    def listen(self) -> Iterator[str | Sent | Ended]:
        """First the machine's name, then everything that the backend says until its end; files before the messages that may name them."""
        yield _machine()
        while True:
            item = self._process.receive(_LOOK_SECONDS)
            if isinstance(item, Ended):
                yield item
                return
            if not isinstance(item, Message):
                continue
            watched = self._watched
            if watched is not None and not isinstance(item, Progress):
                yield from watched.changed()
            if isinstance(item, LAST_WORDS):
                self._watched = None
            yield encode(item)

    def begin(self, line: str, inputs: Mapping[str, bytes]) -> None:
        """A job as a line of the contract; `inputs` are the files that it names, by their paths elsewhere."""
        if self._shares_disk:
            self._process.send_line(line)
            return
        for name in (_IN, _RUN):
            shutil.rmtree(self._folder / name, ignore_errors=True)
        own = {path: str(self._written(number, path, data)) for number, (path, data) in enumerate(inputs.items())}
        self._watched = Watched(self._folder / _RUN)
        self._process.send_line(json.dumps(renamed(json.loads(line), own) | {"run_folder": str(self._folder / _RUN)}))

    def pass_on(self, line: str) -> None:
        """What is no job."""
        self._process.send_line(line)

    def _written(self, number: int, path: str, data: bytes) -> Path:
        place = self._folder / _IN / str(number) / Path(path).name
        place.parent.mkdir(parents=True, exist_ok=True)
        write_whole(place, data)
        return place


def _machine() -> str:
    """Its name, and the beginning of the one that Ray has for it."""
    import ray

    return f"{platform.node()} {ray.get_runtime_context().get_node_id()[:8]}"


def renamed(part: Any, names: Mapping[str, str]) -> Any:
    """JSON data with other paths in place of these."""
    if isinstance(part, dict):
        return {key: renamed(value, names) for key, value in part.items()}
    if isinstance(part, list):
        return [renamed(value, names) for value in part]
    return names.get(part, part) if isinstance(part, str) else part


def files_below(part: Any, folder: Path) -> Iterator[Path]:
    """What JSON data names of the files below a folder."""
    if isinstance(part, dict | list):
        for value in part.values() if isinstance(part, dict) else part:
            yield from files_below(value, folder)
    elif isinstance(part, str) and part.startswith(str(folder)):
        path = Path(part)
        if folder in path.parents and ".." not in path.parts and path.is_file():
            yield path
