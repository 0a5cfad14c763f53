"""A small Qwen3-VL in the published layout that has learned where the things of the plain photo are.

0.65 M parameters, a tokenizer of its own, trained with the prompt and the preprocessing of the real stage: for any of the
names in any order, with names of things that are not there, and with pictures that nothing is in. It lists the things in an
order of its own, as large models do.
"""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from .qwen_files import write_settings, write_tokenizer, write_weights

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import Qwen3VLForConditionalGeneration

    from img23d_backend.engines.qwen3vl.model import Question, QwenProcessor

DEMO = Path(__file__).resolve().parents[2] / "demo" / "plain"
ABSENT = ("dragon", "sofa", "white cat", "clock")  # asked for in training, and not there
RATE = 3e-3
STEPS = (400, 200, 200, 200, 200)  # of each round, until the answers are right, also most about some of the names
BOXES = 10  # in the answers of one step
Lesson = tuple["Question", "Tensor"]  # and the answer's tokens
Box = tuple[int, int, int, int]  # left, top, right, bottom in thousandths


def make(folder: Path) -> None:
    """Writes the checkpoint, on one thread: the same each time. Raises RuntimeError where the photo was not learned."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        _make(folder)
    finally:
        torch.set_num_threads(threads)


def _make(folder: Path) -> None:
    import torch
    from transformers import Qwen3VLConfig, Qwen3VLForConditionalGeneration

    from img23d_backend.engines.qwen3vl.model import QwenProcessor
    from img23d_backend.engines.qwen3vl.prompt import question

    torch.manual_seed(0)
    asked_and_answered = [question([*names(), *ABSENT]), written(list(true_boxes().items())), "user\nassistant\n"]
    write_tokenizer(folder, asked_and_answered)
    write_settings(folder)
    network = Qwen3VLForConditionalGeneration(Qwen3VLConfig.from_pretrained(folder)).float()  # the files say bfloat16
    lessons = _Lessons(QwenProcessor(folder))
    optimizer = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=0.0, betas=(0.9, 0.98))
    for number, steps in enumerate(STEPS):
        _train(network, lessons, optimizer, steps=steps, rate=RATE if number == 0 else RATE / 3)
        write_weights(folder, network)
        if _passes(folder, [*lessons.exam(), *lessons.harder_exam()]):
            return
    if not _passes(folder, lessons.exam()):
        raise RuntimeError("the small Qwen3-VL has not learned the plain photo")


def names() -> tuple[str, ...]:
    """The things of the plain photo, as `true_boxes` has them."""
    return tuple(json.loads((DEMO / "camera.json").read_text(encoding="utf-8"))["names"])


def photo() -> np.ndarray:
    """(H, W, 3) uint8, RGB."""
    return cv2.cvtColor(_image("photo.jpg", cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def true_boxes() -> dict[str, Box]:
    """Of each thing's mask, in thousandths of the photo."""
    masks = _image("masks.png", cv2.IMREAD_GRAYSCALE)
    height, width = masks.shape
    boxes = {}
    for index, name in enumerate(names()):
        rows, columns = np.nonzero(masks == index + 1)
        sides = (columns.min() / width, rows.min() / height, (columns.max() + 1) / width, (rows.max() + 1) / height)
        boxes[name] = tuple(round(1000 * float(side)) for side in sides)
    return boxes


def written(boxes: list[tuple[str, Box]]) -> str:
    """An answer as Qwen3-VL writes it, but for the label, which it puts last: so few layers must name a thing to place it."""
    if not boxes:
        return "```json\n[]\n```"
    lines = [f'\t{{"label": "{name}", "bbox_2d": {list(box)}}}' for name, box in boxes]
    return "```json\n[\n" + ",\n".join(lines) + "\n]\n```"


def _image(name: str, flags: int) -> np.ndarray:
    return cv2.imdecode(np.fromfile(DEMO / name, np.uint8), flags)


# --- lessons ------------------------------------------------------------------------------------------------------------


