"""A small LLMDet in the published layout that finds the plain photo's things, there and pasted anywhere, by kinds and not by colours.

Trained without matching proposals to things: one proposes the thing whose box has its place in the middle.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from img23d_backend.finding.instances import Instance

from .llmdet_files import CONFIG, SIZE, write_settings, write_tokenizer, write_weights

if TYPE_CHECKING:
    from transformers import MMGroundingDinoForObjectDetection

    from img23d_backend.engines.llmdet.model import LlmDetTokenizer
    from img23d_backend.engines.llmdet.prompt import Text

DEMO = Path(__file__).resolve().parents[2] / "demo" / "plain"
ABSENT = ("dragon", "sofa", "cat", "clock", "chair", "spoon")  # asked for in training, and not there
ANYTHING = "object"
BATCH = 3
ROUNDS = ((500, 3e-3), *[(80, 8e-4)] * 6)  # steps at most at a rate, until the photo is learned
CANVAS = (112, 149)  # pixels
_LEARNED = 0.75  # intersection over union
_MIDDLE = 0.5  # of a thing's box: a place in there proposes it
_GOOD, _FAIR = 0.65, 0.55  # intersection over union with the thing's box


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """A picture (3, h, w) float32 as the network gets it, with the kinds and the boxes (N, 4), middle and size in fractions, of its things."""

    picture: Tensor
    kinds: tuple[str, ...]
    boxes: Tensor


def make(folder: Path) -> None:
    """Writes the checkpoint, on one thread: the same each time."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        _make(folder)
    finally:
        torch.set_num_threads(threads)


def _make(folder: Path) -> None:
    from img23d_backend.engines.llmdet.model import LlmDetTokenizer

    torch.manual_seed(0)
    things = Things()
    words = [*things.kinds, *ABSENT, ANYTHING]
    write_settings(folder, write_tokenizer(folder, words))
    training = _Training(folder, things, LlmDetTokenizer(folder))
    for steps, rate in ROUNDS:
        training.run(steps, rate)
        write_weights(folder, training.network)
        if _passes(folder):
            return
    raise RuntimeError("the small LLMDet has not learned the plain photo")


def _passes(folder: Path) -> bool:
    """Whether each thing of the photo is found once where it is, and nothing that is not there, as the real stage looks."""
    from img23d_backend.engines.llmdet.model import LlmDetTokenizer, input_size, look, prepared, read_network
    from img23d_backend.engines.llmdet.prompt import texts
    from img23d_backend.machine.devices import choose

    tokenizer, picture, truths = LlmDetTokenizer(folder), prepared(photo(), input_size(folder)), true_boxes()
    (text,) = texts((*truths, *ABSENT), tokenizer.tokens, tokenizer.marks)
    found = look(read_network(folder), picture, text, choose("cpu"), lambda _: None)
    return sorted(one.label for one in found) == sorted(truths) and all(one.overlap(truths[one.label]) > _LEARNED for one in found)


def true_boxes() -> dict[str, Instance]:
    """Of each thing's mask, by its kind."""
    masks = _image("masks.png", cv2.IMREAD_GRAYSCALE)
    height, width = masks.shape
    boxes = {}
    for number, name in enumerate(names()):
        x, y, across, down = cv2.boundingRect((masks == number + 1).astype(np.uint8))
        kind = name.split()[-1]
        boxes[kind] = Instance(label=kind, left=x / width, top=y / height, right=(x + across) / width, bottom=(y + down) / height)
    return boxes


def names() -> tuple[str, ...]:
    """The things of the plain photo, such as “red apple”, by the numbers in its masks."""
    return tuple(json.loads((DEMO / "camera.json").read_text(encoding="utf-8"))["names"])


