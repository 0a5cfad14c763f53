"""`python -m img23d_backend generate PHOTO --names "cup, spoon" --out DIR`: the same pipeline without Blender."""

from __future__ import annotations

import argparse
import json
import logging
import random
import signal
import sys
import threading
from pathlib import Path
from typing import NoReturn

from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.limits import FACES_DEFAULT, SEED_MAX, TEXTURE_SIZES
from img23d_protocol.messages import Box, Generate, Settings, ShapeKind, Wanted
from img23d_protocol.names import split_names

from . import __version__, engines
from .job import Caller
from .outcome import Outcome
from .progress_bar import ProgressPrinter

EXIT_ALL_MADE, EXIT_SOME_FAILED, EXIT_BAD_INPUT, EXIT_CANCELLED = 0, 1, 2, 130


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One sentence instead of the whole usage."""
        self.exit(EXIT_BAD_INPUT, f"{self.prog}: {message} (--help shows how it is used)\n")


def run(arguments: list[str]) -> int:
    """The program's exit code: 0 all made, 1 some or all targets failed, 2 bad input, 130 cancelled."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # a console that lacks a letter must not end the program
    options = _parser().parse_args(arguments)
    _start_logging(options.verbose)
    match options.command:
        case "engines":
            return _list_engines()
        case "diagnose":
            return _diagnose()
    return _generate(options)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="img23d_backend", description="A photo and a few names become textured meshes.")
    parser.add_argument("--version", action="version", version=__version__)
    parser.set_defaults(verbose=False)
    commands = parser.add_subparsers(dest="command", required=True, parser_class=_Parser)
    _add_generate(commands.add_parser("generate", help="make meshes (GLB) of the things in a photo"))
    commands.add_parser("engines", help="list the engines")
    commands.add_parser("diagnose", help="print what a problem report needs")
    commands.add_parser("serve", help="talk to Blender through stdin and stdout")
    return parser


def _add_generate(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("photo", nargs="?", default="", help="the picture's file")
    add("--names", default="", help="what to make, separated by commas; without names the whole picture is one thing")
    add("--box", action="append", default=[], metavar="NAME=LEFT,TOP,RIGHT,BOTTOM", help="where it is, in pixels")
    add("--out", required=True, metavar="DIR", help="the folder for the results")
    add("--engine", default=engines.PREVIEW.id)
    add("--seed", type=int, default=-1, help="the same seed makes the same meshes; -1, the default, draws one")
    add("--no-texture", action="store_true", help="shapes only")
    add("--texture-size", type=int, default=TEXTURE_SIZES[0], choices=TEXTURE_SIZES, help="pixels a side")
    add("--faces", type=int, default=FACES_DEFAULT, help="at most that many triangles")
    add("--shape", default=ShapeKind.AUTO.value, choices=[kind.value for kind in ShapeKind])
    add("--thickness", type=float, default=1.0, help="depth of an inflated shape, 1 is as round as it is wide")
    add("--json", action="store_true", help="print one JSON object of results instead of lines")
    add("--verbose", action="store_true", help="print the log as well")


def _start_logging(is_verbose: bool) -> None:
    if is_verbose:
        logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    else:
        logging.getLogger().addHandler(logging.NullHandler())  # sentences for people come through the messages


def _list_engines() -> int:
    for engine in engines.infos():
        print(f"{engine.id}\t{'ready' if engine.ready else 'not ready'}\t{engine.label}\t{engine.note}")
    return EXIT_ALL_MADE


def _diagnose() -> int:
    from .diagnose import report

    print(report())
    return EXIT_ALL_MADE


# --- generate -------------------------------------------------------------------------------------------------------


def _generate(options: argparse.Namespace) -> int:
    from .pipeline import run_job

    outcome = Outcome()
    printer = ProgressPrinter(sys.stderr)
    cancelled = _cancel_on_interrupt()

    def emit(message: object) -> None:
        outcome.take(message)
        printer.take(message)

    try:
        request = _request(options)
        outcome.begin(request)
        run_job(request, Caller(emit=emit, load_engine=engines.load, is_cancelled=cancelled.is_set))
    except Img23DError as error:
        outcome.fail(error.code, error.sentence)
    printer.close()
    _print_outcome(outcome, options.json)
    return outcome.exit_code


def _cancel_on_interrupt() -> threading.Event:
    """The first Ctrl+C ends the job after its present step, the second one ends the program."""
    cancelled = threading.Event()

    def interrupt(number: int, frame: object) -> None:
        cancelled.set()
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    signal.signal(signal.SIGINT, interrupt)
    return cancelled


def _print_outcome(outcome: Outcome, as_json: bool) -> None:
    if outcome.error is not None:
        print(outcome.error.sentence, file=sys.stderr)
    if as_json:
        print(json.dumps(outcome.as_dict(), ensure_ascii=False, indent=1))
        return
    for line in outcome.lines():
        print(line)


def _request(options: argparse.Namespace) -> Generate:
    seed = options.seed if options.seed != -1 else random.randint(0, SEED_MAX)
    return Generate(
        job="command-line",
        photo=options.photo,
        run_folder=str(Path(options.out).absolute()),
        wanted=_wanted(split_names(options.names), options.box, options.photo),
        engine=options.engine,
        seed=seed,
        settings=Settings(
            texture=not options.no_texture,
            texture_size=options.texture_size,
            faces=options.faces,
            shape=ShapeKind(options.shape),
            thickness=options.thickness,
        ),
    )


def _wanted(names: tuple[str, ...], box_texts: list[str], photo: str) -> tuple[Wanted, ...]:
    """The first box of a name goes to its first target, the second to its second; a box without one adds its own."""
    wanted = [Wanted(name=name) for name in names]
    for text in box_texts:
        boxed = _boxed(text, photo)
        free = (i for i, other in enumerate(wanted) if other.name == boxed.name and other.box is None)
        index = next(free, len(wanted))
        wanted[index : index + 1] = [boxed]
    return tuple(wanted)


def _boxed(text: str, photo: str) -> Wanted:
    from .images import photo_size

    name, _, numbers = text.rpartition("=")
    try:
        left, top, right, bottom = (float(number) for number in numbers.split(","))
    except ValueError as error:
        sentence = f"“{text}” is no box: write it as name=left,top,right,bottom in pixels."
        raise Img23DError(ErrorCode.BAD_REQUEST, sentence) from error
    width, height = photo_size(photo)
    box = Box(left=left / width, top=top / height, right=right / width, bottom=bottom / height)
    return Wanted(name=" ".join(name.split()), box=box)
