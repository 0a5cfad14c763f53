"""Damaged pictures of each format: an image or one sentence, little memory and little time, and never the end of the process."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from batch import Outcome, tried
from mutate import mutation
from picture_seeds import seeds
from tally import Tally, chosen_cases, effort, split_case

MOST_MEGABYTES, MOST_SECONDS = 600.0, 5.0  # for a file under 1 MB
SMALL = 1_000_000  # bytes
FORMATS = ("png", "apng", "jpeg", "webp", "gif", "tiff", "bmp")
SENTENCE = re.compile(r"refused photo_\w+: “[^\n]+\.", re.DOTALL)


@pytest.mark.parametrize("format", FORMATS)
def test_damaged_pictures(format: str, tmp_path: Path) -> None:
    pictures = {name: data for name, data in seeds().items() if name.partition("-")[0] == format}
    assert pictures, f"no seed of {format}"
    with Tally(name=f"pictures-{format}", what=f"mutated {format.upper()} pictures through the decoder") as tally:
        images = 0
        cases = chosen_cases(list(pictures), effort(quick=60, long=1500))
        for outcome in tried("decode_child", [str(tmp_path)], cases):
            name, number = split_case(outcome.case)
            data = mutation(pictures[name], number)
            tally.judge(outcome.case, objection(outcome, len(data)), data, f".{format}")
            tally.saw(MB=outcome.megabytes, seconds=outcome.seconds)
            images += outcome.said == "image"
        tally.note = f"{images:,} still an image, the others refused with a sentence"


def objection(outcome: Outcome, size: int) -> str:
    """Why the outcome is none that is allowed; empty where it is."""
    if outcome.broken:
        return outcome.broken
    if outcome.said != "image" and not SENTENCE.fullmatch(outcome.said):
        return f"no sentence about the photo: {outcome.said!r}"
    if size < SMALL and outcome.megabytes > MOST_MEGABYTES:
        return f"{size} bytes took {outcome.megabytes:.0f} MB"
    if size < SMALL and outcome.seconds > MOST_SECONDS:
        return f"{size} bytes took {outcome.seconds:.1f} s of processor time"
    return ""