class _Lessons:
    """Questions about the photo and about empty pictures, with their answers."""

    def __init__(self, processor: QwenProcessor) -> None:
        self._random = random.Random(0)
        self._processor = processor
        self._photo = processor.question(photo(), names(), least=0, most=1 << 30)
        self._others = [processor.question(rgb, names(), least=0, most=1 << 30) for rgb in _other_pictures(self._random)]
        self._boxes = true_boxes()

    def draw(self) -> list[Lesson]:
        """For one step: names in any order, as many in each lesson.

        In every third step half of the pictures are empty: what tells it is one token of an answer.
        """
        if self._random.random() < 0.3:
            return [lesson for _ in range(4) for lesson in (self._lesson(self._names(1), self._photo), self._empty())]
        count = self._random.choice((1, 2, 2, 3, 3, 4, 5, 6, 8))
        return [self._lesson(self._names(count), self._photo) for _ in range(max(1, BOXES // count))]

    def exam(self) -> list[list[Lesson]]:
        """All names by themselves, all together both ways round, and what is not there."""
        lists = [[name] for name in names()], [list(names()), list(names())[::-1]], [["dragon"], ["dragon", "blue mug"]]
        return [*([self._lesson(asked, self._photo) for asked in one] for one in lists), [self._empty(), self._empty()]]

    def harder_exam(self) -> list[list[Lesson]]:
        """Some of the names, drawn anew."""
        return [[self._lesson(self._names(count), self._photo) for _ in range(8)] for count in (2, 3, 5)]

    def _empty(self) -> Lesson:
        """Asked of a picture with nothing in it."""
        return self._lesson(self._names(1), self._random.choice(self._others))

    def _names(self, count: int) -> list[str]:
        """Every fourth time with something that is not there among them, or by itself."""
        asked = self._random.sample(names(), count)
        if self._random.random() < 0.25:
            asked.insert(self._random.randrange(count + 1), self._random.choice(ABSENT))
            return [one for one in asked if one in ABSENT] if count == 1 and self._random.random() < 0.5 else asked
        return asked

    def _lesson(self, asked: list[str], seen: Question) -> Lesson:
        import torch

        from img23d_backend.engines.qwen3vl.prompt import chat, question

        boxes = self._boxes if seen is self._photo else {}
        text = chat(question(asked), int(seen.mm_token_type_ids.sum()))
        answer = written([(name, box) for name, box in boxes.items() if name in asked])
        ids = torch.tensor([self._processor.tokens(text)])
        kinds = torch.nn.functional.pad(seen.mm_token_type_ids, (0, 1000))[:, : ids.shape[1]]
        answer_ids = torch.tensor(self._processor.tokens(answer + "<|im_end|>"))
        return replace(seen, input_ids=ids, mm_token_type_ids=kinds), answer_ids


def _other_pictures(chance: random.Random) -> list[np.ndarray]:
    """Soft colours without a thing in them, of the photo's size."""
    height, width = photo().shape[:2]
    coarse = [np.array([chance.randrange(256) for _ in range(27)], np.uint8).reshape(3, 3, 3) for _ in range(24)]
    return [cv2.resize(one, (width, height), interpolation=cv2.INTER_CUBIC) for one in coarse]


def _train(network: Qwen3VLForConditionalGeneration, lessons: _Lessons, optimizer: Any, *, steps: int, rate: float) -> None:
    import torch

    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=rate, total_steps=steps, pct_start=0.1)
    for _ in range(steps):
        loss = network(**_batch(lessons.draw())).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()


def _batch(lessons: list[Lesson]) -> dict[str, Tensor]:
    """Sequences of question and answer, padded at the right; only the answer's tokens count."""
    import torch

    count, length = len(lessons), max(asked.input_ids.shape[1] + len(answer) for asked, answer in lessons)
    ids, mask = torch.zeros(count, length, dtype=torch.long), torch.zeros(count, length, dtype=torch.long)
    labels = torch.full((count, length), -100)
    for row, (asked, answer) in enumerate(lessons):
        start = asked.input_ids.shape[1]
        end = start + len(answer)
        ids[row, :start], ids[row, start:end] = asked.input_ids[0], answer
        mask[row, :end], labels[row, start:end] = 1, answer
    kinds = lessons[0][0].mm_token_type_ids  # (1, S): the picture stands before the text, at the same place in all
    return {
        "input_ids": ids,
        "attention_mask": mask,
        "labels": labels,
        "mm_token_type_ids": torch.nn.functional.pad(kinds, (0, length))[:, :length].expand(count, -1),
        "pixel_values": torch.cat([asked.pixel_values for asked, _ in lessons]),
        "image_grid_thw": torch.cat([asked.image_grid_thw for asked, _ in lessons]),
    }


def _passes(folder: Path, exam: list[list[Lesson]]) -> bool:
    """Whether each token of each answer is the likeliest, read as the real stage does, in a processor's both types."""
    import torch

    from img23d_backend.engines.qwen3vl.model import read_network

    for dtype in (torch.float32, torch.bfloat16):
        network = read_network(folder, dtype)
        for lessons in exam:
            batch = _batch(lessons)
            labels = batch.pop("labels")[:, 1:]
            with torch.inference_mode():
                likeliest = network(**batch).logits[:, :-1].argmax(-1)  # (lessons, S - 1)
            if bool(((likeliest != labels) & (labels >= 0)).any()):
                return False
    return True
