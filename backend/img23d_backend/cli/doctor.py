"""`python -m img23d_backend doctor`: what works on this machine, what does not, and what to do about it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from img23d_protocol.messages import Cancelled, Diagnose, Diagnosed, Failed, Finding, FromBackend, Level, Progress

from ..engines import Engines
from ..home import models_folder
from .interrupt import cancel_on_interrupt

EXIT_GOOD, EXIT_PROBLEM, EXIT_CANCELLED = 0, 1, 130
_SIGNS = {Level.GOOD: "good", Level.NOTE: "note", Level.WARNING: "warning", Level.PROBLEM: "PROBLEM"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    add = parser.add_argument
    add("--models", type=Path, metavar="DIR", help="the folder of the models' weights")
    add("--out", type=Path, default=Path(), metavar="DIR", help="the folder for results, to be looked at as well; the present one")
    add("--try-stages", action="store_true", help="try each stage on a tiny picture, which loads its model")
    add("--report", action="store_true", help="print what a problem report needs as well; it names nobody")
    add("--verbose", action="store_true", help="print the log as well")


def run(options: argparse.Namespace) -> int:
    """The program's exit code: 0 no problem, 1 a problem, 130 cancelled."""
    from ..diagnose import run_diagnosis
    from ..jobs.job import Caller

    engines, cancelled = Engines(options.models or models_folder()), cancel_on_interrupt()
    heard: list[FromBackend] = []

    def emit(message: FromBackend) -> None:
        if not isinstance(message, Progress):
            heard.append(message)
        elif message.note and sys.stderr.isatty():
            sys.stderr.write(f"{message.note}\n")

    request = Diagnose(job="command-line", run_folder=str(options.out.absolute()), try_stages=options.try_stages)
    run_diagnosis(request, engines, Caller(emit=emit, load_engine=engines.load, load_editor=engines.load_editor, is_cancelled=cancelled.is_set))
    return _print(heard[-1], with_report=options.report)


def _print(last: FromBackend, *, with_report: bool) -> int:
    match last:
        case Diagnosed():
            for finding in last.findings:
                print(_line(finding))
            if with_report:
                print(f"\n{last.report}")
            return EXIT_PROBLEM if any(finding.level is Level.PROBLEM for finding in last.findings) else EXIT_GOOD
        case Cancelled():
            return EXIT_CANCELLED
        case Failed():
            print(last.sentence, file=sys.stderr)
    return EXIT_PROBLEM


def _line(finding: Finding) -> str:
    return f"{_SIGNS[finding.level]:8} {finding.what}: {finding.sentence}"
