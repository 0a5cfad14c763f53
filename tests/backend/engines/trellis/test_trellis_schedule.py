"""When TRELLIS's sampler evaluates the flow, and when it does so twice."""

from __future__ import annotations

import pytest

from img23d_backend.engines.trellis.shape.sampling import Schedule


@pytest.mark.parametrize(("steps", "guided"), [(8, 7), (12, 10), (20, 16), (25, 19)])
def test_guided_steps(steps: int, guided: int) -> None:
    table = Schedule(steps=steps, guidance=5).table()
    assert [step.is_guided for step in table] == [True] * guided + [False] * (steps - guided)


def test_four_steps_are_at_the_published_times() -> None:
    """t = 3 u / (1 + 2 u) for u = 1, 3/4, 1/2, 1/4, 0."""
    table = Schedule(steps=4, guidance=5).table()
    times = [1, 9 / 10, 3 / 4, 1 / 2, 0]
    assert [step.time for step in table] == pytest.approx(times[:-1])
    assert [step.length for step in table] == pytest.approx([1 / 10, 3 / 20, 1 / 4, 1 / 2])
    assert [step.is_guided for step in table] == [True] * 4  # both ends of the interval belong to it


def test_lengths_add_up_to_the_whole_way() -> None:
    assert sum(step.length for step in Schedule(steps=25, guidance=5).table()) == pytest.approx(1)


def test_without_guidance_no_step_is_guided() -> None:
    assert not any(step.is_guided for step in Schedule(steps=8, guidance=0).table())
