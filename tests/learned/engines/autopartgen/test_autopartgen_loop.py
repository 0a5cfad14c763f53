"""One part after the other, by samples that follow a script: what happens, in which order, and what is told of the end."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
import trimesh

from img23d_backend.engines.autopartgen.division.endings import ending
from img23d_backend.engines.autopartgen.division.loop import END, RETRY_STRIDE, Event, Kind, Maker, Rules, make_parts
from img23d_backend.stages import Mesh
from img23d_protocol import ErrorCode, Img23DError

BOXES = {"left": -0.6, "middle": 0.0, "right": 0.6}
THIN = 0.9 * END  # as large on the average as what ends it


def box(at: float, size: float = 0.4) -> Mesh:
    made = trimesh.creation.box(extents=(size, size, size))
    return Mesh(vertices=(made.vertices + (at, 0, 0)).astype(np.float32), faces=made.faces.astype(np.int32))


@dataclass
class Scripted(Maker):
    """Each word is a try at a part: "left", "middle" and "right" are boxes, "left again" is one a little to the side."""

    words: list[str]
    seeds: list[tuple[int, int]] = field(default_factory=list)
    heeded: list[int] = field(default_factory=list)
    word: str = ""

    def sample(self, number: int, seed: int) -> np.ndarray:
        self.seeds.append((number, seed))
        self.word = self.words.pop(0)
        size = {"end": THIN, "almost the end": 1.1 * END}.get(self.word, 0.8)
        return np.where(np.arange(64).reshape(8, 8) % 2, -size, size).astype(np.float32)

    def surface(self, latents: np.ndarray) -> Mesh | None:
        if self.word == "nothing":
            return None
        name, _, again = self.word.partition(" ")
        return box(BOXES.get(name, 0.0) + (0.01 if again else 0.0))

    def clean(self, mesh: Mesh) -> Mesh:
        return mesh

    def heed(self, parts: tuple[Mesh, ...]) -> None:
        self.heeded.append(len(parts))


def happened(words: str, rules: Rules) -> tuple[list[tuple[str, int, int]], Scripted, list[Event]]:
    maker = Scripted(words.split(", "))
    events = list(make_parts(maker, rules))
    assert not maker.words, "all of the script was asked for"
    return [(one.kind.value, one.number, one.attempt) for one in events], maker, events


def test_it_ends_where_the_model_says_so() -> None:
    told, maker, events = happened("left, middle, right, end", Rules(seed=5))
    assert told == [("part", 0, 0), ("part", 1, 0), ("part", 2, 0), ("end", 3, 0)]
    assert maker.seeds == [(0, 5), (1, 5), (2, 5), (3, 5)], "all parts begin with the same noise"
    assert maker.heeded == [1, 2, 3] and ending(events) == ""
    assert [float(one.mesh.vertices[:, 0].mean()) for one in events if one.mesh is not None] == pytest.approx([-0.6, 0.0, 0.6], abs=1e-6)


def test_what_is_only_small_is_no_end() -> None:
    told, _, _ = happened("almost the end, end", Rules())
    assert told == [("part", 0, 0), ("end", 1, 0)]


def test_an_empty_one_and_a_duplicate_are_tried_again() -> None:
    told, maker, events = happened("left, nothing, left again, middle, end", Rules(seed=1))
    assert told == [("part", 0, 0), ("empty", 1, 0), ("duplicate", 1, 1), ("part", 1, 2), ("end", 2, 0)]
    assert [seed for _, seed in maker.seeds] == [1, 1, 1 + RETRY_STRIDE, 1 + 2 * RETRY_STRIDE, 1]
    assert ending(events) == ""


def test_a_part_is_held_against_all_before_it() -> None:
    told, _, _ = happened("left, right, left again, end", Rules())
    assert told == [("part", 0, 0), ("part", 1, 0), ("duplicate", 2, 0), ("end", 2, 1)]


def test_four_duplicates_end_it_and_what_is_there_stays() -> None:
    told, _, events = happened("left, right, left again, right again, left again, left", Rules())
    assert told == [("part", 0, 0), ("part", 1, 0), *(("duplicate", 2, attempt) for attempt in range(4)), ("given up", 2, 0)]
    assert ending(events) == "AutoPartGen began to repeat itself, parts found so far: 2. Another seed may find more."


def test_four_empty_ones_end_it() -> None:
    told, _, events = happened("left, nothing, nothing, nothing, nothing", Rules())
    assert told[-1] == ("given up", 1, 0) and len(told) == 6
    assert ending(events) == "AutoPartGen made nothing solid any more, parts found so far: 1. Another seed may find more."


def test_as_many_as_are_allowed() -> None:
    told, _, events = happened("left, right", Rules(most=2))
    assert told == [("part", 0, 0), ("part", 1, 0), ("full", 2, 0)]
    assert ending(events) == "AutoPartGen made as many parts as are allowed: 2. There may be more."


def test_painted_parts_are_made_once_each_without_an_end() -> None:
    """Nor are they held against each other."""
    told, maker, events = happened("left, end, left again, middle", Rules(masks=4, most=2))
    assert told == [("part", 0, 0), ("part", 1, 0), ("part", 2, 0), ("part", 3, 0), ("done", 4, 0)]
    assert [number for number, _ in maker.seeds] == [0, 1, 2, 3] and ending(events) == ""


def test_a_painted_part_of_which_nothing_comes_keeps_no_other_from_coming() -> None:
    told, _, events = happened("left, nothing, nothing, nothing, nothing, right", Rules(masks=3))
    assert told == [("part", 0, 0), *(("empty", 1, attempt) for attempt in range(4)), ("part", 2, 0), ("done", 3, 0)]
    assert ending(events) == "AutoPartGen made nothing of painted part 2: try another seed, or paint it larger."


@pytest.mark.parametrize(
    ("words", "rules", "sentence"),
    [
        ("end", Rules(), "AutoPartGen finds no parts in it"),
        ("nothing, nothing, nothing, nothing", Rules(), "AutoPartGen finds no parts in it"),
        ("nothing, nothing, nothing, nothing", Rules(masks=1), "AutoPartGen makes nothing of the painted parts"),
    ],
)
def test_without_any_part_there_is_a_sentence(words: str, rules: Rules, sentence: str) -> None:
    with pytest.raises(Img23DError, match=sentence) as told:
        ending(happened(words, rules)[2])
    assert told.value.code is ErrorCode.NO_SURFACE


def test_what_was_made_is_there_before_the_next_is_begun() -> None:
    maker = Scripted(["left", "right", "end"])
    events = make_parts(maker, Rules())
    assert next(events).kind is Kind.PART and len(maker.seeds) == 1 and maker.words == ["right", "end"]
