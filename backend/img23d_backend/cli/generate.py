"""`python -m img23d_backend generate PHOTO --names "cup, spoon" --out DIR`: the same pipeline without Blender."""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.choices import AUTO_DEVICE, DEVICES
from img23d_protocol.limits import SEED_MAX
from img23d_protocol.messages import Box, FromBackend, Generate, Point, Settings, ShapeKind, Side, SidePhoto, Wanted
from img23d_protocol.options.declare import Choice, Option, options_of
from img23d_protocol.options.machine import StageDevices
from img23d_protocol.options.parts.parts import Parts
from img23d_protocol.options.settings import BUILT_IN, OPTIONS, REGISTERED, option_named
from img23d_protocol.stages import usual
from img23d_protocol.typed_names import split_names

from ..engines import PREVIEW, Engines
from ..home import models_folder
from .interrupt import cancel_on_interrupt
from .outcome import Outcome
from .progress import ProgressPrinter

_OF_PARTS = frozenset(one.key for one in options_of(Parts))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    add = parser.add_argument
    add("photo", nargs="?", default="", help="the picture's file")
    add("--names", default="", help="what to make, separated by commas; without names see --nameless")
    add("--box", action="append", default=[], metavar="NAME=LEFT,TOP,RIGHT,BOTTOM", help="where it is, in pixels")
    add("--point", action="append", default=[], metavar="[NAME=]X,Y", help="a place on it, in pixels: what stands apart there is made")
    add("--kind", action="append", default=[], metavar="NAME=KIND", help="what its solid is: auto, inflate or rounded, revolve or turned, flat")
    add("--view", action="append", default=[], metavar="[NAME=]SIDE=PHOTO", help="a further photo of it: its left, back or right side")
    add("--out", required=True, metavar="DIR", help="the folder for the results")
    add("--engine", default=PREVIEW.id)
    add("--seed", type=int, default=-1, help="the same seed makes the same meshes; -1, the default, draws one")
    add("--variants", type=int, default=1, metavar="N", help="make each thing so many times, 1 to 4, each another one")
    add("--faces-of", action="append", default=[], metavar="NAME=FACES", help="another number of triangles for the things of that name")
    add_engine_options(parser)
    add("--json", action="store_true", help="print one JSON object of results instead of lines")
    add("--verbose", action="store_true", help="print the log as well")


def add_engine_options(parser: argparse.ArgumentParser) -> None:
    """All that the engines' options declare."""
    for one in _options(is_built_in=True):
        _add_option(parser.add_argument, one)
    engines = " or ".join(engine.id for engine in REGISTERED if not engine.is_built_in)
    add = parser.add_argument_group(f"learned models (--engine {engines})").add_argument
    add("--models", type=Path, metavar="DIR", help="the folder of the models' weights")
    for one in _options(is_built_in=False):
        _add_option(add, one)
    add("--device", default=AUTO_DEVICE, choices=_ids(DEVICES), help="where the models run")
    add("--paint-device", choices=_ids(DEVICES), help="where the painter runs, if elsewhere")


def add_splitters_options(parser: argparse.ArgumentParser) -> None:
    """All that the options of splitters declare, and what models compute on."""
    add = parser.add_argument_group("learned models").add_argument
    add("--models", type=Path, metavar="DIR", help="the folder of the models' weights")
    for one in (*_of_splitters(), option_named("small_memory")):
        _add_option(add, one)
    add("--device", default=AUTO_DEVICE, choices=_ids(DEVICES), help="where the models run")


def splitters_settings(options: argparse.Namespace, **more: object) -> Settings:
    """Raises Img23DError(BAD_REQUEST)."""
    chosen = {one.key: _chosen(options, one) for one in (*_of_splitters(), option_named("small_memory"))}
    return Settings.of(**chosen, **{one.key: options.device for one in options_of(StageDevices)}, **more)


def _of_splitters() -> list[Option]:
    return [one for one in OPTIONS if one.flag and one.key in _OF_PARTS]


