"""The small engine's backends, each started on the machine of its actor."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from worker_desk import SmallRecipe


@dataclass(frozen=True, kw_only=True)
class SmallRecipes:
    """Makes what a machine starts its backends with; `folder` has the files by which they wait or die."""

    folder: str

    def __call__(self) -> SmallRecipe:
        return SmallRecipe(folder=Path(self.folder))
