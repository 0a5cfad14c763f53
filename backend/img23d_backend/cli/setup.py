"""`python -m img23d_backend setup`: from nothing to engines that are ready, in any bare Python."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import threading
from pathlib import Path

from img23d_protocol import ErrorCode, Img23DError, ProtocolError, decode, encode
from img23d_protocol.choices import LICENCES, TENCENT_LICENCE, TORCH_BUILDS, Licence, licence_named
from img23d_protocol.environment import interpreter_in
from img23d_protocol.messages import Failed, InstallEnvironment, Shutdown, Status
from img23d_protocol.options.declare import Engine
from img23d_protocol.options.settings import SET_UP, Settings, engine_named, first_to_set_up
from img23d_protocol.variables import HUB_LOGIN

from ..engines import Engines
from ..home import environment_folder, models_folder
from ..jobs.setup_jobs import run_setup_job
from ..weights.registry import weight_set
from ..workers.recipe import child_variables, python_command
from .interrupt import cancel_on_interrupt
from .progress import EXIT_CANCELLED, EXIT_DONE, EXIT_FAILED, SetupPrinter

STATUS_SECONDS = 180.0  # for the new backend to import torch and look at the devices; an antivirus reads each file first

_JOB = "command-line"
_LICENCES = "a licence that you have read and accept: " + "; ".join(f"{one.id} ({one.notice} {one.link})" for one in LICENCES)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    add = parser.add_argument
    add("--folder", default="", metavar="DIR", help="the environment's folder, 2 to 20 GB; IMG23D_HOME moves the default")
    add("--models", default="", metavar="DIR", help="the folder of the models' weights")
    builds = ", ".join(identifier for identifier, _, _ in TORCH_BUILDS)
    add("--torch", default="auto", metavar="BUILD", help=f"{builds}, or a tag such as cu130")
    add("--uv", default="", metavar="FILE", help="uv's program; default: the one that is installed")
    add("--offline", action="store_true", help="download nothing: only say whether all is there")
    engines = ", ".join(one.id for one in SET_UP)
    add("--engine", default="", metavar="NAME", choices=[one.id for one in SET_UP], help=f"{engines}; default: {_usual()}")
    add("--sets", nargs="*", metavar="ID", help="weights; default: those that the engine works with as long as nothing else is chosen")
    add("--no-weights", action="store_true", help="the environment alone")
    add("--accept-licence", action="append", default=[], choices=[one.id for one in LICENCES], metavar="NAME", help=_LICENCES)


def run(options: argparse.Namespace) -> int:
    """The program's exit code: 0 done, 1 failed, 2 bad input, 130 cancelled; the next run goes on where this one stopped."""
    printer = SetupPrinter(sys.stderr)
    try:
        licences = _accepted(options.accept_licence, options.engine)
        sets = () if options.no_weights else tuple(weight_set(set_id).id for set_id in _wanted(options, licences))
        request = _request(options, licences)
    except Img23DError as error:
        printer.take(Failed(job=_JOB, code=error.code, sentence=error.sentence, detail=error.detail))
        return printer.exit_code
    environment, models = Path(request.folder), models_folder(options.models)
    run_setup_job(request, Engines(models), printer.take, cancel_on_interrupt().is_set)
    if printer.exit_code != EXIT_DONE:
        return printer.exit_code
    downloaded = _download(environment, models, _allowed(sets, licences), licences, options.offline)
    if downloaded == EXIT_CANCELLED:
        return downloaded
    shown = _show_engines(environment, models)  # what came works also where some of the weights did not
    return downloaded or shown


def _usual() -> str:
    asked, free = first_to_set_up({TENCENT_LICENCE}), first_to_set_up(())
    return f"{asked.id} where its licence is accepted, otherwise {free.id}, which may be used everywhere"


def _wanted(options: argparse.Namespace, licences: tuple[str, ...]) -> tuple[str, ...]:
    """The file sets that were named, or those of the engine that was named or follows from the licences."""
    if options.sets is not None:
        return tuple(options.sets)
    engine = engine_named(options.engine) if options.engine else first_to_set_up(licences)
    sys.stderr.write(f"Setting up {engine.label}.\n")
    return default_sets(engine)


def default_sets(engine: Engine) -> tuple[str, ...]:
    """What an engine works with as long as nothing else is chosen."""
    return Settings().file_sets(engine)