def _options(*, is_built_in: bool) -> list[Option]:
    """Those with a flag that the built-in engine heeds, or all others but those of splitters."""
    return [one for one in OPTIONS if one.flag and one.key not in _OF_PARTS and BUILT_IN.heeds(one.key) is is_built_in]


def _add_option(add: Callable[..., object], one: Option) -> None:
    """A switch is off or on; everything else takes a value, of the choices where there are some."""
    kind = type(one.default)
    if kind is bool:
        add(one.flag, action="store_true", help=one.help)
        return
    choices = [kind(known) for known in one.identifiers] if kind is int else list(one.identifiers)
    default = str(one.default) if isinstance(one.default, str) else one.default
    add(one.flag, type=str if isinstance(one.default, str) else kind, default=default, choices=choices or None, help=one.help)


def _chosen(options: argparse.Namespace, one: Option) -> object:
    """A switch turns what it is named after the other way."""
    value = getattr(options, one.flag.removeprefix("--").replace("-", "_"))
    return value is not one.default if isinstance(one.default, bool) else value


def _ids(choices: tuple[Choice, ...]) -> list[str]:
    return [identifier for identifier, _, _ in choices]


def run(options: argparse.Namespace) -> int:
    """The program's exit code."""
    from ..jobs.job import Caller
    from ..jobs.pipeline import run_job

    outcome = Outcome()
    printer = ProgressPrinter(sys.stderr)
    cancelled = cancel_on_interrupt()
    engines = Engines(options.models or models_folder())

    def emit(message: FromBackend) -> None:
        outcome.take(message)
        printer.take(message)

    try:
        request = _request(options)
        outcome.begin(request)
        run_job(request, Caller(emit=emit, load_engine=engines.load, load_editor=engines.load_editor, is_cancelled=cancelled.is_set))
    except Img23DError as error:
        outcome.fail(error.code, error.sentence)
    printer.close()
    _print_outcome(outcome, options.json)
    return outcome.exit_code


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
        wanted=_wanted_of(options),
        engine=options.engine,
        seed=seed,
        variants=options.variants,
        settings=chosen_settings(options),
    )


def chosen_settings(options: argparse.Namespace) -> Settings:
    """Raises Img23DError(BAD_REQUEST)."""
    chosen = {one.key: _chosen(options, one) for one in OPTIONS if one.flag and one.key not in _OF_PARTS}
    devices = {one.key: options.device for one in options_of(StageDevices) if one.path[-1] in usual(edits_photo=True)}
    return Settings.of(**chosen, **devices | ({"paint_device": options.paint_device} if options.paint_device else {}))


def _wanted(names: tuple[str, ...], boxes: list[str], points: list[str], photo: str) -> tuple[Wanted, ...]:
    """The first box or point of a name goes to its first target, the second to its second; one without a target adds its own."""
    wanted = [Wanted(name=name) for name in names]
    for placed in (*(_boxed(text, photo) for text in boxes), *(_pointed(text, photo) for text in points)):
        if placed.point is not None and not placed.name:
            placed = replace(placed, name=f"Thing {len(wanted) + 1}")
        free = (i for i, one in enumerate(wanted) if one.name == placed.name and one.box is None and one.point is None)
        index = next(free, len(wanted))
        wanted[index : index + 1] = [placed]
    return tuple(wanted)


def _wanted_of(options: argparse.Namespace) -> tuple[Wanted, ...]:
    wanted = _wanted(split_names(options.names), options.box, options.point, options.photo)
    return _with_sides(_with_kinds(_with_faces(wanted, options.faces_of), options.kind), options)


def _with_faces(wanted: tuple[Wanted, ...], texts: list[str]) -> tuple[Wanted, ...]:
    """Raises Img23DError(BAD_REQUEST) for what is no number, or a name that nothing has."""
    for text in texts:
        name, _, number = text.rpartition("=")
        name = " ".join(name.split())
        if not number.strip().isdecimal() or all(one.name != name for one in wanted):
            sentence = f"“{text}” is no number of faces: write it as name=faces, with a name that is to be made."
            raise Img23DError(ErrorCode.BAD_REQUEST, sentence)
        wanted = tuple(replace(one, faces=int(number)) if one.name == name else one for one in wanted)
    return wanted


