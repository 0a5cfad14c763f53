"""The jobs behind the command `parts`: the whole of a photo by the preview engine, and parts by a model."""

from __future__ import annotations

import argparse
import random
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.files.filenames import FileName, in_folder
from img23d_protocol.limits import SEED_MAX
from img23d_protocol.messages import (
    WHOLE,
    Cancelled,
    DivisionReady,
    Failed,
    FromBackend,
    Generate,
    Notice,
    Progress,
    ResultReady,
    Settings,
    Split,
    TargetFailed,
)

from ..engines import PREVIEW, Engines
from ..home import models_folder
from ..setup_context import JobCancelled
from .generate import splitters_settings
from .progress import WorkPrinter

_MESH = "mesh.npz"
_TO_WORLD = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])  # from glTF's y up to Blender's z up


@dataclass(kw_only=True)
class Made:
    """What a job has announced, filled by `take`. Raises where it ends without its result."""

    folder: str
    printer: WorkPrinter
    whole: FileName | None = None  # its file
    parts: dict[int, ResultReady] = field(default_factory=dict)
    division: DivisionReady | None = None
    notes: list[str] = field(default_factory=list)
    failure: Img23DError | None = None
    is_cancelled: bool = False

    def take(self, message: FromBackend) -> None:
        match message:
            case Progress():
                self.printer.draw(message.fraction, f"{message.stage} {message.note}")
            case Notice():
                self.notes.append(message.sentence)
            case ResultReady(piece=piece) if piece == WHOLE:
                self.whole = message.files[0]
            case ResultReady():
                self.parts[message.piece.part or 0] = message
            case DivisionReady():
                self.division = message
            case Failed() | TargetFailed():
                self.failure = Img23DError(ErrorCode(message.code), message.sentence, message.detail)
            case Cancelled():
                self.is_cancelled = True

    def end(self) -> None:
        """Raises Img23DError or JobCancelled."""
        if self.is_cancelled:
            raise JobCancelled
        if self.failure is not None:
            raise self.failure

    def lines(self) -> Iterator[str]:
        yield from self.notes
        names = [one.name for one in self.division.parts] if self.division is not None else []
        for number, ready in sorted(self.parts.items()):
            name = names[number] if number < len(names) else ready.name
            yield f"{name}: {ready.files[0]}, {ready.count:,} faces"


def is_photo(path: Path) -> bool:
    """Whether its first bytes are a picture's; what cannot be read is told of when it is read as a mesh."""
    from ..images.formats.detection import read_header
    from ..images.formats.header import CutShort, Damaged, NotAPicture

    try:
        read_header(path.read_bytes())
    except (OSError, NotAPicture):
        return False
    except (CutShort, Damaged):
        return True
    return True


def mesh_of_photo(options: argparse.Namespace, printer: WorkPrinter, cancelled: threading.Event) -> Path:
    """The GLB of the whole picture's thing. Raises Img23DError, JobCancelled."""
    from ..jobs.job import Caller
    from ..jobs.pipeline import run_job

    folder = str(options.out.absolute())
    request = Generate(job="command-line", photo=str(options.thing), run_folder=folder, engine=PREVIEW.id, seed=_seed(options), settings=Settings())
    made = Made(folder=folder, printer=printer)
    engines = Engines(options.models or models_folder())
    run_job(request, Caller(emit=made.take, load_engine=engines.load, load_editor=engines.load_editor, is_cancelled=cancelled.is_set))
    made.end()
    engines.unload()
    if made.whole is None:
        raise Img23DError(ErrorCode.EMPTY_CUTOUT, f"Nothing stands out in “{options.thing.name}” that could be split.")
    return Path(in_folder(folder, made.whole))


def split_with_model(options: argparse.Namespace, printer: WorkPrinter, cancelled: threading.Event) -> Made:
    """Raises Img23DError, JobCancelled, OSError."""
    from ..jobs.job import Caller
    from ..jobs.parts.splitting import run_parts_job

    engines = Engines(options.models or models_folder())
    engines.load_splitter(options.engine)  # its sentence where it is not ready, before anything is written
    made = Made(folder=str(options.out.absolute()), printer=printer)
    request = _request(options)
    run_parts_job(request, Caller(emit=made.take, load_engine=engines.load, load_splitter=engines.load_splitter, is_cancelled=cancelled.is_set))
    made.end()
    return made


def _request(options: argparse.Namespace) -> Split:
    count = {"parts_count": options.parts or 0, "parts_more": options.more or -(options.fewer or 0.0), "parts_closed": not options.open}
    settings = splitters_settings(options, splitter=options.engine, **count)
    folder, shows = options.out.absolute(), is_photo(options.thing)
    picture = str(options.thing) if shows else options.picture or ""
    return Split(
        job="command-line",
        run_folder=str(folder),
        name=options.thing.stem,
        mesh="" if shows else str(_written(options.thing, folder)),
        picture=picture,
        mask=options.mask or "",
        seed=_seed(options),
        settings=settings,
    )


def _written(mesh: Path, folder: Path) -> Path:
    """The mesh of a GLB as the extension hands one over, seen from its front. Raises Img23DError, OSError."""
    from ..parts.files.source import read_source

    source = read_source(mesh).mesh
    folder.mkdir(parents=True, exist_ok=True)
    corners = np.arange(source.faces.size, dtype=np.int32).reshape(-1, 3)
    view = np.array([[1, 0, 0, 0], [0, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 1]], dtype=np.float64)  # right x, up z, away from the viewer y
    path = folder / _MESH
    vertices = (source.vertices.astype(np.float64) @ _TO_WORLD.T).astype(np.float32)
    np.savez(path, vertices=vertices, triangles=source.faces, corners=corners, corner_count=np.int32(corners.size), view=view)
    return path


def _seed(options: argparse.Namespace) -> int:
    return options.seed if options.seed != -1 else random.randint(0, SEED_MAX)
