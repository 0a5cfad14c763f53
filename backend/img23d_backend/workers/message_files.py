"""Which files a message of the contract speaks of: of a request the paths that it reads, of an answer the names that it announces."""

from __future__ import annotations

import typing
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from img23d_protocol.files.filenames import FileName, form_path
from img23d_protocol.messages import CutoutReady, FormsReady, FromBackend, Settings, ShapeKind

from .pool import JobRequest

# Text in a message that is no file. Every other text is the name of a file that came with the request: a field that a later version of the
# contract adds is refused until it is known here, and no path of a client is ever opened.
_NO_FILES = {"job", "name", "engine", "run_folder"}

_Request = TypeVar("_Request", bound=JobRequest)


def with_files(message: _Request, path_of: Callable[[str], Path]) -> _Request:
    """The request with other paths in place of those that it has. What `path_of` raises comes through."""
    return _with_files(message, path_of)


def file_names(message: JobRequest) -> Iterator[str]:
    """Of the files that a request reads, in the order of its fields; one that it names twice comes twice."""
    names: list[str] = []

    def note(name: str) -> Path:
        names.append(name)
        return Path(name)

    _with_files(message, note)
    return iter(names)


def _with_files(part: Any, path_of: Callable[[str], Path]) -> Any:
    hints = typing.get_type_hints(type(part))
    changed: dict[str, Any] = {}
    for one in fields(part):
        value = getattr(part, one.name)
        if hints[one.name] is str and one.name not in _NO_FILES and value:
            changed[one.name] = str(path_of(value))
        elif isinstance(value, tuple) and value and is_dataclass(value[0]):
            changed[one.name] = tuple(_with_files(inner, path_of) for inner in value)
        elif is_dataclass(value) and not isinstance(value, Settings):  # whose texts are choices
            changed[one.name] = _with_files(value, path_of)
    return replace(part, **changed) if changed else part


def announced(message: FromBackend) -> tuple[FileName, ...]:
    """The names of the files that an answer announces, each once. `FormsReady` names none: its pictures follow from those of the cut-outs."""
    return tuple(dict.fromkeys(_announced(message)))


def forms_of(cutout: CutoutReady, forms: FormsReady) -> tuple[FileName, ...]:
    """The pictures of what each kind would make of that cut-out, for the kinds that have one."""
    assert forms.target == cutout.target
    return tuple(FileName(form_path(cutout.file, kind)) for kind in ShapeKind if kind is not ShapeKind.AUTO)


def _announced(part: Any) -> Iterator[FileName]:
    hints = typing.get_type_hints(type(part))
    for one in fields(part):
        value, hint = getattr(part, one.name), hints[one.name]
        if value is not None and FileName in (hint, *typing.get_args(hint)):
            yield from value if isinstance(value, tuple) else (value,)
        elif isinstance(value, tuple):
            for inner in filter(is_dataclass, value):
                yield from _announced(inner)
