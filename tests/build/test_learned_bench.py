"""The learned chain's table: what counts as met, what is said about a part that failed, and the distance it measures."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import trimesh

from devtools.bench.learned import distance, report
from devtools.bench.learned.rows import met, row


@pytest.mark.parametrize(
    ("ours", "reference", "goal", "expected"),
    [
        (1, 20, "≥ 15x", True),
        (2, 20, "≥ 15x", False),
        (4, 10, "≤ 0.45x", True),
        (5, 10, "≤ 0.45x", False),
        (5e9, None, "≤ 6 GB", True),
        (7e9, None, "≤ 6 GB", False),
        (0, 31, "0", True),
        (1, 31, "0", False),
        (0.04, 0.5, "≤ 0.05", True),
        (1, None, "≥ 15x", None),
        (1, 2, "", None),
    ],
)
def test_a_goal_is_met_by_the_ratio_or_by_the_figure(ours: float, reference: float | None, goal: str, expected: bool | None) -> None:
    assert met(row("what", ours, reference, goal)) is expected


def test_the_table_of_a_graphics_card_stays_beside_the_processors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "FIGURES", tmp_path)
    assert report.learned_part() == []
    for name, rows in (("processor", [row("slow thing: seconds", 2, 20, "≥ 15x")]), ("gpu", [row("peak, bytes", 5e9, None, "≤ 6 GB")])):
        figures = {"machine": f"the {name}", "date": "2026-01-01", "parts": {"one": rows}}
        (tmp_path / f"learned_{name}.json").write_text(json.dumps(figures), encoding="utf-8")
    text = "\n".join(report.learned_part())
    assert "On the processor, 2026-01-01:" in text
    assert "| slow thing: seconds | 2 | 20 | 10x | ≥ 15x | **missed** |" in text
    assert "| peak, bytes | 5.00 GB |  |  | ≤ 6 GB | met |" in text


def test_the_distance_of_two_spheres_is_their_radii_apart() -> None:
    balls = [trimesh.creation.icosphere(5, radius) for radius in (1.0, 1.01)]
    distances = distance.surface_distances(*((ball.vertices, ball.faces) for ball in balls), samples=5000)
    assert distances.shape == (10_000,)
    assert np.quantile(distances, [0.01, 0.99]) == pytest.approx(0.01, abs=5e-4)
