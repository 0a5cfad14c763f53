"""A damaged GLB by its number: three in four have a right container and a damaged description, the rest is damaged bytes."""

from __future__ import annotations

from glb_seeds import joined, seeds, split
from mutate import mutation
from mutate_json import json_mutation
from tally import split_case


def damaged(case: str) -> bytes:
    """`case` is `seed:number`."""
    name, number = split_case(case)
    data = seeds()[name]
    if number % 4 == 0:
        return mutation(data, number)
    document, binary = split(data)
    if number % 4 == 1:
        binary = mutation(binary, number)
    return joined(json_mutation(document, number), binary)
