"""What takes one stage alone: each splitter on two boxes, each model that edits pictures on a picture, by the same jobs as in a real run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from img23d_protocol import Img23DError
from img23d_protocol.messages import Diagnose, DivisionReady, Edit, Failed, Finding, FromBackend, Level, PictureReady, Progress, Split
from img23d_protocol.options.edit import EDITORS
from img23d_protocol.options.settings import splitter_named

from ..engines import PREVIEW, Engines
from ..jobs.job import Caller
from ..jobs.parts.splitting import run_parts_job
from ..jobs.pipeline import run_job
from .actions import action_for

# A small box above a large one, as two lowest and two highest corners, x right, y away, z up
_BOXES = (((-1.0, -1.0, -1.0), (1.0, 1.0, 0.4)), ((-0.4, -0.4, 0.5), (0.4, 0.4, 1.0)))
_QUADS = ((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3))
_FROM_THE_FRONT = ((1, 0, 0, 0), (0, 0, 1, 0), (0, 1, 0, 0), (0, 0, 0, 1))


def write_boxes(path: Path) -> None:
    """The mesh of `Split`, 24 triangles in two loose pieces."""
    corners = [[(x, y, z) for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])] for low, high in _BOXES]
    first = [(number * 8 + a, number * 8 + b, number * 8 + c) for number in range(len(_BOXES)) for a, b, c, _ in _QUADS]
    second = [(number * 8 + a, number * 8 + c, number * 8 + d) for number in range(len(_BOXES)) for a, _, c, d in _QUADS]
    triangles = np.array(first + second, dtype=np.int32)
    np.savez(
        path,
        vertices=np.array(corners, dtype=np.float32).reshape(-1, 3),
        triangles=triangles,
        corners=np.arange(triangles.size, dtype=np.int32).reshape(-1, 3),
        corner_count=np.int32(triangles.size),
        view=np.array(_FROM_THE_FRONT, dtype=np.float64),
    )


def single_trials(request: Diagnose, engines: Engines, caller: Caller, photo: Path) -> list[SingleTrial]:
    """Those of what is ready; `photo` shows a ball, and what else they need is written beside it."""
    caller = replace(caller, load_splitter=engines.load_splitter, load_editor=engines.load_editor)
    splits = [
        SingleTrial(verb="Split", label=info.label, job=_split(request, info.id, photo), caller=caller) for info in engines.splitter_infos() if info.ready
    ]
    edits = [SingleTrial(verb="Clean", label=label, job=_edit(request, model, photo), caller=caller) for model, label, _ in EDITORS]
    return splits + [one for one in edits if _is_ready(one.job, engines)]


@dataclass(frozen=True, kw_only=True)
class SingleTrial:
    """One job, and what it does in a word."""

    verb: str
    label: str
    job: Split | Edit
    caller: Caller

    def findings(self, tell: Callable[[float, str], None]) -> Iterator[Finding]:
        """One, or none where it was cancelled; `tell` takes (fraction, note) and raises JobCancelled."""
        told: list[DivisionReady | PictureReady | Failed] = []

        def emit(message: FromBackend) -> None:
            if isinstance(message, Progress):
                tell(message.fraction, self.verb)
            elif isinstance(message, DivisionReady | PictureReady | Failed):
                told.append(message)

        began = time.perf_counter()
        caller = replace(self.caller, emit=emit)
        if isinstance(self.job, Split):
            run_parts_job(self.job, caller)
        else:
            run_job(self.job, caller)
        if told:
            yield self._finding(told[0], f"{time.perf_counter() - began:.1f} s, loading included")

    def _finding(self, answer: DivisionReady | PictureReady | Failed, seconds: str) -> Finding:
        what = f"{self.verb}, {self.label}"
        match answer:
            case Failed():
                return Finding(what=what, level=Level.PROBLEM, sentence=answer.sentence, action=action_for(answer.code), detail=answer.detail)
            case DivisionReady():
                return Finding(what=what, level=Level.GOOD, sentence="It works.", detail=f"{len(answer.parts)} parts, {seconds}")
            case PictureReady():
                return Finding(what=what, level=Level.GOOD, sentence="It works.", detail=f"{answer.width} x {answer.height} pixels, {seconds}")


def _split(request: Diagnose, splitter: str, photo: Path) -> Split:
    """Of the boxes alone for what can do with a mesh, so that no model for pictures is needed."""
    mesh = photo.with_name("boxes.npz")
    write_boxes(mesh)
    return Split(
        job=request.job,
        run_folder=str(photo.parent / f"parts-{splitter}"),
        name="boxes",
        mesh=str(mesh),
        picture=str(photo) if splitter_named(splitter).needs_picture else "",
        engine=PREVIEW.id,
        settings=request.settings.as_trial().changed(splitter=splitter),
    )


def _edit(request: Diagnose, model: str, photo: Path) -> Edit:
    settings = request.settings.as_trial().changed(edit=True, edit_model=model)
    return Edit(job=request.job, photo=str(photo), run_folder=str(photo.parent / model), settings=settings)


def _is_ready(job: Split | Edit, engines: Engines) -> bool:
    try:
        engines.load_editor().check(job.settings)
    except Img23DError:
        return False
    return True
