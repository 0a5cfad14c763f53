"""The steps along the flow, against numbers of RectifiedFlowScheduler's own code (VAST-AI-Research/TripoSG fc5c4099)."""

from __future__ import annotations

import pytest

from img23d_backend.vecset.rectified_flow import FlowTimes

SIGMAS = {
    (5, 1.0): [1.0, 0.800000011920929, 0.6000000238418579, 0.4000000059604645, 0.20000000298023224, 0.0],
    (6, 3.0): [1.0, 0.9375, 0.8571428656578064, 0.75, 0.6000000238418579, 0.375, 0.0],
}


@pytest.mark.parametrize(("count", "shift"), SIGMAS)
def test_times_and_lengths_are_the_published_schedulers(count: int, shift: float) -> None:
    sigmas = SIGMAS[count, shift]
    steps = FlowTimes(shift=shift).steps(count)
    assert [step.time for step in steps] == sigmas[:-1]
    assert [step.length for step in steps] == pytest.approx([here - there for here, there in zip(sigmas[:-1], sigmas[1:], strict=True)], abs=1e-7)
