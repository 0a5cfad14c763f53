"""`python -m img23d_backend serve`: the HTTP server, for people at other machines and for programs."""

from __future__ import annotations

import argparse
import importlib.util
import logging
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from img23d_protocol import Img23DError

from .progress import EXIT_BAD_INPUT, EXIT_DONE

if TYPE_CHECKING:
    from ..service.run import Started
    from ..service.settings import ServiceSettings
    from ..workers.pool import WarmUp, WorkerPool

_NEEDED = ("starlette", "uvicorn", "python_multipart", "pydantic_settings")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes: what is often said; all of the settings are variables."""
    add = parser.add_argument
    add("--host", help="the address that is listened on; 127.0.0.1, the default, is this machine alone")
    add("--port", type=int, help="10006, unless said otherwise; 0 takes any that is free")
    add("--engine", help="the engine where a request names none")
    add("--workers", type=int, help="workers over all cards; one a card where it is not said")
    add("--ray", metavar="ADDRESS", help="let the machines of a Ray cluster do the work: host:6379, or auto for the one that this machine is in")
    add("--data", type=Path, metavar="DIR", help="the folder of the jobs")
    add("--models", metavar="DIR", help="the folder of the models' weights")
    add("--env", type=Path, default=Path(".env"), metavar="FILE", help="a file of settings, NAME=value in each line; default: .env")
    add("--check", action="store_true", help="print all settings, without secrets, and end")
    add("--verbose", action="store_true", help="print the log as well")


def run(options: argparse.Namespace) -> int:
    """The program's exit code."""
    lacking = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if lacking or importlib.util.find_spec("img23d_backend.service") is None:
        print("The server's packages are not installed: python -m pip install 'img23d-backend[serve]'.", file=sys.stderr)
        return EXIT_BAD_INPUT
    from ..service.settings import read_settings, shown

    if not options.verbose:
        logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        names = ("host", "port", "engine", "workers", "ray", "data", "models")
        settings = read_settings(options.env, **{name: getattr(options, name) for name in names})
        if options.check:
            print("\n".join(shown(settings)))
            return EXIT_DONE
        if settings.ray:
            from ..cluster.joining import join

            join(settings.ray)  # before the server's own handling of signals, which Ray would replace
        from ..service.run import serve

        return serve(settings, _tell, partial(_workers, settings))
    except Img23DError as error:
        print(error.sentence, file=sys.stderr)
        return EXIT_BAD_INPUT


def _workers(settings: ServiceSettings, warm_up: WarmUp) -> WorkerPool:
    """Raises Img23DError, OSError."""
    if not settings.ray:
        from ..service.run import own_workers

        return own_workers(settings, warm_up)
    from ..cluster.remote_backend import ClusterWorkers, OwnRecipe

    made = OwnRecipe(python=settings.python, models=settings.models)
    return ClusterWorkers(made, settings.data, engine=settings.engine, workers=settings.workers, warm_up=warm_up)


def _tell(started: Started) -> None:
    print(f"Listening on {started.address}", flush=True)
    if started.new_token:
        print(f"Clients need this token: {started.new_token}", flush=True)
