"""`python -m img23d_backend`: everything that can be done without Blender, one module a command."""

from __future__ import annotations

import argparse
import io
import logging
import sys
from pathlib import Path
from typing import NoReturn

from .. import __version__
from ..engines import Engines
from ..home import models_folder
from . import batch, doctor, evaluate, generate, parts, serve, setup, weights

EXIT_DONE, EXIT_BAD_INPUT = 0, 2

_COMMANDS = {"generate": generate, "batch": batch, "evaluate": evaluate, "parts": parts, "serve": serve, "setup": setup, "weights": weights, "doctor": doctor}


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One sentence instead of the whole usage."""
        self.exit(EXIT_BAD_INPUT, f"{self.prog}: {message} (--help shows how it is used)\n")


def run(arguments: list[str]) -> int:
    """The program's exit code: 0 all done, 1 some or all of it failed, 2 bad input, 130 cancelled."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a console that lacks a letter must not end the program
    options = _parser().parse_args(arguments)
    _start_logging(options.verbose)
    if options.command == "engines":
        return _list_engines(Engines(options.models or models_folder()))
    return _COMMANDS[options.command].run(options)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="img23d_backend", description="A photo and a few names become textured meshes.")
    parser.add_argument("--version", action="version", version=__version__)
    parser.set_defaults(verbose=False)
    commands = parser.add_subparsers(dest="command", required=True, parser_class=_Parser)
    for name, help_text in (
        ("generate", "make meshes (GLB) of the things in a photo"),
        ("batch", "make meshes of thousands of photos, shared among workers; goes on where it stopped"),
        ("parts", "divide a mesh (GLB) into its parts"),
        ("serve", "do jobs for other machines and programs, over HTTP"),
        ("evaluate", "measure an engine on pictures whose truth is known"),
        ("setup", "make the environment of the learned models and download their weights"),
        ("weights", "list, download, verify or delete weights"),
        ("doctor", "look whether everything works here, and say what to do where it does not"),
    ):
        command = commands.add_parser(name, help=help_text)
        _COMMANDS[name].add_arguments(command)
    engines = commands.add_parser("engines", help="list the engines, and by which command each is used")
    engines.add_argument("--models", type=Path, metavar="DIR", help="the folder of the models' weights")
    commands.add_parser("backend", help="talk to Blender through stdin and stdout")
    commands.add_parser("relay", help="the same, with another machine's server that does the work")
    return parser


def _start_logging(is_verbose: bool) -> None:
    if is_verbose:
        logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    else:
        logging.getLogger().addHandler(logging.NullHandler())  # sentences for people come through the messages


def _list_engines(engines: Engines) -> int:
    for command, infos in (("generate", engines.infos()), ("parts", engines.splitter_infos())):
        for engine in infos:
            print(f"{command}\t{engine.id}\t{'ready' if engine.ready else 'not ready'}\t{engine.label}\t{engine.note}")
    return EXIT_DONE