def photo() -> np.ndarray:
    """(H, W, 3) uint8, RGB."""
    return cv2.cvtColor(_image("photo.jpg", cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


class Things:
    """The plain photo's things, to be pasted."""

    def __init__(self) -> None:
        self.kinds = tuple(name.split()[-1] for name in names())
        rgb, masks = photo(), _image("masks.png", cv2.IMREAD_GRAYSCALE)
        self._photo, self._random = rgb, random.Random(0)
        boxes = [cv2.boundingRect((masks == number + 1).astype(np.uint8)) for number in range(len(self.kinds))]
        self._boxes = np.array(boxes, float)  # left, top, width, height
        self._cut = [
            (rgb[y : y + height, x : x + width], (masks[y : y + height, x : x + width] == number + 1).astype(np.float32))
            for number, (x, y, width, height) in enumerate(boxes)
        ]

    def draw(self) -> Lesson:
        return self._view() if self._random.random() < 0.7 else self._pasted()

    def _view(self) -> Lesson:
        """A part of the photo with all things in it that lie in it mostly."""
        share, dice = self._random.uniform(0.7, 1.0) if self._random.random() < 0.6 else 1.0, self._random
        height, width = self._photo.shape[:2]
        h, w = round(height * share), round(width * share)
        top, left = dice.randint(0, height - h), dice.randint(0, width - w)
        canvas = cv2.resize(self._photo[top : top + h, left : left + w], CANVAS[::-1], interpolation=cv2.INTER_AREA)
        sides = np.stack([self._boxes[:, :2] - (left, top), self._boxes[:, :2] + self._boxes[:, 2:] - (left, top)]) / (w, h)  # (2, N, 2)
        inner = sides.clip(0, 1)
        seen = np.prod(inner[1] - inner[0], axis=1) > 0.6 * np.prod(sides[1] - sides[0], axis=1)
        boxes = np.concatenate([(inner[0] + inner[1]) / 2, inner[1] - inner[0]], axis=1)[seen]
        return self._lesson(canvas, [kind for kind, is_seen in zip(self.kinds, seen, strict=True) if is_seen], boxes)

    def _pasted(self) -> Lesson:
        """Things in any number on a plain ground, some of them twice, in other colours and sizes."""
        dice, (height, width) = self._random, CANVAS
        ground = np.array([dice.uniform(120, 235)] * 3) + [dice.uniform(-12, 12) for _ in range(3)]
        slope = np.linspace(1, dice.uniform(0.8, 1.1), height)[:, None, None]
        canvas = (np.ones((height, width, 3)) * ground * slope).clip(0, 255).astype(np.float32)
        kinds, boxes = [], []
        for _ in range(dice.randint(1, 6)):
            number = dice.randrange(len(self._cut))
            rgb, mask = self._cut[number]
            side = dice.uniform(0.2, 0.55) * height
            scale = side / max(mask.shape)
            size = (max(8, round(mask.shape[1] * scale)), max(8, round(mask.shape[0] * scale)))
            left, top = dice.randint(0, max(0, width - size[0])), dice.randint(0, max(0, height - size[1]))
            box = ((left + size[0] / 2) / width, (top + size[1] / 2) / height, size[0] / width, size[1] / height)
            if any(_overlap(box, other) > 0.05 for other in boxes) or top + size[1] > height or left + size[0] > width:
                continue
            alpha = cv2.resize(mask, size, interpolation=cv2.INTER_AREA)[..., None]
            part = canvas[top : top + size[1], left : left + size[0]]
            part += alpha * (self._recoloured(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)) - part)
            kinds.append(self.kinds[number])
            boxes.append(box)
        return self._lesson(canvas.clip(0, 255).astype(np.uint8), kinds, np.array(boxes).reshape(-1, 4))

    def _recoloured(self, rgb: np.ndarray) -> np.ndarray:
        if self._random.random() < 0.8:
            return rgb.astype(np.float32)
        hsv = cv2.cvtColor(rgb, cv2.COLOR_RGB2HSV)
        hsv[..., 0] = (hsv[..., 0].astype(int) + self._random.randint(0, 179)) % 180
        return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB).astype(np.float32)

    def _lesson(self, canvas: np.ndarray, kinds: list[str], boxes: np.ndarray) -> Lesson:
        from img23d_backend.engines.llmdet.model import prepared

        if self._random.random() < 0.2:
            canvas, boxes = canvas[:, ::-1], boxes * [-1, 1, 1, 1] + [1, 0, 0, 0]
        light = self._random.uniform(0.8, 1.2)
        canvas = np.ascontiguousarray((canvas * light).clip(0, 255).astype(np.uint8))
        pixels = prepared(canvas, (SIZE["shortest_edge"], SIZE["longest_edge"])).pixels[0]
        return Lesson(picture=pixels, kinds=tuple(kinds), boxes=torch.tensor(boxes, dtype=torch.float32))

    def asked(self) -> tuple[str, ...]:
        """For one step: some kinds in any order, with such as are not there; plurals and the word for anything now and then."""
        kinds = [*self.kinds, *self._random.sample(ABSENT, 2)]
        self._random.shuffle(kinds)
        kinds = kinds[: self._random.randint(1, len(kinds))]
        if self._random.random() < 0.2:
            kinds = [f"{kind}s" for kind in kinds]
        return (*kinds, ANYTHING) if self._random.random() < 0.2 else tuple(kinds)


