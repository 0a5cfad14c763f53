"""The small checkpoints have the published files' names: a reader that takes them takes those, as far as names go.

What they hold is read by the format's own description, not by a library: eight bytes of length, then JSON.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from published.lists import PublishedFile, files_of, patterns
from tiny.make import MAKERS

FILES = [(row, file) for row in MAKERS for file in files_of(row) if file.path.endswith(".safetensors")]
IDS = [f"{row} {Path(file.path).parent.name}" for row, file in FILES]
# Of networks whose levels differ: the tiny ones have fewer levels, and not all of them have attention
_KINDS = ("attentions.#.", "resnets.#.")
_SHORTCUT = "conv_shortcut"  # only where the number of channels changes


def names_in(path: Path) -> set[str]:
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        return set(json.loads(file.read(length))) - {"__metadata__"}


def tails(found: set[str], kind: str) -> set[str]:
    """What follows the last `kind` in the names that have it."""
    return {name.rpartition(kind)[2] for name in found if kind in name and _SHORTCUT not in name}


@pytest.mark.parametrize(("row", "file"), FILES, ids=IDS)
def test_a_small_checkpoint_has_the_published_names(tiny_models: Path, row: str, file: PublishedFile) -> None:
    found, published = patterns(names_in(tiny_models / row / file.path)), patterns(file.tensors)
    assert found - published == set()
    if any(kind in name for name in published for kind in _KINDS):
        assert all(tails(found, kind) == tails(published, kind) for kind in _KINDS)
        assert {name.split(".")[0] for name in found} == {name.split(".")[0] for name in published}
    else:
        assert published - found == set()


def test_every_small_checkpoint_is_looked_at(tiny_models: Path) -> None:
    looked_at = {tiny_models / row / file.path for row, file in FILES}
    written = {path for path in tiny_models.rglob("*.safetensors") if not path.name.startswith(".")}  # those keep results
    assert looked_at == written
