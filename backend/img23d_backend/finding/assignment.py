"""Assignment of regions to names: the best for all names together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .things import Thing
from .words import NameQuery

_COLOUR, _PLACE, _SIZE, _ORDINAL, _SHADE = 1.0, 0.5, 0.5, 0.6, 0.3  # weights: a colour must not give way to a place
_SMALL_BESIDE = 0.15  # of the largest region's area: what a name without a word on looks hardly means
_ASIDE = 0.8  # what of its prominence a thing in a corner loses
_FITS = 0.3  # of the query's greatest possible score: below, the region is only the nearest that was left, and not taken
_CLEARLY, _PERHAPS = 0.3, 0.2  # of a region's area that has a named colour: clearly, and with half of what is near to that colour
_RIVAL = 0.85  # of the chosen region's score: another one that fits that well might be meant as well
_NOWHERE, _NO_REGION = -100.0, -10.0  # scores: of a colour that a region has not, and of getting no region, which is better
_ORDER = 1e-3  # earlier regions first where nothing else decides
_SUPERLATIVES = {
    **{name: f"most {name}" for name in ("orange", "purple", "cyan", "beige")},
    **{"red": "reddest", "yellow": "yellowest", "green": "greenest", "blue": "bluest", "pink": "pinkest"},
    **{"brown": "brownest", "black": "blackest", "grey": "greyest", "white": "whitest"},
    **{"left": "leftmost", "right": "rightmost", "top": "topmost", "bottom": "bottommost", "middle": "most central"},
    **{"big": "biggest", "small": "smallest", "tall": "tallest", "short": "shortest"},
    **{"wide": "widest", "narrow": "narrowest", "dark": "darkest", "light": "lightest"},
}


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A region's index for a name and, in plain words, why, and what is doubtful about it."""

    region: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class Unmet:
    """The words of a name that fit no region, as the artist may read them."""

    words: str


def assign_regions(queries: list[NameQuery], regions: Sequence[Thing], *, kind: str = "thing") -> list[Choice | Unmet | None]:
    """One choice a query, None where no region is left. `regions` come in reading order; `kind` is what they are called in the reasons.

    Names that say something about looks or place are served first and jointly, by what has these looks; the others follow in
    reading order, a single one takes what is most prominent.
    """
    choices: list[Choice | Unmet | None] = [None] * len(queries)
    if not regions:
        return choices
    specific = [index for index, query in enumerate(queries) if query.is_specific]
    for index, choice in zip(specific, _by_appearance([queries[index] for index in specific], regions, kind), strict=True):
        choices[index] = choice
    taken = {choice.region for choice in choices if isinstance(choice, Choice)}
    unspecific = len(queries) - len(specific)
    free = _free(regions, taken, unspecific)
    reason = "The next in reading order: this engine does not know the word."
    if len(regions) == len(queries) == 1:
        reason = "The one thing that stands out in the photo: this engine does not know the word."
    elif unspecific == 1 and len(free) > 1:
        free.sort(key=lambda index: _prominence(regions[index], regions), reverse=True)
        reason = "The most prominent thing: this engine does not know the word."
    waiting = iter(free)
    for index, query in enumerate(queries):
        if not query.is_specific and (region := next(waiting, None)) is not None:
            choices[index] = Choice(region=region, reason=reason)
    return choices


def _by_appearance(queries: list[NameQuery], regions: Sequence[Thing], kind: str) -> list[Choice | Unmet | None]:
    """One choice a specific query; a region without a named colour is none, nor one that is far from all that is asked."""
    scores = _scores(queries, regions)
    could = np.array([[has_colours(region, query) for region in regions] for query in queries]).reshape(scores.shape)
    possible = np.where(could, scores + _order(*scores.shape), _NOWHERE)
    columns = assign(np.hstack([possible, np.full((len(queries), len(queries)), _NO_REGION)]))
    got = [column if column < len(regions) and _fits(queries[row], scores[row], column) else -1 for row, column in enumerate(columns)]
    choices: list[Choice | Unmet | None] = []
    for row, (query, column) in enumerate(zip(queries, got, strict=True)):
        if column >= 0:
            doubt = _doubt(query, regions[column], _has_rival(row, queries, np.where(could[row], scores[row], 0), got))
            choices.append(Choice(region=column, reason=f"{_reason(query, scores[row], column, kind)} {doubt}".strip()))
        else:
            out_of_reach = columns[row] < len(regions) or not could[row].any()
            choices.append(Unmet(words=", ".join(_traits(query))) if out_of_reach else None)
    return choices