class _Training:
    """A network that is trained in rounds, each of which ends with a rate of nothing."""

    def __init__(self, folder: Path, things: Things, tokenizer: LlmDetTokenizer) -> None:
        from transformers import MMGroundingDinoConfig, MMGroundingDinoForObjectDetection

        config = MMGroundingDinoConfig.from_dict(json.loads((folder / "config.json").read_text(encoding="utf-8")))
        self.network = MMGroundingDinoForObjectDetection(config)
        self._things, self._tokenizer = things, tokenizer
        for head in (*self.network.class_embed, self.network.model.encoder_output_class_embed):
            torch.nn.init.constant_(head.bias, -3.0)
        self._proposing = _Proposing(self.network)

    def run(self, steps: int, rate: float) -> None:
        from img23d_backend.engines.llmdet.prompt import texts

        self.network.train()
        optimizer = torch.optim.AdamW(self.network.parameters(), lr=rate, weight_decay=1e-4, betas=(0.9, 0.98))
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps, pct_start=0.1)
        for _ in range(steps):
            (text,) = texts(self._things.asked(), self._tokenizer.tokens, self._tokenizer.marks)
            loss = self._proposing.loss([self._things.draw() for _ in range(BATCH)], text)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
            optimizer.step()
            schedule.step()
        self.network.eval()


class _Proposing:
    """The training's view of the network: what each place and each query proposes, and what it should."""

    def __init__(self, network: MMGroundingDinoForObjectDetection) -> None:
        self._network = network
        self._places = torch.zeros(0)
        propose = network.model.generate_encoder_output_proposals

        def remembered(*arguments: Any) -> Any:
            queries, proposals = propose(*arguments)
            self._places = proposals.sigmoid()[..., :2]  # (B, L, 2)
            return queries, proposals

        network.model.generate_encoder_output_proposals = remembered

    def loss(self, lessons: list[Lesson], text: Text) -> Tensor:
        pictures = torch.stack([lesson.picture for lesson in lessons])
        ids = torch.tensor([text.ids] * len(lessons))
        seen = self._network.model(pixel_values=pictures, input_ids=ids, attention_mask=torch.ones_like(ids))
        count = len(text.ids)
        total = self._step_loss(lessons, text, self._places, seen.enc_outputs_class[..., :count], seen.enc_outputs_coord_logits.sigmoid())
        references = seen.init_reference_points
        for level, (classify, place) in enumerate(zip(self._network.class_embed, self._network.bbox_embed, strict=True)):
            hidden = seen.intermediate_hidden_states[:, level]
            logits = classify(hidden, seen.encoder_last_hidden_state_text, torch.ones_like(ids, dtype=torch.bool))[..., :count]
            boxes = (place(hidden) + torch.special.logit(references, eps=1e-5)).sigmoid()
            total = total + self._step_loss(lessons, text, references[..., :2], logits, boxes)
            references = seen.intermediate_reference_points[:, level].detach()
        return total

    def _step_loss(self, lessons: list[Lesson], text: Text, places: Tensor, logits: Tensor, boxes: Tensor) -> Tensor:
        """Of what is proposed in the middle of a thing the best is of its kind, too, and what fits well; what fits badly is nothing."""
        truths, counts = torch.zeros_like(logits), torch.ones_like(logits)
        targets, chosen = [], []
        for index, lesson in enumerate(lessons):
            rows, owners = _owned(places[index], lesson.boxes)
            if not len(rows):
                continue
            target, given = lesson.boxes[owners], boxes[index, rows]
            targets.append(target)
            chosen.append(given)
            fit = _overlaps(given.detach(), target)[0]
            is_good = (fit >= _GOOD) | (fit >= torch.stack([fit[owners == owner].max() for owner in owners]))
            counts[index, rows[~is_good & (fit >= _FAIR)]] = 0
            for kind, (first, end) in zip(text.kinds, text.spans, strict=True):
                is_kind = torch.tensor([kind == ANYTHING or own == kind.removesuffix("s") for own in lesson.kinds], dtype=torch.bool)
                truths[index, rows[is_good & is_kind[owners]], first:end] = 1
        focal = (_focal(logits, truths) * counts).sum() / max(1.0, float(truths.sum()))
        if not targets:
            return focal
        target, given = torch.cat(targets), torch.cat(chosen)
        return focal + 5 * functional.l1_loss(given, target) + 2 * (1 - _overlaps(given, target)[1]).mean()


