"""A row of the registry: which files of which repository belong together, and under which licence."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypedDict

from img23d_protocol.messages import Stage


class Licence(TypedDict):
    licence: str
    licence_link: str
    card_licence: str


APACHE: Licence = {"licence": "Apache-2.0", "licence_link": "https://www.apache.org/licenses/LICENSE-2.0", "card_licence": "apache-2.0"}


_KNOWN_TO_THE_BYTE = {
    *("qwen3-vl-2b", "hunyuan3d-2mini-standard", "hunyuan3d-2-standard", "hunyuan3d-2-turbo", "hunyuan3d-2mv-standard"),
    *("hunyuan3d-2mini-vae-turbo", "hunyuan3d-2mini-vae", "triposr", "instantmesh-mesh-base"),
}


@dataclass(frozen=True, kw_only=True)
class WeightSet:
    """A row: files of one commit of one repository that are of use only together.

    `files` are patterns of paths in the repository, those in `subfolder` included; each of `required` must match one of the
    files. `memory_bytes` is about what the weights take in 16 bits on a device. `excluded_territory` is where the licence is
    not granted, its results included. `card_licence` is the licence that the repository's page names, as the hub calls it:
    empty where the row's was read elsewhere and the page is not held against it. Where the row `asks_card`, nothing is fetched
    unless the page names that licence on the day of the download.
    """

    id: str
    label: str
    stage: Stage
    repository: str
    revision: str
    files: tuple[str, ...]
    required: tuple[str, ...]
    size_bytes: int
    memory_bytes: int
    licence: str
    licence_link: str
    subfolder: str = ""
    must_accept: str = ""
    excluded_territory: str = ""
    card_licence: str = ""
    asks_card: bool = False
    is_addition: bool = False  # of use only beside another set
    is_optional: bool = False  # everything works without it, if less well
    note: str = ""

    @property
    def is_size_exact(self) -> bool:
        """Whether the size of all its files together is known to the byte."""
        return self.id in _KNOWN_TO_THE_BYTE


def is_commit(revision: str) -> bool:
    """Whether it is a commit, and not a branch."""
    return re.fullmatch(r"[0-9a-f]{40}", revision) is not None
