"""How the machines of a cluster are shared out, without Ray."""

from __future__ import annotations

import pytest

from img23d_backend.cluster.plan import Kind, Node, plan
from img23d_protocol import Img23DError

TWO_CARDS, FOUR_CARDS = [Node(cpus=8, gpus=2)], [Node(cpus=8, gpus=2), Node(cpus=16, gpus=2), Node(cpus=0)]


def told(*arguments, **more) -> dict[Kind, tuple[int, float, float]]:
    return {share.kind: (share.count, share.cpus, share.gpus) for share in plan(*arguments, **more)}


def test_the_built_in_engine_takes_a_processor_a_photo_and_no_card() -> None:
    assert told(FOUR_CARDS, is_built_in=True) == {Kind.PHOTO: (24, 1.0, 0.0)}
    assert told(FOUR_CARDS, is_built_in=True, workers=5) == {Kind.PHOTO: (5, 1.0, 0.0)}


def test_a_learned_engine_takes_a_card() -> None:
    assert told(TWO_CARDS, is_built_in=False) == {Kind.PHOTO: (2, 1.0, 1.0)}
    assert told(FOUR_CARDS, is_built_in=False, workers=3) == {Kind.PHOTO: (3, 1.0, 1.0)}


def test_with_cards_enough_each_has_the_models_of_one_stage() -> None:
    parted = {Kind.FIND: (1, 1.0, 1.0), Kind.SHAPE: (2, 1.0, 1.0), Kind.PAINT: (1, 1.0, 1.0)}
    assert told(FOUR_CARDS, is_built_in=False, has_painter=True) == parted
    assert set(told(TWO_CARDS, is_built_in=False, has_painter=True)) == set(told(FOUR_CARDS, is_built_in=False)) == {Kind.PHOTO}


def test_without_cards_a_learned_engine_takes_a_whole_machine() -> None:
    assert told([Node(cpus=8), Node(cpus=16), Node(cpus=0)], is_built_in=False) == {Kind.PHOTO: (3, 8.0, 0.0)}


def test_stages_as_they_are_asked_for() -> None:
    assert told(FOUR_CARDS, is_built_in=False, stages="find=1, shape=1,paint=2")[Kind.PAINT] == (2, 1.0, 1.0)
    assert told([Node(cpus=8)], is_built_in=True, stages="find=1,shape=5,paint=2")[Kind.SHAPE] == (5, 1.0, 0.0)


@pytest.mark.parametrize("stages", ["shape=4", "find=1,shape=0,paint=1", "find=1,shape=x,paint=1", "find=1,shape=1,paint=1,photo=2", "find=2,shape=2,paint=1"])
def test_what_makes_no_sense_or_has_no_room(stages: str) -> None:
    with pytest.raises(Img23DError):
        plan(FOUR_CARDS, is_built_in=False, stages=stages)
