"""Reading colours, places and sizes out of names, and choosing by them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from img23d_backend.finding.assignment import assign
from img23d_backend.finding.colors import NAMES, memberships
from img23d_backend.finding.words import NameQuery, parse


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("red mug", NameQuery(colours=("red",))),
        ("RED, mugs!", NameQuery(colours=("red",))),
        ("the reds", NameQuery(colours=("red",))),
        ("reddish bowl", NameQuery(colours=("red",))),
        ("turquoise/teal vase", NameQuery(colours=("cyan",))),
        ("gray cup", NameQuery(colours=("grey",))),
        ("left", NameQuery(sides=("left",))),
        ("the left-hand one", NameQuery(sides=("left",))),
        ("rightmost", NameQuery(sides=("right",))),
        ("the big one", NameQuery(sizes=("big",))),
        ("small green apple", NameQuery(colours=("green",), sizes=("small",))),
        ("biggest", NameQuery(sizes=("big",))),
        ("top left book", NameQuery(sides=("top", "left"))),
        ("second cup", NameQuery(ordinal=1)),
        ("3rd cup", NameQuery(ordinal=2)),
        ("last cup", NameQuery(ordinal=-1)),
        ("dark blue jar", NameQuery(colours=("blue",), shade="dark")),
        ("light", NameQuery()),
        ("mug", NameQuery()),
        ("", NameQuery()),
        ("红色 кружка tasse", NameQuery()),
        ("screwdriver", NameQuery()),
        ('"a" \n\\ /', NameQuery()),
    ],
)
def test_names_are_read(name: str, query: NameQuery) -> None:
    assert parse(name) == query
    assert parse(name).is_specific == (query != NameQuery())


@pytest.mark.parametrize(
    ("lab", "colour"),
    [
        ((45, 65, 45), "red"),
        ((85, 0, 80), "yellow"),
        ((50, -45, 35), "green"),
        ((35, 25, -60), "blue"),
        ((5, 0, 0), "black"),
        ((98, 0, 0), "white"),
        ((55, 0, 0), "grey"),
        ((38, 15, 25), "brown"),
        ((75, 30, 3), "pink"),
    ],
)
def test_colours_have_names(lab: tuple[float, float, float], colour: str) -> None:
    shares = memberships(np.array([lab], np.float32))[0]
    assert NAMES[int(shares.argmax())] == colour
    assert shares.sum() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (5, 3), (5, 5), (2, 6)])
def test_assignment_is_the_best_of_all(shape: tuple[int, int]) -> None:
    rows, columns = shape
    for seed in range(12):
        scores = np.random.default_rng(seed).random(shape)
        chosen = assign(scores)
        taken = [column for column in chosen if column >= 0]
        assert len(taken) == len(set(taken)) == min(shape)
        total = sum(scores[row, column] for row, column in enumerate(chosen) if column >= 0)
        assert total == pytest.approx(_best_of_all(scores))


def _best_of_all(scores: np.ndarray) -> float:
    if scores.shape[0] > scores.shape[1]:
        scores = scores.T
    rows = range(scores.shape[0])
    return max(
        sum(scores[row, column] for row, column in zip(rows, columns, strict=True)) for columns in itertools.permutations(range(scores.shape[1]), len(rows))
    )


def test_assignment_of_nothing() -> None:
    assert assign(np.zeros((0, 3))) == []
    assert assign(np.zeros((2, 0))) == [-1, -1]
