"""Wide photos, and answers with boxes in space instead of in the picture: what Qwen3-VL says is prepared, the way to and from it is real."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from test_locate import SET, grounder, locate, photo  # noqa: F401  (fixtures)

from img23d_backend.engines.qwen3vl.locate import QwenGrounder
from img23d_backend.engines.qwen3vl.model import Question, QwenProcessor, dtype_for
from img23d_backend.machine.devices import Device
from img23d_backend.stages import Found, NotFound, Photo
from img23d_protocol import ErrorCode, Img23DError

SOLID = '```json\n[{"bbox_3d": [0.4, 0.0, 0.9, 0.1, 0.1, 0.1, 0.2, 0.2, 0.1], "label": "blue mug"}]\n```'
FLAT = '[{"bbox_2d": [250, 100, 750, 400], "label": "blue mug"}]'


class Answering:
    """In the network's place: says one prepared text after another, and keeps what it was asked."""

    def __init__(self, processor: QwenProcessor, *texts: str) -> None:
        self._processor, self._texts = processor, list(texts)
        self.asked: list[Question] = []

    def __call__(self, network: object, asked: Question, *, report: Callable[[float], None], **_: object) -> list[int]:
        report(0.5)
        self.asked.append(asked)
        return self._processor.tokens(self._texts.pop(0))


@pytest.fixture
def answering(tiny_models: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Answering]:
    def prepare(*texts: str) -> Answering:
        prepared = Answering(QwenProcessor(tiny_models / SET), *texts)
        monkeypatch.setattr("img23d_backend.engines.qwen3vl.locate.answer", prepared)
        return prepared

    return prepare


def is_at(found: Found | NotFound, left: int, top: int, right: int, bottom: int) -> bool:
    """In pixels of the photo; a found box is wider by 2% of its longer side all around, in whole pixels."""
    assert isinstance(found, Found), found
    box, margin = found.box, 0.02 * max(right - left, bottom - top)
    wider = (left - box.left, top - box.top, box.right - right, box.bottom - bottom)
    return all(margin <= one <= margin + 1 for one in wider)


def test_a_wide_photo_is_shown_at_two_to_one_and_its_boxes_are_those_of_the_photo(grounder: QwenGrounder, answering: Callable[..., Answering]) -> None:
    """8:1 is squeezed to 4:1 and filled up below: the lower half of what the model gets is no photo."""
    prepared = answering(FLAT)
    (found,) = locate(grounder, Photo(rgb=np.full((200, 1600, 3), 90, np.uint8)), "blue mug")
    (asked,) = prepared.asked
    assert asked.seen[0] / asked.seen[1] == pytest.approx(2, rel=0.15)
    assert is_at(found, 400, 40, 1200, 160)


def test_an_answer_in_space_is_asked_for_again_in_other_words(grounder: QwenGrounder, photo: Photo, answering: Callable[..., Answering]) -> None:
    prepared, told = answering(SOLID, FLAT), []
    (found,) = locate(grounder, photo, "blue mug", report=lambda fraction, _: told.append(fraction))
    first, second = prepared.asked
    assert is_at(found, 300, 90, 900, 360)
    assert first.input_ids.shape != second.input_ids.shape or not first.input_ids.equal(second.input_ids)
    assert told == sorted(told)


def test_what_can_be_used_of_two_answers_in_space_is_used(grounder: QwenGrounder, photo: Photo, answering: Callable[..., Answering]) -> None:
    answering(f"[{FLAT.strip('[]')}, {SOLID.strip('`json')}]", SOLID)
    assert is_at(locate(grounder, photo, "blue mug")[0], 300, 90, 900, 360)


def test_two_answers_in_space_alone_are_a_clear_failure(grounder: QwenGrounder, photo: Photo, answering: Callable[..., Answering]) -> None:
    prepared = answering(SOLID, SOLID)
    with pytest.raises(Img23DError) as caught:
        locate(grounder, photo, "blue mug")
    assert len(prepared.asked) == 2
    assert caught.value.code is ErrorCode.NO_REGION and "draw their boxes" in caught.value.sentence


def test_nothing_found_the_second_time_is_nothing_found(grounder: QwenGrounder, photo: Photo, answering: Callable[..., Answering]) -> None:
    answering(SOLID, "[]")
    assert isinstance(locate(grounder, photo, "blue mug")[0], NotFound)


@pytest.mark.parametrize("chosen", ["cuda:0", "cuda:1"])
def test_bfloat16_is_asked_of_the_chosen_card(monkeypatch: pytest.MonkeyPatch, chosen: str) -> None:
    """Two cards, of which the second alone has it; torch answers for the one that is current, the first."""
    current = ["cuda:0"]

    @contextlib.contextmanager
    def card(name: str) -> Iterator[None]:
        current.append(name)
        yield
        current.pop()

    monkeypatch.setattr(torch.cuda, "device", card)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: current[-1] == "cuda:1")
    device = Device(id="gpu", torch_name=chosen, label="a card", total_bytes=0)
    assert dtype_for(device) is (torch.bfloat16 if chosen == "cuda:1" else torch.float16)
