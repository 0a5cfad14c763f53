"""`python -m img23d_backend evaluate [FOLDER] --engine preview --out DIR`: how near an engine's results are to the truth."""

from __future__ import annotations

import argparse
import importlib.util
import os
import platform
import shutil
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from img23d_protocol import Img23DError
from img23d_protocol.errors import bad_request
from img23d_protocol.messages import FromBackend, Generate
from img23d_protocol.options.settings import engine_named

from ..engines import PREVIEW, Engines
from ..home import models_folder
from .generate import add_engine_options, chosen_settings
from .interrupt import cancel_on_interrupt
from .outcome import Outcome

if TYPE_CHECKING:  # a set-up begins in a Python without NumPy
    from ..evaluation.runner import Made, Row

EXIT_DONE, EXIT_FAILED, EXIT_BAD_INPUT, EXIT_CANCELLED = 0, 1, 2, 130
_HEIGHTS = (0.0, 20.0, 40.0)  # degrees


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    add = parser.add_argument
    add(
        "folder",
        nargs="?",
        type=Path,
        help="pictures with GLB files of the same names, or scans as Google's or OmniObject3D's; without it, 30 things of the program's own",
    )
    add("--out", required=True, type=Path, metavar="DIR", help="the folder for results and report; what is there from an earlier run is not made again")
    add("--engine", default=PREVIEW.id)
    add("--azimuth", type=float, default=0.0, help="degrees by which the pictures were taken from further right than the GLB's front")
    add("--heights", action="store_true", help="the program's own things from three heights instead of one")
    add("--seed", type=int, default=0)
    add(
        "--lpips",
        nargs=2,
        type=Path,
        metavar=("ALEXNET", "HEADS"),
        help="LPIPS as well, with its two published files, which are yours to fetch: alexnet-owt-7be5be79.pth from download.pytorch.org, and "
        "lpips/weights/v0.1/alex.pth out of the package lpips 0.1.4",
    )
    add_engine_options(parser)


def run(options: argparse.Namespace) -> int:
    """The program's exit code."""
    if importlib.util.find_spec("img23d_backend.evaluation") is None:  # the extension comes without it
        print("What measures engines is in the Python package only: python -m pip install img23d-backend.", file=sys.stderr)
        return EXIT_BAD_INPUT
    from ..evaluation.lpips import read_lpips
    from ..evaluation.pairs import own_pairs, pairs_in
    from ..evaluation.report import write_report
    from ..evaluation.runner import evaluate

    cancelled = cancel_on_interrupt()
    try:
        maker, perceived = _Maker(options, cancelled), read_lpips(*options.lpips) if options.lpips else None
        pairs = pairs_in(options.folder, options.azimuth) if options.folder else own_pairs(_HEIGHTS if options.heights else _HEIGHTS[1:2])
        rows: list[Row] = []
        for row in evaluate(pairs, maker.make, options.out.absolute(), perceived):
            rows.append(row)
            print(_line(row), flush=True)
            if cancelled.is_set():
                return EXIT_CANCELLED
        data = options.folder.name if options.folder else "things of the program's own"
        page = write_report(
            rows,
            options.out,
            engine=engine_named(options.engine).label,
            data=data,
            machine=f"{platform.machine()}, {os.cpu_count()} threads, {platform.system()}.",
        )
    except Img23DError as error:
        print(error.sentence, file=sys.stderr)
        return EXIT_CANCELLED if cancelled.is_set() else EXIT_BAD_INPUT
    except OSError as error:
        print(f"The folder “{options.out}” cannot be written: {error.strerror or error}", file=sys.stderr)
        return EXIT_FAILED
    print(page)
    return EXIT_FAILED if any(row.problem for row in rows) else EXIT_DONE


class _Maker:
    """The whole picture as one thing, with the engine that was chosen."""

    def __init__(self, options: argparse.Namespace, cancelled: threading.Event) -> None:
        """Raises Img23DError where the engine is not there or an option is unknown."""
        self._engines = Engines(options.models or models_folder())
        self._engines.load(options.engine)
        self._engine, self._seed = options.engine, options.seed
        self._settings = chosen_settings(options).of_one_thing()
        self._cancelled = cancelled

    def make(self, picture: Path, folder: Path) -> Made:
        """Raises Img23DError where it is cancelled."""
        from ..jobs.job import Caller
        from ..jobs.pipeline import run_job

        shutil.rmtree(folder, ignore_errors=True)
        outcome, peaks = Outcome(), {}

        def emit(message: FromBackend) -> None:
            outcome.take(message)
            peaks.update({key: getattr(message, key) for key in ("memory_bytes", "card_bytes") if hasattr(message, key)})

        request = Generate(job="evaluation", photo=str(picture), run_folder=str(folder), engine=self._engine, seed=self._seed, settings=self._settings)
        outcome.begin(request)
        run_job(request, Caller(emit=emit, load_engine=self._engines.load, load_editor=self._engines.load_editor, is_cancelled=self._cancelled.is_set))
        if outcome.state == "cancelled":
            raise bad_request("Cancelled: started again with the same folder, it goes on where it stopped.")
        return _made(outcome, peaks)


def _made(outcome: Outcome, peaks: dict[str, int]) -> Made:
    from ..evaluation.runner import Made

    errors = [outcome.error, *(target.error for target in outcome.targets)]
    sentence = next((error.sentence for error in errors if error is not None), "")
    mesh = next((Path(target.mesh) for target in outcome.targets if target.mesh), None)
    made = Made(mesh=mesh, problem="" if mesh else sentence or "No mesh was made.", seconds=outcome.seconds)
    return replace(made, **peaks)


def _line(row: Row) -> str:
    if row.problem:
        return f"{row.name}: {row.problem}"
    perceived = "" if row.lpips is None else f", LPIPS {row.lpips:.3f}"
    return f"{row.name}: CD {row.chamfer:.3f}, F {row.f_scores[0]:.3f} and {row.f_scores[1]:.3f}, PSNR {row.psnr:.2f}{perceived}, {row.seconds:.1f} s"