def _fits(query: NameQuery, scores: np.ndarray, column: int) -> bool:
    return query.ordinal is not None or bool(scores[column] >= _FITS * sum(_traits(query).values()))


def has_colours(region: Thing, query: NameQuery) -> bool:
    """Whether it has each of the named colours, clearly or in another light."""
    return all(region.share(colour) >= _CLEARLY or region.share_about(colour) >= _PERHAPS for colour in query.colours)


def _has_rival(row: int, queries: list[NameQuery], scores: np.ndarray, got: list[int]) -> bool:
    """Whether another region fits a query about as well, and no other name has a better claim to it.

    Words on size, place and number say which of several is meant.
    """
    if queries[row].sizes or queries[row].sides or queries[row].ordinal is not None:
        return False
    claimed = {column for other, column in enumerate(got) if column >= 0 and queries[other] != queries[row]}
    near = np.flatnonzero(scores >= _RIVAL * scores[got[row]])
    return any(column != got[row] and column not in claimed for column in near)


def _doubt(query: NameQuery, region: Thing, has_rival: bool) -> str:
    """Why the artist should look whether the right thing was taken; empty where nothing speaks against it."""
    if any(region.share(colour) < _CLEARLY for colour in query.colours):
        return f"It is not clearly “{', '.join(query.colours)}”: look whether it is the one that is meant."
    if has_rival:
        return "Another thing fits as well: look whether it is the one that is meant."
    return ""


def _free(regions: Sequence[Thing], taken: set[int], count: int) -> list[int]:
    """The regions that are left, in their order; where there are more than `count`, without those that are small beside them."""
    free = [index for index in range(len(regions)) if index not in taken]
    areas = sorted((regions[index].area for index in free), reverse=True)
    if len(free) <= count or not count:
        return free
    least = min(_SMALL_BESIDE * areas[0], areas[count - 1])
    return [index for index in free if regions[index].area >= least]


def _prominence(region: Thing, regions: Sequence[Thing]) -> float:
    """How likely a single word means this one: large, and in the middle of all."""
    left, right = min(one.left for one in regions), max(one.right for one in regions)
    top, bottom = min(one.top for one in regions), max(one.bottom for one in regions)
    x, y = region.center
    aside = abs(x - (left + right) / 2) / (right - left) + abs(y - (top + bottom) / 2) / (bottom - top)
    return region.area**0.5 * (1 - _ASIDE * aside)


def assign(scores: np.ndarray) -> list[int]:
    """For each row of (n, m) scores its column in the assignment with the greatest sum, -1 for rows that get none.

    The Hungarian method by shortest augmenting paths (Jonker and Volgenant 1987).
    """
    rows, columns = scores.shape
    if rows == 0 or columns == 0:
        return [-1] * rows
    if rows > columns:
        chosen = [-1] * rows
        for column, row in enumerate(assign(scores.T)):
            chosen[row] = column
        return chosen
    cost = -scores.astype(np.float64)
    row_price, column_price = np.zeros(rows), np.zeros(columns)
    owner = np.full(columns, -1)
    for start in range(rows):
        _augment(cost, row_price, column_price, owner, start)
    chosen = [-1] * rows
    for column in np.flatnonzero(owner >= 0):
        chosen[owner[column]] = int(column)
    return chosen


