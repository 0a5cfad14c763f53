"""The full-size files of the bench and its table: what is as published is told from what is not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from devtools.bench.learned import published

ROW = {
    "set": "hunyuan3d-2mini-standard", "tensors": 1325, "bytes": 3_819_958_234, "published_bytes": 3_819_958_234,
    "known": "header", "dtype": "torch.bfloat16", "seconds": 60.0, "peak_bytes": 5_000_000_000, "faces": 4994,
    "refuses_another_name": True,
}  # fmt: skip


@pytest.fixture
def figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(published, "FIGURES", tmp_path / "published.json")
    return tmp_path / "published.json"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, "| the same | 60 | 5.0 GB | 4,994 | refused |"),
        ({"bytes": 1}, "| **others** |"),
        ({"published_bytes": None}, "| unknown |"),
        ({"refuses_another_name": False}, "| **taken** |"),
    ],
)
def test_the_table_says_what_is_not_as_published(figures: Path, change: dict, told: str) -> None:
    content = {"machine": "a machine", "date": "2026-11-22", "steps": 1, "cells": 64, "rows": [ROW | change]}
    figures.write_text(json.dumps(content), encoding="utf-8")
    text = "\n".join(published.published_part())
    assert told in text
    assert "| hunyuan3d-2mv-turbo | not run |" in text and "| hunyuan3d-2mini-standard | not run |" not in text


def test_nothing_is_said_of_what_was_never_measured(figures: Path) -> None:
    assert published.published_part() == []