def _boxed(text: str, photo: str) -> Wanted:
    from ..images import photo_size

    name, _, numbers = text.rpartition("=")
    try:
        left, top, right, bottom = (float(number) for number in numbers.split(","))
    except ValueError as error:
        sentence = f"“{text}” is no box: write it as name=left,top,right,bottom in pixels."
        raise Img23DError(ErrorCode.BAD_REQUEST, sentence) from error
    width, height = photo_size(photo)
    box = Box(left=left / width, top=top / height, right=right / width, bottom=bottom / height)
    return Wanted(name=" ".join(name.split()), box=box)


def _pointed(text: str, photo: str) -> Wanted:
    from ..images import photo_size

    name, _, numbers = text.rpartition("=")
    try:
        x, y = (float(number) for number in numbers.split(","))
    except ValueError as error:
        raise Img23DError(ErrorCode.BAD_REQUEST, f"“{text}” is no point: write it as name=x,y in pixels.") from error
    width, height = photo_size(photo)
    return Wanted(name=" ".join(name.split()), point=Point(x=x / width, y=y / height))


_KINDS = {**{kind.value: kind for kind in ShapeKind}, "automatic": ShapeKind.AUTO, "rounded": ShapeKind.INFLATE, "turned": ShapeKind.REVOLVE}


def _with_kinds(wanted: tuple[Wanted, ...], kinds: list[str]) -> tuple[Wanted, ...]:
    """Each kind goes to all things of its name."""
    for text in kinds:
        name, _, kind = text.rpartition("=")
        name = " ".join(name.split())
        if kind.strip() not in _KINDS:
            sentence = f"“{text}” is no kind: write it as name=kind, where the kind is one of {', '.join(_KINDS)}."
            raise Img23DError(ErrorCode.BAD_REQUEST, sentence)
        _require_named(wanted, name, text)
        wanted = tuple(replace(one, shape=_KINDS[kind.strip()]) if one.name == name else one for one in wanted)
    return wanted


def _require_named(wanted: tuple[Wanted, ...], name: str, text: str) -> None:
    if all(one.name != name for one in wanted):
        sentence = f"“{text}” is for “{name}”, which is not among the names: add it with --names, --box or --point."
        raise Img23DError(ErrorCode.BAD_REQUEST, sentence)


def _with_sides(wanted: tuple[Wanted, ...], options: argparse.Namespace) -> tuple[Wanted, ...]:
    """Each photo goes to the first thing of its name, or to the only thing; without names that is the whole picture."""
    if options.view and not wanted:
        wanted = (Wanted(name=Path(options.photo).stem or "object", box=Box(left=0.0, top=0.0, right=1.0, bottom=1.0)),)
    for text in options.view:
        first, _, rest = text.partition("=")
        name, side, path = ("", first, rest) if first in set(Side) else (" ".join(first.split()), *rest.partition("=")[::2])
        if side not in set(Side) or not path:
            sentence = f"“{text}” is no view: write it as side=photo or name=side=photo, where the side is left, back or right."
            raise Img23DError(ErrorCode.BAD_REQUEST, sentence)
        if not name and len(wanted) > 1:
            raise Img23DError(ErrorCode.BAD_REQUEST, f"“{text}” does not say of which thing: write it as name={text}.")
        name = name or next(iter(wanted)).name
        _require_named(wanted, name, text)
        index = next(i for i, one in enumerate(wanted) if one.name == name)
        sides = (*wanted[index].sides, SidePhoto(side=Side(side), photo=str(Path(path).absolute())))
        wanted = (*wanted[:index], replace(wanted[index], sides=sides), *wanted[index + 1 :])
    return wanted
