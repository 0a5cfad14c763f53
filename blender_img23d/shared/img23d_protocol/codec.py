"""One JSON object a line: `{"kind": "Generate", ...}`. Generic over the dataclasses of `messages`."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import math
import types
import typing
from enum import Enum
from functools import cache
from typing import Any, TypeVar

from . import messages
from .errors import ProtocolError
from .files.filenames import FileName, is_file_name
from .limits import INTEGER_MAX, REQUEST_MAX

Value = TypeVar("Value")

_KINDS: dict[str, type] = {kind.__name__: kind for kind in typing.get_args(messages.Message)}


def encode(message: messages.Message) -> str:
    """The message as one line of ASCII JSON, without its line end. Raises ProtocolError for what no reader would take."""
    kind = type(message).__name__
    if _KINDS.get(kind) is not type(message):
        raise ProtocolError(f"{kind} is not a message of this protocol")
    try:
        data = {"kind": kind, **dataclasses.asdict(message)}
        line = json.dumps(data, allow_nan=False)
        if "\\ud" in line:  # surrogates: a pair is a character, and one alone is none
            _check_text(json.dumps(data, ensure_ascii=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise ProtocolError(f"{kind} cannot be sent: {error}"[:500]) from error
    if len(line) >= REQUEST_MAX:
        raise ProtocolError(f"{kind} cannot be sent: it has {len(line)} bytes")
    return line


def decode(line: str | bytes) -> messages.Message:
    """The message in a line. Unknown fields are ignored; an unknown kind or a wrong type is a ProtocolError."""
    try:
        data = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"not JSON: {line[:80]!r}") from error
    if not isinstance(data, dict) or not isinstance(data.get("kind"), str):
        raise ProtocolError(f"no kind in {line[:80]!r}")
    kind = _KINDS.get(data["kind"])
    if kind is None:
        raise ProtocolError(f"unknown kind {data['kind']!r}")
    return _build(kind, data)


@cache
def _field_types(kind: type) -> dict[str, Any]:
    hints = typing.get_type_hints(kind)
    return {one.name: hints[one.name] for one in dataclasses.fields(kind)}


def _build(kind: type, data: Any) -> Any:
    if not isinstance(data, dict):
        raise ProtocolError(f"{kind.__name__} is not an object")
    data = _upgraded(kind, data)
    hints = _field_types(kind)
    values = {name: _value(hints[name], data[name], f"{kind.__name__}.{name}") for name in hints if name in data}
    try:
        return kind(**values)
    except TypeError as error:
        raise ProtocolError(f"{kind.__name__}: {error}") from error


def _upgraded(kind: type, data: Any) -> Any:
    """What an older version wrote, in today's form, where the dataclass knows how."""
    upgrade = getattr(kind, "upgraded", None)
    return data if upgrade is None else upgrade(data)


def build(kind: type[Value], data: Any) -> Value:
    """A value of a dataclass from what this version or an older one wrote: fields that are missing take their defaults, and
    unknown ones are ignored. Raises ProtocolError for everything else that does not fit.
    """
    return _build(kind, data)


def revive(kind: type[Value], data: Any) -> Value:
    """A value of a dataclass from what another version may have written: a field that is missing, or does not fit, takes
    its default. Raises ProtocolError where such a field has none.
    """
    with contextlib.suppress(ProtocolError):
        return _build(kind, data)  # nearly always, and faster
    if not isinstance(data, dict):
        raise ProtocolError(f"{kind.__name__} is not an object")
    data = _upgraded(kind, data)
    values = {}
    for name, hint in _field_types(kind).items():
        if name in data:
            with contextlib.suppress(ProtocolError):
                values[name] = revive(hint, data[name]) if isinstance(hint, type) and dataclasses.is_dataclass(hint) else _value(hint, data[name], name)
    try:
        return kind(**values)
    except TypeError as error:
        raise ProtocolError(f"{kind.__name__}: {error}") from error


def _value(hint: Any, value: Any, where: str) -> Any:
    origin = typing.get_origin(hint)
    if origin in (types.UnionType, typing.Union):  # only `X | None` is used
        inner = next(arg for arg in typing.get_args(hint) if arg is not type(None))
        return None if value is None else _value(inner, value, where)
    if origin is tuple:
        if not isinstance(value, list):
            raise ProtocolError(f"{where} is not a list")
        inner = typing.get_args(hint)[0]
        return tuple(_value(inner, item, where) for item in value)
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return _build(hint, value)
    if hint is FileName:
        return _file_name(value, where)
    return _plain(hint, value, where)


def _file_name(value: Any, where: str) -> FileName:
    name = _plain(str, value, where)
    if not is_file_name(name):
        raise ProtocolError(f"{where} is no name of a file: {name[:80]!r}")
    return FileName(name)


def _plain(hint: type, value: Any, where: str) -> Any:
    if issubclass(hint, Enum):
        try:
            return hint(value)
        except ValueError as error:
            raise ProtocolError(f"{where}: {error}") from error
    if hint is float and type(value) in (int, float):
        return _finite(value, where)
    if type(value) is not hint:  # bool is an int to isinstance
        raise ProtocolError(f"{where} is {type(value).__name__}, not {hint.__name__}")
    if hint is int and not -INTEGER_MAX - 1 <= value <= INTEGER_MAX:
        raise ProtocolError(f"{where} is too large")
    if hint is str and not value.isascii():
        try:
            _check_text(value)
        except UnicodeEncodeError as error:
            raise ProtocolError(f"{where} is no text") from error
    return value


def _check_text(text: str) -> None:
    """Raises UnicodeEncodeError for lone surrogates, but for those that stand for a file name's bytes (PEP 383)."""
    text.encode("utf-8", "surrogateescape")


def _finite(value: float, where: str) -> float:
    """JSON has no NaN and no infinity, but Python reads both, and 1e999 as one of them."""
    try:
        number = float(value)
    except OverflowError as error:
        raise ProtocolError(f"{where} is too large") from error
    if not math.isfinite(number):
        raise ProtocolError(f"{where} is {number}")
    return number
