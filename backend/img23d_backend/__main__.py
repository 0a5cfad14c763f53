"""`python -m img23d_backend backend` is the process beside Blender; everything else is the command line."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


def main() -> int:
    """The program's exit code. Nothing but the standard library is imported before the pipes are taken."""
    if sys.argv[1:2] == ["backend"]:
        return _talk_to_blender(sys.argv[2:])
    from .cli.commands import run

    return run(sys.argv[1:])


def _talk_to_blender(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="img23d_backend backend", description="Talk to Blender through stdin and stdout.")
    parser.add_argument("--log", type=Path, help="where everything goes that is printed")
    parser.add_argument("--models", type=Path, help="the folder of the models' weights")
    options = parser.parse_args(arguments)

    from .pipe.channel import end_with_parent, take_channel

    channel = take_channel(options.log)
    end_with_parent()
    from .engines import Engines
    from .home import models_folder
    from .pipe.server import Server

    return Server(channel, Engines(options.models or models_folder())).serve()


if __name__ == "__main__":
    sys.exit(main())
