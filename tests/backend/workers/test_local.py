"""What each worker of this machine gets of it."""

from __future__ import annotations

from img23d_backend.workers.local import room_for, share_of, visible_cards


def test_how_many_there_is_room_for() -> None:
    assert room_for(cores=16, cards=0, is_built_in=True, total_bytes=64 * 10**9) == 16
    assert room_for(cores=16, cards=4, is_built_in=True, total_bytes=8 * 10**9) == 5
    assert room_for(cores=16, cards=0, is_built_in=False) == 1 and room_for(cores=16, cards=4, is_built_in=False) == 4


def test_cores_are_shared_and_what_is_set_stays() -> None:
    assert share_of(0, 1, cores=8, cards=[], inherited={}) == {}
    assert share_of(1, 3, cores=8, cards=[], inherited={}) == {"OMP_NUM_THREADS": "2", "OPENCV_FOR_THREADS_NUM": "2"}
    assert share_of(1, 16, cores=8, cards=[], inherited={"OMP_NUM_THREADS": "3"}) == {"OPENCV_FOR_THREADS_NUM": "1"}


def test_each_has_a_card_of_its_own() -> None:
    cards = ["GPU-a", "GPU-b"]
    assert [share_of(number, 3, cores=8, cards=cards, inherited={})["CUDA_VISIBLE_DEVICES"] for number in range(3)] == ["GPU-a", "GPU-b", "GPU-a"]


def test_only_the_cards_that_are_let_be_seen() -> None:
    assert visible_cards({"CUDA_VISIBLE_DEVICES": "2, 0"}) == ["2", "0"]
    assert visible_cards({"CUDA_VISIBLE_DEVICES": ""}) == [] and visible_cards({"CUDA_VISIBLE_DEVICES": "-1"}) == []
