"""The network's file in the extension's folder: found by the lock beside it, used only when size and hash are the lock's.

A safetensors file (devtools/network_conversion.py): `graph` is an ONNX model without its weights; a convolution's weights are 10 or
12 bits with one scale an output channel, those below the upper 8 by themselves.
"""

from __future__ import annotations

import hashlib
import json
import math
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from img23d_protocol import ErrorCode, Img23DError

FOLDER = Path(__file__).parents[4] / "networks"  # beside backend/, in the zip as in a checkout
_LOCK = "networks.lock.toml"
_KINDS = {"U8": np.dtype("u1"), "I8": np.dtype("i1"), "F32": np.dtype("<f4")}  # of safetensors
_LENGTH = 8  # bytes of the header's length

_DAMAGED = "The file of the cut-out network is damaged: install Img23D again from its zip."
_MISSING = "The cut-out network is not part of this Img23D."


@dataclass(frozen=True, kw_only=True)
class NetworkFile:
    """A file and what the lock says of it: bytes and a SHA-256 in hexadecimal."""

    path: Path
    size: int
    sha256: str

    @property
    def is_there(self) -> bool:
        return self.path.is_file()

    def read(self) -> dict[str, np.ndarray]:
        """The tensors by their names, read-only. Raises Img23DError(WEIGHTS_MISSING, WEIGHTS_DAMAGED)."""
        try:
            data = np.fromfile(self.path, np.uint8)
        except FileNotFoundError as error:
            raise Img23DError(ErrorCode.WEIGHTS_MISSING, _MISSING, str(self.path)) from error
        except OSError as error:
            raise damaged(self.path, str(error)) from error
        if data.size != self.size:
            raise damaged(self.path, f"it has {data.size} bytes, not {self.size}")
        if hashlib.sha256(data.data).hexdigest() != self.sha256:
            raise damaged(self.path, "another SHA-256 than the lock's")
        data.flags.writeable = False
        return self._tensors(data)

    def _tensors(self, data: np.ndarray) -> dict[str, np.ndarray]:
        start = _LENGTH + int.from_bytes(data[:_LENGTH].tobytes(), "little")
        try:
            header = json.loads(data[_LENGTH:start].tobytes())
            header.pop("__metadata__", None)
            return {name: _tensor(data[start:], row) for name, row in header.items()}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise damaged(self.path, f"its list of tensors: {error!r}") from error


def installed(name: str, folder: Path = FOLDER) -> NetworkFile:
    """The file that the lock in `folder` calls `name`. Raises Img23DError(WEIGHTS_MISSING, WEIGHTS_DAMAGED)."""
    path = folder / _LOCK
    try:
        rows = tomllib.loads(path.read_text(encoding="utf-8"))["network"]
        row = next(row for row in rows if row["name"] == name)
        return NetworkFile(path=folder / row["file"], size=row["size"], sha256=row["sha256"])
    except FileNotFoundError as error:
        raise Img23DError(ErrorCode.WEIGHTS_MISSING, _MISSING, str(path)) from error
    except (OSError, ValueError, LookupError, TypeError, StopIteration) as error:
        raise damaged(path, repr(error)) from error


def damaged(path: Path, detail: str) -> Img23DError:
    """What to raise where a file of the network is not what it should be."""
    return Img23DError(ErrorCode.WEIGHTS_DAMAGED, _DAMAGED, f"{path}: {detail}")


def _tensor(data: np.ndarray, row: dict[str, Any]) -> np.ndarray:
    kind, shape, (first, last) = _KINDS[row["dtype"]], row["shape"], row["data_offsets"]
    if not 0 <= first <= last <= data.size or last - first != kind.itemsize * math.prod(shape):
        raise ValueError(f"{row} in {data.size} bytes")
    return data[first:last].view(kind).reshape(shape)
