"""`python -m img23d_backend parts MESH|PHOTO --out DIR`: a mesh, or what a photo shows, becomes its parts."""

from __future__ import annotations

import argparse
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from img23d_protocol import Img23DError
from img23d_protocol.errors import bad_request
from img23d_protocol.options.parts.parts import SPLITTERS, splitter_named
from img23d_protocol.options.parts.splitter import MORE_MAX, MOST_PARTS

from .generate import add_splitters_options
from .interrupt import cancel_on_interrupt
from .outcome import OUR_SIDE
from .progress import EXIT_BAD_INPUT, EXIT_CANCELLED, EXIT_DONE, EXIT_FAILED, WorkPrinter


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    add = parser.add_argument
    add("thing", type=Path, metavar="MESH|PHOTO", help="the GLB file of a mesh, or a photo of one thing")
    add("--out", required=True, type=Path, metavar="DIR", help="the folder for the parts")
    add("--engine", default=SPLITTERS[0].id, choices=[one.id for one in SPLITTERS], help="what splits it; the first, built in, needs no model")
    add("--picture", metavar="PHOTO", help="a photo of the mesh as well, for an engine that looks at both")
    add("--mask", metavar="FILE", help="a PNG over the photo with a colour a part, for an engine that looks at it")
    add("--seed", type=int, default=-1, help="the same seed makes the same parts; -1, the default, draws one")
    amount = parser.add_mutually_exclusive_group()
    amount.add_argument("--parts", type=_whole, metavar="N", help=f"so many parts, 1 to {MOST_PARTS}, where the mesh has so many")
    amount.add_argument("--more", type=_steps, nargs="?", const=1.0, metavar="STEPS", help="more parts than usual: 1 (the default) to 3")
    amount.add_argument("--fewer", type=_steps, nargs="?", const=1.0, metavar="STEPS", help="fewer parts than usual: 1 (the default) to 3")
    add("--open", action="store_true", help="leave the parts open where they were cut")
    add_splitters_options(parser)


def _whole(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST_PARTS:
        raise argparse.ArgumentTypeError(f"“{text}” is no number of parts from 1 to {MOST_PARTS}")
    return int(text)


def _steps(text: str) -> float:
    try:
        steps = float(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"“{text}” is no number of steps") from error
    if not 0 <= steps <= MORE_MAX:
        raise argparse.ArgumentTypeError(f"“{text}” is no number of steps from 0 to {MORE_MAX:g}")
    return steps


def run(options: argparse.Namespace) -> int:
    """The program's exit code."""
    from ..setup_context import JobCancelled

    printer, cancelled = WorkPrinter(sys.stderr), cancel_on_interrupt()
    try:
        if splitter_named(options.engine).is_built_in:
            _divide(options, printer, cancelled)
        else:
            _split(options, printer, cancelled)
    except JobCancelled:
        printer.close()
        print("Cancelled; what was finished stays.")
        return EXIT_CANCELLED
    except Img23DError as error:
        printer.close()
        print(error.sentence, file=sys.stderr)
        return EXIT_FAILED if error.code in OUR_SIDE else EXIT_BAD_INPUT
    except OSError as error:
        printer.close()
        print(f"The folder “{options.out}” cannot be written: {error.strerror or error}", file=sys.stderr)
        return EXIT_FAILED
    return EXIT_DONE


def _report(printer: WorkPrinter, cancelled: threading.Event) -> Callable[[float, str], None]:
    from ..setup_context import JobCancelled

    def report(fraction: float, note: str) -> None:
        if cancelled.is_set():
            raise JobCancelled
        printer.draw(fraction, note)

    return report


def _divide(options: argparse.Namespace, printer: WorkPrinter, cancelled: threading.Event) -> None:
    """Divide the mesh by its shape, and tell what it became; of a photo the preview engine makes one before."""
    from ..parts.division import divide
    from ..parts.splitting.splitter import Wish
    from .split_jobs import is_photo, mesh_of_photo

    if options.mask or options.picture:
        raise bad_request(f"{SPLITTERS[0].label} splits by the shape alone: leave the picture and the mask out, or take another engine.")
    mesh = mesh_of_photo(options, printer, cancelled) if is_photo(options.thing) else options.thing
    more = options.more or -(options.fewer or 0.0)
    wish = Wish(more=more, count=options.parts)
    division = divide(mesh, options.out.absolute(), wish=wish, closes=not options.open, report=_report(printer, cancelled))
    printer.close()
    for part in division.parts:
        print(f"{part.name}: {part.file}, {part.faces:,} faces{'' if part.is_closed or options.open else ', not closed'}")
    if options.parts and len(division.parts) < options.parts:
        print(f"Only {len(division.parts)} of {options.parts} parts can be told apart.")
    print(f"{options.out.absolute()} ({len(division.parts)} parts)")


def _split(options: argparse.Namespace, printer: WorkPrinter, cancelled: threading.Event) -> None:
    """Let a model split it, and tell what it became."""
    from .split_jobs import split_with_model

    made = split_with_model(options, printer, cancelled)
    printer.close()
    for line in made.lines():
        print(line)
    print(f"{options.out.absolute()} ({len(made.parts)} parts)")