def _request(options: argparse.Namespace, licences: tuple[str, ...]) -> InstallEnvironment:
    return InstallEnvironment(
        job=_JOB,
        folder=str(environment_folder(options.folder)),
        uv=str(_find_uv(options.uv)),
        python=sys.executable,
        torch_build=options.torch,
        licences=licences,
        online=not options.offline,
    )


def _find_uv(chosen: str) -> Path:
    """The one that was named, that of this Python, or one on the PATH. Raises Img23DError(BAD_REQUEST)."""
    program = "uv.exe" if os.name == "nt" else "uv"
    candidates = [chosen] if chosen else [os.path.join(sysconfig.get_path("scripts"), program), shutil.which("uv") or ""]
    for candidate in filter(os.path.isfile, candidates):
        return Path(candidate).absolute()
    sentence = "The installer program uv was not found: install it with “python -m pip install uv”, or name it with --uv."
    raise Img23DError(ErrorCode.BAD_REQUEST, sentence, "tried: " + ", ".join(candidates))


def _accepted(flags: list[str], engine: str) -> tuple[str, ...]:
    """The licences accepted by a flag or by hand; where nobody can be asked, those of the flags alone."""
    asked = _asked_about(engine)
    sys.stderr.write(f"{asked.notice} {asked.link}\n")
    licences = dict.fromkeys(flags)
    if asked.id not in licences and sys.stdin is not None and sys.stdin.isatty() and _says_yes(asked):
        licences[asked.id] = None
    if asked.id not in licences:
        sys.stderr.write(f"Without that licence {asked.of} is left out. With it: --accept-licence {asked.id}\n")
    return tuple(licences)


def _asked_about(engine: str) -> Licence:
    """That of the named engine; where it has none, the one on which it depends which engine is set up."""
    licence = engine_named(engine).licence if engine else ""
    return licence_named(licence or TENCENT_LICENCE)


def _says_yes(licence: Licence) -> bool:
    sys.stderr.write(f"{licence.answer}: do you say so? [yes/no] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _allowed(sets: tuple[str, ...], licences: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(set_id for set_id in sets if weight_set(set_id).must_accept in ("", *licences))


# --- in the new environment -----------------------------------------------------------------------------------------


def _download(environment: Path, models: Path, sets: tuple[str, ...], licences: tuple[str, ...], is_offline: bool) -> int:
    """The exit code of `weights download`, which shows its own progress and hears the same Ctrl+C."""
    if not sets:
        return EXIT_DONE
    accepted = [part for licence in licences for part in ("--accept-licence", licence)]
    arguments = ["weights", "download", *sets, "--models", str(models), *accepted, *(["--offline"] if is_offline else [])]
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        status = subprocess.run(python_command(interpreter_in(environment), *arguments), env=child_variables(HUB_LOGIN)).returncode
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    return EXIT_CANCELLED if status < 0 else status


def _show_engines(environment: Path, models: Path) -> int:
    """Start the backend as Blender does, and say what it says about itself."""
    status = _ask_status(environment, models)
    if status is None:
        sys.stderr.write("The new environment's backend did not answer: run setup again.\n")
        return EXIT_FAILED
    for device in status.devices:
        sys.stderr.write(f"{device.id}: {device.label} {device.note}".rstrip() + "\n")
    for engine in status.engines:
        sys.stderr.write(f"{engine.label}: {'ready' if engine.ready else engine.note}\n")
    return EXIT_DONE


def _ask_status(environment: Path, models: Path) -> Status | None:
    process = subprocess.Popen(
        python_command(interpreter_in(environment), "backend", "--models", str(models)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=child_variables(),
    )
    assert process.stdin is not None and process.stdout is not None
    watchdog = threading.Timer(STATUS_SECONDS, process.kill)
    watchdog.daemon = True
    watchdog.start()
    try:
        for line in process.stdout:
            try:
                message = decode(line)
            except ProtocolError:
                continue
            if isinstance(message, Status):
                return message
        return None
    finally:
        watchdog.cancel()
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    try:
        with process.stdin:
            process.stdin.write(encode(Shutdown()).encode("ascii") + b"\n")
    except OSError:
        process.kill()  # it has ended, or does not listen
    try:
        process.wait(5.0)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
