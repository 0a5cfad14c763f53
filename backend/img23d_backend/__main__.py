"""`python -m img23d_backend serve` is the process beside Blender; everything else is the command line."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


def main() -> int:
    """The program's exit code. Nothing but the standard library is imported before the pipes are taken."""
    if sys.argv[1:2] == ["serve"]:
        return _serve(sys.argv[2:])
    from .cli.commands import run

    return run(sys.argv[1:])


def _serve(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="img23d_backend serve", description="Talk to Blender through stdin and stdout.")
    parser.add_argument("--log", type=Path, help="where everything goes that is printed")
    parser.add_argument("--models", type=Path, help="the folder of the models' weights")
    options = parser.parse_args(arguments)

    from .serve.channel import end_with_parent, take_channel

    channel = take_channel(options.log)
    end_with_parent()
    from .engines import Engines
    from .home import models_folder
    from .serve.server import Server

    return Server(channel, Engines(options.models or models_folder())).serve()


if __name__ == "__main__":
    sys.exit(main())
