"""What a request asks for, as a message of the contract: sent as one, or put together from a form's few fields."""

from __future__ import annotations

import json
import random
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from img23d_protocol import ProtocolError, decode
from img23d_protocol.errors import bad_request
from img23d_protocol.limits import SEED_MAX
from img23d_protocol.messages import Generate, ResultKind, Settings, Wanted
from img23d_protocol.options.settings import OPTIONS, REGISTERED, engine_named, option_named
from img23d_protocol.typed_names import split_names

from ..workers.pool import JOB_KINDS, JobRequest

_RESULT = "result"  # the option of an engine that makes splats as well
DRAWN_SEED_MAX = 10_000  # of the reference service, where a request gives none


@dataclass(frozen=True, kw_only=True)
class Wish:
    """A form's fields. `settings` are options by their keys, as `GET /v1/options` lists them."""

    names: str = ""
    engine: str = ""
    result: str = ""  # "mesh", "splats" or "both"
    seed: int = -1
    settings: Mapping[str, Any] = field(default_factory=dict)


def generate_message(wish: Wish, photo: str, defaults: Settings, default_engine: str) -> Generate:
    """Raises Img23DError(BAD_REQUEST) for what cannot be asked."""
    engine = wish.engine or default_engine
    if engine not in {one.id for one in REGISTERED}:
        raise bad_request(f"There is no engine “{engine}”.")
    if not -1 <= wish.seed <= SEED_MAX:
        raise bad_request(f"The seed {wish.seed} is not between 0 and {SEED_MAX}, nor -1 for any.")
    return Generate(
        job="",
        photo=photo,
        run_folder="",
        wanted=tuple(Wanted(name=name) for name in split_names(wish.names)),
        engine=engine,
        seed=random.randint(0, DRAWN_SEED_MAX) if wish.seed < 0 else wish.seed,
        settings=_settings(wish, engine, defaults),
    )


def _settings(wish: Wish, engine: str, defaults: Settings) -> Settings:
    settings = defaults
    for key, value in wish.settings.items():
        try:
            one = option_named(str(key))
            settings = settings.changed(**{one.key: _as_kind(one.default, value)})
        except (KeyError, ValueError, TypeError) as error:
            raise bad_request(f"The setting “{str(key)[:60]}” cannot be used: {error}.") from error
    if wish.result:
        return with_result(wish.result, engine, settings)
    return settings


def with_result(result: str, engine: str, settings: Settings) -> Settings:
    """The settings with which an engine makes meshes, splats or both. Raises Img23DError(BAD_REQUEST)."""
    if result not in (known := option_named(_RESULT).identifiers):
        raise bad_request(f"The result must be one of {', '.join(known)}, not “{result[:60]}”.")
    if engine_named(engine).heeds(_RESULT):
        return settings.changed(**{_RESULT: result})
    if result == ResultKind.MESH:
        return settings
    raise bad_request(f"The engine {engine_named(engine).label} makes no splats: take the result mesh or another engine.")


def _as_kind(default: object, value: object) -> object:
    """JSON's number or text as an option keeps it. Raises ValueError, TypeError."""
    if isinstance(default, bool) or isinstance(value, bool):
        if type(default) is not type(value):
            raise TypeError("it is true or false")
        return value
    if isinstance(default, int | float) and isinstance(value, int | float):
        return type(default)(value)
    return str(value)


def default_result(engine: str) -> str:
    """Of the reference's endpoints: splats, where the engine makes them."""
    return ResultKind.SPLATS.value if engine_named(engine).heeds(_RESULT) else ResultKind.MESH.value


def read_message(text: str | bytes) -> JobRequest:
    """A message of the contract that is a job. Raises Img23DError(BAD_REQUEST)."""
    try:
        message = decode(text)
    except ProtocolError as error:
        raise bad_request(f"The message cannot be read: {str(error)[:200]}.") from error
    if not isinstance(message, JOB_KINDS):
        raise bad_request(f"The message {type(message).__name__} is no job that can be done here.")
    return typing.cast(JobRequest, message)


def read_wish(form: Mapping[str, str]) -> Wish:
    """Raises Img23DError(BAD_REQUEST)."""
    try:
        seed = int(form.get("seed", "-1"))
        settings = json.loads(form.get("settings") or "{}")
        if not isinstance(settings, dict):
            raise ValueError("the settings are no object")
    except (ValueError, RecursionError) as error:
        raise bad_request(f"The form cannot be read: {str(error)[:200]}.") from error
    return Wish(names=form.get("names", ""), engine=form.get("engine", ""), result=form.get("result", ""), seed=seed, settings=settings)


def options() -> list[dict[str, Any]]:
    """What `settings` may hold, for people who write programs."""
    return [
        {
            "key": one.key,
            "label": one.label,
            "about": one.tip,
            "default": one.default,
            "choices": list(one.identifiers),
            "minimum": one.minimum,
            "maximum": one.maximum,
            "engines": [engine.id for engine in REGISTERED if engine.heeds(one.key)],
        }
        for one in OPTIONS
    ]


def refuse_text_prompt(kind: str) -> None:
    if kind != "image":
        raise bad_request("A text alone becomes no object here: send a picture, with prompt_type “image”.")