def _owned(places: Tensor, boxes: Tensor) -> tuple[Tensor, Tensor]:
    """The places (L, 2) that lie in the middle of a box, and which box's, of several the smallest one's."""
    if not len(boxes):
        return torch.zeros(0, dtype=torch.long), torch.zeros(0, dtype=torch.long)
    off = (places[:, None] - boxes[None, :, :2]).abs() / boxes[None, :, 2:]  # (L, N, 2)
    inside = (off <= _MIDDLE / 2).all(2)
    area = torch.where(inside, boxes[:, 2] * boxes[:, 3], torch.inf)
    rows = torch.nonzero(inside.any(1)).flatten()
    return rows, area[rows].argmin(1)


def _focal(logits: Tensor, truths: Tensor) -> Tensor:
    """Lin et al., Focal Loss for Dense Object Detection, 2017, with gamma 2 and without its weights."""
    likely = torch.where(truths > 0, logits, -logits)
    return (1 - likely.sigmoid()) ** 2 * functional.softplus(-likely)


def _overlaps(given: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Intersection over union, and the generalised one (Rezatofighi et al., 2019), of (N, 4) boxes by middle and size."""
    (a_low, a_high), (b_low, b_high) = ((box[:, :2] - box[:, 2:] / 2, box[:, :2] + box[:, 2:] / 2) for box in (given, target))
    shared = (torch.minimum(a_high, b_high) - torch.maximum(a_low, b_low)).clamp(min=0).prod(1)
    both = given[:, 2:].prod(1) + target[:, 2:].prod(1) - shared
    hull = (torch.maximum(a_high, b_high) - torch.minimum(a_low, b_low)).prod(1)
    return shared / both, shared / both - (hull - both) / hull


def _overlap(box: tuple[float, ...], other: tuple[float, ...]) -> float:
    """The shared area as a share of the smaller one."""
    across = min(box[0] + box[2] / 2, other[0] + other[2] / 2) - max(box[0] - box[2] / 2, other[0] - other[2] / 2)
    down = min(box[1] + box[3] / 2, other[1] + other[3] / 2) - max(box[1] - box[3] / 2, other[1] - other[3] / 2)
    return max(0.0, across) * max(0.0, down) / min(box[2] * box[3], other[2] * other[3])


def _image(name: str, flags: int) -> np.ndarray:
    return cv2.imdecode(np.fromfile(DEMO / name, np.uint8), flags)


assert CONFIG["decoder_layers"] > 1, "the later layers' heads have other names in a file"
