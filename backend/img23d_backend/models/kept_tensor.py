"""A tensor that a network always gives, kept as a small file: the network is needed for it once."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from img23d_protocol.files.whole_files import whole_file

if TYPE_CHECKING:
    from torch import Tensor

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class KeptTensor:
    """The file at `path` has one tensor called `name`; its metadata says under `made_with` which weights made it."""

    path: Path
    name: str
    made_with: str

    def read(self, digest: str) -> Tensor | None:
        """None where there is no file, or one of other weights than those of this digest, or one that is damaged."""
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(self.path, framework="pt", device="cpu") as file:
                if (file.metadata() or {}).get(self.made_with) == digest:
                    return file.get_tensor(self.name).clone()  # not mapped: the file may be replaced
        except FileNotFoundError:
            return None
        except (SafetensorError, OSError) as error:
            log.warning("%s is made again: %s", self.path, error)
        return None

    def keep(self, tensor: Tensor, digest: str) -> None:
        """In one step, so that no half a file is ever read; a folder that cannot be written is no error."""
        from safetensors.torch import save_file

        try:
            with whole_file(self.path) as new:
                save_file({self.name: tensor.contiguous()}, new, {self.made_with: digest})
        except OSError as error:
            log.info("%s is not kept: %s", self.path, error)
