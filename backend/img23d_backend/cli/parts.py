"""`python -m img23d_backend parts MESH.glb --out DIR`: a mesh becomes its parts, without any model."""

from __future__ import annotations

import argparse
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from img23d_protocol import Img23DError

from .interrupt import cancel_on_interrupt
from .progress import EXIT_BAD_INPUT, EXIT_CANCELLED, EXIT_DONE, EXIT_FAILED, WorkPrinter

_STEPS = 3.0  # of more or fewer, at most
_MOST = 64


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("mesh", type=Path, help="the GLB file of a mesh")
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="the folder for the parts")
    amount = parser.add_mutually_exclusive_group()
    amount.add_argument("--parts", type=_whole, metavar="N", help=f"so many parts, 1 to {_MOST}, where the mesh has so many")
    amount.add_argument("--more", type=_steps, nargs="?", const=1.0, metavar="STEPS", help="more parts than usual: 1 (the default) to 3")
    amount.add_argument("--fewer", type=_steps, nargs="?", const=1.0, metavar="STEPS", help="fewer parts than usual: 1 (the default) to 3")
    parser.add_argument("--open", action="store_true", help="leave the parts open where they were cut")


def _whole(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= _MOST:
        raise argparse.ArgumentTypeError(f"“{text}” is no number of parts from 1 to {_MOST}")
    return int(text)


def _steps(text: str) -> float:
    try:
        steps = float(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"“{text}” is no number of steps") from error
    if not 0 <= steps <= _STEPS:
        raise argparse.ArgumentTypeError(f"“{text}” is no number of steps from 0 to {_STEPS:g}")
    return steps


def run(options: argparse.Namespace) -> int:
    """The program's exit code."""
    from ..setup_context import JobCancelled

    printer, cancelled = WorkPrinter(sys.stderr), cancel_on_interrupt()
    try:
        _divide(options, _report(printer, cancelled))
    except JobCancelled:
        printer.close()
        print("Cancelled; what was finished stays.")
        return EXIT_CANCELLED
    except Img23DError as error:
        printer.close()
        print(error.sentence, file=sys.stderr)
        return EXIT_BAD_INPUT
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


def _divide(options: argparse.Namespace, report: Callable[[float, str], None]) -> None:
    """Divide the mesh, and tell what it became."""
    from ..parts.division import divide
    from ..parts.splitting.splitter import Wish

    more = options.more or -(options.fewer or 0.0)
    division = divide(options.mesh, options.out.absolute(), wish=Wish(more=more, count=options.parts), closes=not options.open, report=report)
    for part in division.parts:
        print(f"{part.name}: {part.file}, {part.faces:,} faces{'' if part.is_closed or options.open else ', not closed'}")
    if options.parts and len(division.parts) < options.parts:
        print(f"Only {len(division.parts)} of {options.parts} parts can be told apart.")
    print(f"{options.out.absolute()} ({len(division.parts)} parts)")
