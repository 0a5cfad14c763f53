"""The surface in TripoSR's field: our octree beside the dense grid of TripoSR's own code, 256 points a side, in one run.

The published decoder with random weights computes each point, then its density is overwritten with a known solid's, since random weights
have no surface; the last field is the small trained checkpoint's own, of a thing of the plain photo. Runs in the learned environment:

    python -m devtools.bench.learned.light.field OUT.json MODELS
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ...rows import Row, row
from ...timing import in_turn, timed
from ..chain import inputs
from ..full_size import use_the_projects_code

if TYPE_CHECKING:
    import numpy as np

    from img23d_backend.engines.triposr.shape.field import Field
    from img23d_backend.fields.planes import Told
    from img23d_backend.mesh.isosurface.octree import SparseField

_POINTS = 256  # a side of TripoSR's own grid, which asks for all of them
_RADIUS = 0.87  # half the side of the cube
_RUNS = 3
_FEWER, _NONE = "≥ 10x", "0"

Solid = Callable[["np.ndarray"], "np.ndarray"]  # points (N, 3) to (N,), above 0 inside


def measure(out: Path, models: Path) -> None:
    use_the_projects_code()
    asked = _published_field()
    rows: list[Row] = []
    for name, solid in SOLIDS.items():
        rows += _compared(name, _Known(asked=asked, solid=solid), is_dense_timed=name == _TIMED)
    rows += _compared("a thing in the small trained checkpoint's field", _trained_field(models), is_dense_timed=True)
    out.write_text(json.dumps({"rows": rows}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _compared(name: str, asked: Field | _Known, *, is_dense_timed: bool) -> Iterator[Row]:
    """The dense grid's seconds do not depend on the solid: they are taken for one."""
    from img23d_backend.fields.solid import sample_field

    print(f"  {name} ...", flush=True)

    def sparse() -> SparseField:
        return sample_field(asked, _POINTS - 1, lambda *_: None)

    if is_dense_timed:
        ours, theirs = in_turn(sparse, lambda: dense_grid(asked.inside), _RUNS)
        assert theirs is not None
        inside = theirs.result
    else:
        ours, theirs = timed(sparse, _RUNS), None
        inside = dense_grid(asked.solid if isinstance(asked, _Known) else asked.inside)
    what = f"{name}, float32, {_POINTS} points a side"
    missed, needless, active = differences(ours.result, inside)
    yield row(f"{what}: points asked for, beside the dense grid's", ours.result.queries, _POINTS**3, _FEWER)
    yield row(f"{what}: of {active:,} cells that change sign in the dense grid, missed", missed, None, _NONE)
    yield row(f"{what}: cells told that do not change sign in the dense grid", needless, None, _NONE)
    yield row(f"{what}: seconds, beside the dense grid's", ours.elapsed, theirs and theirs.elapsed)
    yield row(f"{what}: processor seconds, beside the dense grid's", ours.processor, theirs and theirs.processor)


def dense_grid(inside: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """(256, 256, 256) bool."""
    import numpy as np

    line = np.linspace(-_RADIUS, _RADIUS, _POINTS).astype(np.float32)
    slab = np.stack(np.meshgrid(line[:1], line, line, indexing="ij"), axis=-1).reshape(-1, 3)
    found = np.empty((_POINTS,) * 3, dtype=bool)
    for number, x in enumerate(line):
        slab[:, 0] = x
        found[number] = (inside(slab) > 0).reshape(_POINTS, _POINTS)
    return found


def differences(ours: SparseField, inside: np.ndarray) -> tuple[int, int, int]:
    """Cells missed, cells told in vain, cells that change sign. Beyond the cube all is empty, so that a solid is closed there."""
    import numpy as np

    padded = np.pad(inside, 1)
    corners = sum(padded[a : a + _POINTS + 1, b : b + _POINTS + 1, c : c + _POINTS + 1].astype(np.int8) for a, b, c in np.ndindex(2, 2, 2))
    active = (corners > 0) & (corners < 8)
    told = np.zeros_like(active)
    told[tuple(ours.cells.T + 1)] = True
    return int((active & ~told).sum()), int((told & ~active).sum()), int(active.sum())


# --- fields -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class _Known:
    """A field that is asked in full, and whose answers are then a solid's."""

    asked: Field
    solid: Solid
    radius: float = field(default=_RADIUS)

    def inside(self, points: np.ndarray, told: Told = lambda: None) -> np.ndarray:
        return self.asked.inside(points, told) * 0 + self.solid(points)


def _published_field() -> Field:
    """The published sizes, by tests/published."""
    import torch
    from published.lists import files_of

    from img23d_backend.engines.triposr.config.published import config_of
    from img23d_backend.engines.triposr.networks.field import FieldDecoder
    from img23d_backend.engines.triposr.shape.field import Field
    from img23d_backend.machine.devices import choose

    (file,) = files_of("triposr")
    (published,) = file.config.values()
    config = config_of(published)
    torch.manual_seed(0)
    side = 2 * config.backbone.plane_size  # what makes the planes doubles them
    planes = torch.randn(3, config.backbone.out_channels, side, side)
    return Field(planes=planes, decoder=FieldDecoder(config.decoder).eval().requires_grad_(False), device=choose("cpu"))


def _trained_field(models: Path) -> Field:
    from img23d_backend.engines.triposr.shape.plan import make_plan
    from img23d_backend.engines.triposr.shape.reconstruct import reconstruct, square_of
    from img23d_backend.models.store import ModelStore
    from img23d_backend.weights.store import WeightStore
    from img23d_protocol.messages import Settings

    *_, cutout = inputs()
    return reconstruct(square_of(cutout.rgba), make_plan(Settings(), WeightStore(models), "cpu"), ModelStore(), lambda *_: None)


def _ball(points: np.ndarray) -> np.ndarray:
    import numpy as np

    return 0.55 - np.linalg.norm(points, axis=1)


def _torus(points: np.ndarray) -> np.ndarray:
    """A tube 3 of the last grid's cells thick: a first grid's cell is wider."""
    import numpy as np

    x, y, z = points.T
    return 0.01 - np.hypot(np.hypot(x, y + 0.3 * z) - 0.5, z)


def _gyroid(points: np.ndarray) -> np.ndarray:
    """Sheets of a gyroid (Schoen, Infinite Periodic Minimal Surfaces without Self-Intersections, 1970), 6 cells thick, one way through 0.7."""
    import numpy as np

    x, y, z = (points * (2 * np.pi / 0.7)).T
    wave = np.sin(x) * np.cos(y) + np.sin(y) * np.cos(z) + np.sin(z) * np.cos(x)
    return 0.2 - np.abs(wave)


def _gyroid_in_a_ball(points: np.ndarray) -> np.ndarray:
    import numpy as np

    return np.minimum(_gyroid(points) * 0.1, _ball(points))


_TIMED = "a ball"
SOLIDS: Mapping[str, Solid] = {
    _TIMED: _ball,
    "a thin ring": _torus,
    "a ball of a gyroid's sheets": _gyroid_in_a_ball,
    "a gyroid's sheets through all of the cube": _gyroid,
}


if __name__ == "__main__":
    measure(Path(sys.argv[1]), Path(sys.argv[2]))
