"""From the network's scores and boxes to instances: thresholds, and one box a thing."""

from __future__ import annotations

import numpy as np

from ...finding.instances import Instance
from .prompt import Text

SURE = 0.35  # a score from which on a thing is there: lower ones cost more wrong things than they find
PERHAPS = 0.2  # the best one of a kind counts from here on where none is sure, and says so
_SAME_BOX = 0.5  # intersection over union of two boxes of a kind, from which on the lower score says nothing new
_INSIDE = 0.9  # of a box's area: so much of it lies in another one
_MOST = 100  # instances of a kind
_UNSURE = "It is not sure that this is one: look whether it is the one that is meant."


def instances(text: Text, probabilities: np.ndarray, boxes: np.ndarray) -> list[Instance]:
    """Of all kinds of a text, each kind's surest first.

    `probabilities` (N, tokens) float32 0..1 of each proposal and token, `boxes` (N, 4) float32 middle and size in fractions of the picture.
    A kind's score is the mean over its tokens, as MM-Grounding-DINO computes it (mmdetection, grounding_dino_head.py).
    """
    sides = np.concatenate([boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2], axis=1).clip(0, 1)
    has_area = (sides[:, 2] > sides[:, 0]) & (sides[:, 3] > sides[:, 1])
    found: list[Instance] = []
    for kind, (first, end) in zip(text.kinds, text.spans, strict=True):
        scores = np.where(has_area, probabilities[:, first:end].mean(axis=1), 0.0)
        found += _of_kind(kind, scores, sides)
    return found


def _of_kind(kind: str, scores: np.ndarray, sides: np.ndarray) -> list[Instance]:
    order = np.argsort(-scores, kind="stable")
    sure = [_instance(kind, sides[index]) for index in order[scores[order] >= SURE]]
    if not sure:
        best = order[:1]
        return [_instance(kind, sides[index], _UNSURE) for index in best if scores[index] >= PERHAPS]
    kept: list[Instance] = []
    for one in sure:
        if all(one.overlap(other) < _SAME_BOX for other in kept):
            kept.append(one)
    return [one for one in kept if not _is_group(one, kept)][:_MOST]


def _instance(kind: str, sides: np.ndarray, note: str = "") -> Instance:
    left, top, right, bottom = (float(side) for side in sides)
    return Instance(label=kind, left=left, top=top, right=right, bottom=bottom, note=note)


def _is_group(one: Instance, others: list[Instance]) -> bool:
    """Whether it is a box around several of the others, as “cups” may give beside each cup."""
    inside = [other for other in others if other is not one and _shared(one, other) >= _INSIDE * other.area]
    return len(inside) > 1 and sum(_shared(one, other) for other in inside) >= one.area / 4


def _shared(one: Instance, other: Instance) -> float:
    width = min(one.right, other.right) - max(one.left, other.left)
    height = min(one.bottom, other.bottom) - max(one.top, other.top)
    return max(0.0, width) * max(0.0, height)
