"""`python -m img23d_backend backend` is the process beside Blender, `relay` the one that lets another machine work; everything else is the command line."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


def main() -> int:
    """The program's exit code. Nothing but the standard library is imported before the pipes are taken."""
    if sys.argv[1:2] == ["backend"]:
        return _talk_to_blender(sys.argv[2:])
    if sys.argv[1:2] == ["relay"]:
        return _relay(sys.argv[2:])
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


def _relay(arguments: list[str]) -> int:
    """The token is read from a file, since everybody can read a command line."""
    parser = argparse.ArgumentParser(prog="img23d_backend relay", description="Talk to Blender through stdin and stdout, and let another machine work.")
    parser.add_argument("--address", required=True, help="where its img23d serve listens, such as https://workstation:10006")
    parser.add_argument("--token-file", type=Path, help="the file that holds the server's token")
    parser.add_argument("--certificate", type=Path, help="a PEM file with the certificate to trust: the server's own, or of who has signed it")
    parser.add_argument("--log", type=Path, help="where everything goes that is printed")
    options = parser.parse_args(arguments)

    from img23d_protocol import Img23DError
    from img23d_protocol.machines.address import read_address

    try:
        address = read_address(options.address)
    except Img23DError as error:
        parser.error(error.sentence)
    from .pipe.channel import take_channel

    channel = take_channel(options.log)
    from .relay.connection import Connection
    from .relay.server import RelayServer

    return RelayServer(channel, Connection(address=address, token_file=options.token_file, certificate=options.certificate)).serve()


if __name__ == "__main__":
    sys.exit(main())
