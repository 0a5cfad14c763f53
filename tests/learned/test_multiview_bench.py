"""The painter's benchmark on a tiny network, on the processor: the way that a graphics card would be measured."""

from __future__ import annotations

from hy3dgen_paint import UNET, processor

from devtools.bench.learned import paint

TINY = paint.Size(unet=UNET, vae=(8, 8), vae_layers=1, vae_groups=4, side=16, steps=2)


def test_both_ways_are_measured() -> None:
    rows = [*paint.work(TINY), *paint.held(TINY), *paint.guided_step(TINY, processor()), *paint.all_views(TINY, processor())]
    assert all(one["ours"] > 0 for one in rows)
    compared = [one for one in rows if one["reference"] is not None]
    assert len(compared) == len(rows) - 1  # hy3dgen keeps no keys and values
    work, weights = rows[0], rows[1]
    assert work["ratio"] > 1 and weights["ratio"] > 1