def _augment(cost: np.ndarray, row_price: np.ndarray, column_price: np.ndarray, owner: np.ndarray, start: int) -> None:
    """Gives row `start` a column along the cheapest alternating path; prices keep every reduced cost >= 0."""
    shortest = np.full(cost.shape[1], np.inf)
    before = np.full(cost.shape[1], -1)
    done = np.zeros(cost.shape[1], bool)
    visited, row, column, length = [], start, -1, 0.0
    while True:
        visited.append((row, length))
        reduced = length + cost[row] - row_price[row] - column_price
        better = ~done & (reduced < shortest)
        shortest[better], before[better] = reduced[better], column
        column = int(np.argmin(np.where(done, np.inf, shortest)))
        length = float(shortest[column])
        if owner[column] < 0:
            break
        done[column] = True
        row = int(owner[column])
    for seen, at in visited:
        row_price[seen] += length - at
    column_price[done] -= length - shortest[done]
    while column >= 0:
        previous = int(before[column])
        owner[column] = start if previous < 0 else owner[previous]
        column = previous


def _order(rows: int, columns: int) -> np.ndarray:
    """A small preference for early regions and, among equals, for early names on early regions."""
    name, region = np.arange(rows)[:, None] / max(rows, 1), np.arange(columns)[None] / max(columns, 1)
    return _ORDER * (name * region - 1.5 * region)


def _scores(queries: list[NameQuery], regions: Sequence[Thing]) -> np.ndarray:
    """(queries, regions): how well each region fits each query; every part of a query counts from 0 to its weight."""
    traits = {trait: _trait(trait, regions) for query in queries for trait in _traits(query)}
    scores = np.zeros((len(queries), len(regions)))
    for row, query in enumerate(queries):
        for trait, weight in _traits(query).items():
            scores[row] += weight * traits[trait]
        if query.ordinal is not None:
            scores[row] += _ordinal_fit(scores[row].copy(), query.ordinal, len(regions))
    return scores


def _traits(query: NameQuery) -> dict[str, float]:
    """What a query asks of a region, with the weight of each."""
    weights = dict.fromkeys(query.colours, _COLOUR)
    weights |= dict.fromkeys(query.sides, _PLACE) | dict.fromkeys(query.sizes, _SIZE)
    return weights | ({query.shade: _SHADE} if query.shade else {})


def _trait(trait: str, regions: Sequence[Thing]) -> np.ndarray:
    """(regions,) 0..1."""
    x, y = np.array([region.center for region in regions]).T
    match trait:
        case "left" | "right":
            return _spread(-x if trait == "left" else x)
        case "top" | "bottom":
            return _spread(-y if trait == "top" else y)
        case "middle":
            return _spread(-np.hypot(_spread(x) - 0.5, _spread(y) - 0.5))
        case "big" | "small":
            size = np.sqrt([region.area for region in regions])
            return _spread(size if trait == "big" else -size)
        case "tall" | "short":
            height = np.array([region.bottom - region.top for region in regions], float)
            return _spread(height if trait == "tall" else -height)
        case "wide" | "narrow":
            width = np.array([region.right - region.left for region in regions], float)
            return _spread(width if trait == "wide" else -width)
        case "dark" | "light":
            light = np.array([region.lightness for region in regions])
            return _spread(light if trait == "light" else -light)
    share = np.array([region.share(trait) for region in regions])
    return 0.6 * np.minimum(share / 0.4, 1) + 0.4 * share / max(float(share.max()), 0.1)


def _spread(values: np.ndarray) -> np.ndarray:
    """From 0 for the least to 1 for the greatest; all 1 where they are equal."""
    low, high = float(values.min()), float(values.max())
    return (values - low) / (high - low) if high > low else np.ones(len(values))


def _ordinal_fit(fit: np.ndarray, ordinal: int, count: int) -> np.ndarray:
    """The n-th region in reading order among those that fit the name's other words."""
    candidates = np.flatnonzero(fit >= 0.6 * fit.max()) if fit.max() > 0 else np.arange(count)
    bonus = np.zeros(count)
    bonus[candidates[min(ordinal, len(candidates) - 1)]] = _ORDINAL
    return bonus


def _reason(query: NameQuery, scores: np.ndarray, column: int, kind: str) -> str:
    traits = _traits(query)
    words = " and ".join(_SUPERLATIVES[trait] for trait in traits)
    if query.ordinal is not None:
        counted = "The last" if query.ordinal < 0 else f"Number {query.ordinal + 1}"
        return f"{counted} in reading order" + (f" of the {words} things." if words else ".")
    if scores[column] >= scores.max():
        return f"The {words} {kind} in the photo."
    return f"The next {words} {kind} in the photo."
