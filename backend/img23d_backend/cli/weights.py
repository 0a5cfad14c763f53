"""`python -m img23d_backend weights list|download|verify|delete|adopt`: the models' weights without Blender."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.choices import LICENCES
from img23d_protocol.messages import (
    DeleteWeights,
    Failed,
    InstallWeights,
    SetupRequest,
    VerifyWeights,
    WeightsInfo,
    WeightsState,
)

from ..engines import Engines
from ..home import models_folder
from ..jobs.setup_jobs import run_setup_job
from ..weights.registry import WEIGHT_SETS, weight_set
from .interrupt import cancel_on_interrupt
from .progress import EXIT_DONE, SetupPrinter

_JOB = "command-line"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    add = parser.add_argument
    add("action", choices=["list", "download", "verify", "delete", "adopt"], help="adopt: record files copied by hand")
    add("sets", nargs="*", metavar="ID", help="identifiers as in the list; verify alone takes all that are there")
    add("--models", type=Path, metavar="DIR", help="the folder of the models' weights")
    add(
        "--accept-licence",
        action="append",
        default=[],
        metavar="NAME",
        help="; ".join(f"{one.id}: {one.notice}" for one in LICENCES),
    )
    add("--offline", action="store_true", help="download nothing, use what the hub client's cache has")
    add("--verbose", action="store_true", help="print the log as well")


def run(options: argparse.Namespace) -> int:
    """The program's exit code: 0 done, 1 failed, 2 bad input, 130 cancelled."""
    engines = Engines(options.models or models_folder())
    printer = SetupPrinter(sys.stderr)
    try:
        for set_id in options.sets:
            weight_set(set_id)
        if options.action == "list":
            return _list(engines.weights.infos(), options.sets)
        sets = _sets(options, engines)
        if options.action == "adopt":
            return _adopt(engines, sets)
    except Img23DError as error:
        printer.take(Failed(job=_JOB, code=error.code, sentence=error.sentence))
        return printer.exit_code
    run_setup_job(_request(options, sets), engines, printer.take, cancel_on_interrupt().is_set)
    return printer.exit_code


def _sets(options: argparse.Namespace, engines: Engines) -> tuple[str, ...]:
    if options.sets:
        return tuple(options.sets)
    if options.action == "verify":
        there = (WeightsState.READY, WeightsState.DAMAGED)
        return tuple(info.id for info in engines.weights.infos() if info.state in there)
    sentence = f"Say which weights to {options.action}: weights list shows their identifiers."
    raise Img23DError(ErrorCode.BAD_REQUEST, sentence)


def _request(options: argparse.Namespace, sets: tuple[str, ...]) -> SetupRequest:
    match options.action:
        case "download":
            licences = tuple(options.accept_licence)
            return InstallWeights(job=_JOB, sets=sets, licences=licences, online=not options.offline)
        case "verify":
            return VerifyWeights(job=_JOB, sets=sets)
    return DeleteWeights(job=_JOB, sets=sets)


def _adopt(engines: Engines, sets: tuple[str, ...]) -> int:
    for set_id in sets:
        engines.weights.adopt(set_id)
    return EXIT_DONE


def _list(infos: tuple[WeightsInfo, ...], sets: list[str]) -> int:
    width = max(len(row.id) for row in WEIGHT_SETS)
    for info in infos:
        if info.id in sets or not sets:
            place = f"{info.folder}{' (borrowed)' if info.is_borrowed else ''}" if info.folder else ""
            size = f"{info.size_bytes / 1e9:5.2f} GB"
            print(f"{info.id:{width}}  {info.state:8}  {size}  {info.stage:6}  {info.licence:40}  {place}".rstrip())
            if info.origin:
                print(f"{'':{width}}  {info.origin}")
    return EXIT_DONE
