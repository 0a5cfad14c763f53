"""Meshes in the form that `messages.Paint` describes, splitters that follow a script, and what a job says."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import trimesh

from img23d_backend.engines import Engines
from img23d_backend.jobs.job import Caller
from img23d_backend.jobs.parts.splitting import run_parts_job
from img23d_backend.parts.stage import Divided, PartMade, Splitter, Task, WholeMade
from img23d_backend.stages import Context, Mesh
from img23d_protocol.messages import Close, DivisionReady, FromBackend, LidsReady, Progress, ResultReady, Settings, Split

FRONT = np.array([[1, 0, 0, 0], [0, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 1]], dtype=np.float64)  # right, up and away from the viewer of z up


def balls(*spots: tuple[float, float, float, float]) -> trimesh.Trimesh:
    """Each x, y, z and radius, loose from each other."""
    found = []
    for x, y, z, radius in spots:
        found.append(trimesh.creation.icosphere(subdivisions=2, radius=radius))
        found[-1].apply_translation((x, y, z))
    return trimesh.util.concatenate(found)


def write_mesh(path: Path, vertices: np.ndarray, triangles: np.ndarray, *, corners: np.ndarray | None = None, view: np.ndarray | None = None) -> Path:
    """Without shared corners every triangle is a face of its own."""
    corners = np.arange(triangles.size).reshape(-1, 3) if corners is None else corners
    more = {} if view is None else {"view": view}
    count = np.int32(corners.max(initial=-1) + 1)
    arrays = {"vertices": np.asarray(vertices, np.float32), "triangles": np.asarray(triangles, np.int32), "corners": corners.astype(np.int32)}
    np.savez(path, **arrays, corner_count=count, **more)
    return path


@dataclass
class Heard:
    """All that a job said, and what the files hold that it named."""

    folder: Path
    messages: list[FromBackend] = field(default_factory=list)
    hears: Callable[[FromBackend], None] = lambda message: None
    ended: float = 0.0

    def take(self, message: FromBackend) -> None:
        self.messages.append(message)
        self.hears(message)

    @property
    def last(self) -> FromBackend:
        return self.messages[-1]

    @property
    def kinds(self) -> list[str]:
        """Without progress."""
        return [type(one).__name__ for one in self.messages if not isinstance(one, Progress)]

    @property
    def division(self) -> DivisionReady:
        (found,) = [one for one in self.messages if isinstance(one, DivisionReady)]
        return found

    @property
    def labels(self) -> np.ndarray:
        return np.load(self.folder / str(self.division.labels))

    @property
    def results(self) -> list[ResultReady]:
        return [one for one in self.messages if isinstance(one, ResultReady)]

    @property
    def lids(self) -> dict[str, np.ndarray]:
        (found,) = [one for one in self.messages if isinstance(one, LidsReady)]
        with np.load(self.folder / found.lids) as arrays:
            return dict(arrays)

    def scene(self, name: str) -> trimesh.Scene:
        return trimesh.load(self.folder / name, process=False)


def run(request: Split | Close, *, splitter: Splitter | None = None, cancel: Callable[[], bool] = lambda: False) -> Heard:
    """As the server runs it."""
    heard = Heard(folder=Path(request.run_folder))
    engines = Engines(heard.folder.parent / "models")
    load = engines.load_splitter if splitter is None else lambda identifier: splitter
    run_parts_job(request, Caller(emit=heard.take, load_engine=engines.load, load_splitter=load, is_cancelled=cancel))
    heard.ended = time.monotonic()
    return heard


def split(tmp_path: Path, mesh: trimesh.Trimesh, **values: object) -> Heard:
    """By the built-in splitter."""
    path = write_mesh(tmp_path / "mesh.npz", mesh.vertices, mesh.faces)
    return run(Split(job="j", run_folder=str(tmp_path / "run"), name="Thing", mesh=str(path), settings=Settings.of(**values)))


class Scripted(Splitter):
    """Says what it is told to, and keeps the task."""

    def __init__(self, says: Sequence[WholeMade | PartMade | Divided | Exception], between: Callable[[Context], None] = lambda context: None) -> None:
        self.says, self.between = says, between
        self.task: Task | None = None
        self.was_prefetched = False

    def split(self, task: Task, settings: Settings, context: Context) -> Iterator[WholeMade | PartMade | Divided]:
        self.task = task
        for number, one in enumerate(self.says):
            context.report(number / len(self.says), f"part {number + 1}")
            self.between(context)
            if isinstance(one, Exception):
                raise one
            yield one

    def prefetch(self, settings: Settings) -> None:
        self.was_prefetched = True


def ball_mesh(x: float, y: float, z: float, radius: float) -> Mesh:
    """In glTF's axes."""
    one = trimesh.creation.icosphere(subdivisions=2, radius=radius)
    return Mesh(vertices=(one.vertices + (x, y, z)).astype(np.float32), faces=one.faces.astype(np.int32))
