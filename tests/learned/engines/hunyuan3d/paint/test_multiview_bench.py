"""The painter's benchmark on a tiny network, on the processor: the way that a graphics card would be measured."""

from __future__ import annotations

import pytest
from hy3dgen_paint import UNET, processor

from devtools.bench.learned import paint
from devtools.bench.rows import lines

TINY = paint.Size(unet=UNET, vae=(8, 8), vae_layers=1, vae_groups=4, side=16, steps=2)


def test_both_ways_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paint, "RUNS", 2)  # that every run is kept shows in two
    rows = [*paint.work(TINY), *paint.held(TINY), *paint.guided_step(TINY, processor()), *paint.all_views(TINY, processor())]
    assert all(min(one["ours"]) > 0 for one in rows)
    assert [len(one["ours"]) for one in rows] == [1, 1, 1, 2, 2]  # what is counted, and what is timed
    compared = [one for one in rows if one["reference"]]
    assert len(compared) == len(rows) - 1  # hy3dgen keeps no keys and values
    work, weights = (line.ratio() for line in lines([(rows[:2], None)]))
    assert min(work + weights) > 1
