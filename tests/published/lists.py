"""The names and shapes in the published weight files, one .json a family, each list with its source.

How far a file is known (`known`):
- header: every name, shape, type and offset, by the SHA-256 of the published file's header;
- bytes: the list comes from the official code, and the file that it makes has the published number of bytes, header included;
- parameters: the same, by the published number of parameters and the shards' bytes;
- code: the list comes from the official code, nothing public was found to hold against it;
- part: the published file holds what the list says and more, or other names, as `source` tells.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

_RANGE = re.compile(r"\{(\d+)-(\d+)\}")
_NUMBER = re.compile(r"(?<=\.)\d+(?=\.)")  # of a layer
_BYTES = {"I64": 8, "F32": 4, "F16": 2, "BF16": 2}
KINDS = ("header", "bytes", "parameters", "code", "part")


@dataclass(frozen=True, kw_only=True)
class Published:
    """A tensor in a file. `dtype` as the safetensors format calls it."""

    dtype: str
    shape: tuple[int, ...]

    @property
    def bytes(self) -> int:
        return _BYTES[self.dtype] * math.prod(self.shape)


@dataclass(frozen=True, kw_only=True)
class PublishedFile:
    """`path` is the file's in its repository; `bytes` what public sources say, None where none does.

    `config` are the keywords of the networks in it, by the lists' names.
    """

    rows: tuple[str, ...]
    path: str
    known: str
    source: str
    bytes: int | None
    tensors: Mapping[str, Published]
    config: Mapping[str, Mapping[str, object]]
    metadata: Mapping[str, str] = field(default_factory=dict)
    header_sha256: str = ""
    parameters: int = 0
    index_bytes: int = 0

    @property
    def data_bytes(self) -> int:
        return sum(tensor.bytes for tensor in self.tensors.values())

    def header(self) -> dict[str, dict]:
        """As the safetensors format has it: the largest types first, then by name, without a gap."""
        ordered = sorted(self.tensors.items(), key=lambda item: (-_BYTES[item[1].dtype], item[0]))
        ends = list(itertools.accumulate(tensor.bytes for _, tensor in ordered))
        return {
            name: {"dtype": tensor.dtype, "shape": list(tensor.shape), "data_offsets": [end - tensor.bytes, end]}
            for (name, tensor), end in zip(ordered, ends, strict=True)
        }

    def head(self) -> bytes:
        """The file's beginning: the header's length in eight bytes, the header, spaces up to a multiple of eight."""
        content = ({"__metadata__": dict(self.metadata)} if self.metadata else {}) | self.header()
        text = json.dumps(content, separators=(",", ":")).encode()
        text += b" " * (-len(text) % 8)
        return len(text).to_bytes(8, "little") + text

    @property
    def file_bytes(self) -> int:
        return len(self.head()) + self.data_bytes

    def write_hollow(self, path: Path) -> None:
        """The head, and after it as many bytes as the tensors take, none of which is written: on most file systems they take no room."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as out:
            out.write(self.head())
            out.truncate(self.file_bytes)

    def digest_of_header(self) -> str:
        """In the form in which the public source hashed it: sorted, with Python's own separators."""
        return hashlib.sha256(json.dumps(self.header(), sort_keys=True).encode()).hexdigest()

    def under(self, prefix: str) -> dict[str, Published]:
        """Without the prefix."""
        return {name.removeprefix(prefix): one for name, one in self.tensors.items() if name.startswith(prefix)}


@cache
def files() -> tuple[PublishedFile, ...]:
    return tuple(one for path in sorted(Path(__file__).parent.glob("*.json")) for one in _family(path))


def files_of(row: str) -> tuple[PublishedFile, ...]:
    return tuple(one for one in files() if row in one.rows)


def patterns(names: Iterable[str]) -> set[str]:
    """The names with a sign in place of the layers' numbers: the same for a network of any depth."""
    return {_NUMBER.sub("#", _NUMBER.sub("#", name)) for name in names}


def _family(path: Path) -> Iterator[PublishedFile]:
    content = json.loads(path.read_text(encoding="utf-8"))
    for one in content["files"]:
        lists = {name: content["lists"][name] for _, name in one["parts"]}
        tensors = {
            prefix + key: _tensor(value, one["dtype"])
            for prefix, name in one["parts"]
            for template, value in lists[name]["tensors"].items()
            for key in _expanded(template)
        }
        kept = {key: value for key, value in one.items() if key not in ("parts", "dtype", "rows")}
        config = {name: one_list.get("config", {}) for name, one_list in lists.items()}
        yield PublishedFile(**kept, rows=tuple(one["rows"]), tensors=tensors, config=config)


def _tensor(value: list[int] | dict[str, list[int]], usual: str) -> Published:
    dtype, shape = next(iter(value.items())) if isinstance(value, dict) else (usual, value)
    return Published(dtype=dtype, shape=tuple(shape))


def _expanded(template: str) -> Iterator[str]:
    """`a.{0-2}.b` stands for a.0.b, a.1.b and a.2.b."""
    match = _RANGE.search(template)
    if match is None:
        yield template
        return
    for number in range(int(match[1]), int(match[2]) + 1):
        yield from _expanded(f"{template[: match.start()]}{number}{template[match.end() :]}")
