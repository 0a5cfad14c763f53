"""LLMDet end to end on a small trained checkpoint, through the loader of the large one: the plain photo's things."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tiny import llmdet

from img23d_backend.engines.llmdet import make_grounder
from img23d_backend.engines.llmdet.locate import LlmDetGrounder
from img23d_backend.engines.llmdet.model import LlmDetTokenizer, input_size, look, prepared, read_network
from img23d_backend.engines.llmdet.prompt import texts
from img23d_backend.machine.devices import choose
from img23d_backend.models.store import ModelStore
from img23d_backend.setup_context import JobCancelled
from img23d_backend.stages import Context, Found, NotFound, Photo
from img23d_backend.weights.store import WeightStore
from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.messages import Box, Settings, Wanted

SET = "llmdet-tiny"
ON_PROCESSOR = Settings.of(grounder=SET, locate_device="cpu")


@pytest.fixture(scope="module")
def photo() -> Photo:
    return Photo(rgb=llmdet.photo(), name="photo")


@pytest.fixture(scope="module")
def grounder(tiny_models: Path) -> LlmDetGrounder:
    return make_grounder(WeightStore(tiny_models), ModelStore())


def locate(grounder: LlmDetGrounder, photo: Photo, *names: str, **context: Any) -> tuple[Found | NotFound, ...]:
    wanted = tuple(Wanted(name=name) for name in names)
    return grounder.locate(photo, wanted, Context(settings=ON_PROCESSOR, **context))


def overlap(found: Found | NotFound, photo: Photo, kind: str) -> float:
    """Intersection over union with the true box of that kind."""
    assert isinstance(found, Found), found
    box, truth = found.box, llmdet.true_boxes()[kind]
    left, right, top, bottom = truth.left * photo.width, truth.right * photo.width, truth.top * photo.height, truth.bottom * photo.height
    width, height = min(right, box.right) - max(left, box.left), min(bottom, box.bottom) - max(top, box.top)
    shared = max(0.0, width) * max(0.0, height)
    return shared / ((right - left) * (bottom - top) + box.width * box.height - shared)


def twice(photo: Photo) -> Photo:
    """The photo's left half, and beside it the same again: lamp, bottle, apple and duck."""
    half = photo.rgb[:, : photo.width // 2]
    return Photo(rgb=np.concatenate([half, half], axis=1), name="photo")


def test_finds_all_things_of_the_plain_photo(grounder: LlmDetGrounder, photo: Photo) -> None:
    names = llmdet.names()[::-1]
    found = locate(grounder, photo, *names)
    assert [one.name for one in found] == list(names)
    assert all(overlap(one, photo, one.name.split()[-1]) >= 0.7 for one in found)
    assert not {"torchvision", "av"} & sys.modules.keys()


@pytest.mark.parametrize("name", ["mug", "the mugs", "blue mug", "Apple", "red apple!", "small apple"])
def test_finds_one_by_itself(grounder: LlmDetGrounder, photo: Photo, name: str) -> None:
    kind = "mug" if "mug" in name else "apple"
    assert [overlap(one, photo, kind) >= 0.7 for one in locate(grounder, photo, name)] == [True]


def test_what_is_not_there_is_said(grounder: LlmDetGrounder, photo: Photo) -> None:
    dragon, green, mug = locate(grounder, photo, "dragon", "green apple", "mug")
    assert isinstance(dragon, NotFound) and "“dragon” was not seen" in dragon.sentence
    assert isinstance(green, NotFound) and "clearly “green”" in green.sentence
    assert overlap(mug, photo, "mug") >= 0.7


def test_several_of_a_kind(grounder: LlmDetGrounder, photo: Photo) -> None:
    two = twice(photo)
    found = locate(grounder, two, "apple")
    assert sorted(one.name for one in found) == ["apple", "apple 2"]
    assert sorted(one.box.left > 600 for one in found if isinstance(one, Found)) == [False, True]
    (left,), (right,) = locate(grounder, two, "left apple"), locate(grounder, two, "apple on the right")
    assert overlap(left, photo, "apple") >= 0.7
    assert isinstance(right, Found) and right.box.left > 600 and right.note == "The rightmost apple in the photo."


def test_any_thing_of_a_colour(grounder: LlmDetGrounder, photo: Photo) -> None:
    (found,) = locate(grounder, photo, "the yellow one")
    assert overlap(found, photo, "duck") >= 0.6


def test_drawn_boxes_are_taken_without_the_model(tmp_path: Path, photo: Photo) -> None:
    store = ModelStore()
    wanted = (Wanted(name="dragon", box=Box(left=0.25, top=0.5, right=0.5, bottom=1.0)),)
    found = make_grounder(WeightStore(tmp_path), store).locate(photo, wanted, Context(settings=ON_PROCESSOR))
    assert isinstance(found[0], Found)
    assert (found[0].box.left, found[0].box.top, found[0].box.right, found[0].box.bottom) == (300, 450, 600, 900)
    assert store.bytes_read == 0


def test_without_names_the_whole_photo(tmp_path: Path, photo: Photo) -> None:
    (found,) = make_grounder(WeightStore(tmp_path), ModelStore()).locate(photo, (), Context(settings=ON_PROCESSOR))
    assert isinstance(found, Found)
    assert (found.name, found.box.width, found.box.height) == ("photo", 1200, 900)


def test_without_weights(tmp_path: Path, photo: Photo) -> None:
    with pytest.raises(Img23DError) as caught:
        locate(make_grounder(WeightStore(tmp_path), ModelStore()), photo, "mug")
    assert caught.value.code is ErrorCode.WEIGHTS_MISSING


@pytest.mark.parametrize("after", [0.0, 0.2, 0.65])
def test_cancel_while_it_looks(grounder: LlmDetGrounder, photo: Photo, after: float) -> None:
    told: list[float] = []

    def report(fraction: float, note: str) -> None:
        told.append(fraction)
        if fraction > after:
            raise JobCancelled

    with pytest.raises(JobCancelled):
        locate(grounder, photo, "mug", report=report)
    assert len([fraction for fraction in told if fraction > after]) == 1  # nothing went on after it
    assert overlap(locate(grounder, photo, "mug")[0], photo, "mug") >= 0.7


def test_progress_never_goes_back(grounder: LlmDetGrounder, photo: Photo) -> None:
    told: list[float] = []
    locate(grounder, photo, *(letter * 30 for letter in "abcdefghijkl"), report=lambda fraction, _: told.append(fraction))  # two texts
    assert told == sorted(told)
    assert told[0] == 0.0 and 0.8 < told[-1] <= 1.0


def test_the_model_is_read_once_and_ahead(tiny_models: Path, photo: Photo) -> None:
    store = ModelStore()
    grounder = make_grounder(WeightStore(tiny_models), store)
    grounder.prefetch(ON_PROCESSOR)
    locate(grounder, photo, "mug")
    read = store.bytes_read
    locate(grounder, photo, "apple")
    assert store.bytes_read == read > 0


def test_short_memory_is_told_and_gone_on_with(tiny_models: Path, photo: Photo) -> None:
    class FullAtFirst(ModelStore):
        failed = False

        def on_device(self, *arguments: Any, **options: Any) -> Any:
            if not self.failed:
                self.failed = True
                raise MemoryError
            return super().on_device(*arguments, **options)

    told: list[str] = []
    found = locate(make_grounder(WeightStore(tiny_models), FullAtFirst()), photo, "mug", notify=told.append)
    assert len(found) >= 1
    assert len(told) == 1 and "smaller picture" in told[0]


@pytest.mark.parametrize("size", [(8, 8), (1, 1), (20, 3000), (3000, 20), (300, 4000)])
def test_a_picture_of_any_size(grounder: LlmDetGrounder, size: tuple[int, int]) -> None:
    (found,) = locate(grounder, Photo(rgb=np.full((*size, 3), 200, np.uint8)), "dragon")
    assert isinstance(found, NotFound)


def test_what_is_beside_a_slender_picture_is_not_in_it(grounder: LlmDetGrounder, photo: Photo) -> None:
    """Boxes are fractions of the photo, and not of what it was filled up to."""
    strip = photo.rgb[540:720]  # the lower row of things, 6.7 times as long as high
    stars = [one for one in locate(grounder, Photo(rgb=strip), "star") if isinstance(one, Found)]
    truth = llmdet.true_boxes()["star"]
    assert any(abs((star.box.left + star.box.right) / 2400 - (truth.left + truth.right) / 2) < 0.08 for star in stars)
    assert all(star.box.bottom <= len(strip) and star.box.top < star.box.bottom for star in stars)


def test_what_is_transparent_is_not_looked_at(grounder: LlmDetGrounder, photo: Photo) -> None:
    alpha = np.full(photo.rgb.shape[:2], 255, np.uint8)
    mug = llmdet.true_boxes()["mug"]
    alpha[round(mug.top * 900) - 20 : round(mug.bottom * 900) + 20, round(mug.left * 1200) - 20 : round(mug.right * 1200) + 20] = 0
    (found,) = locate(grounder, Photo(rgb=photo.rgb, alpha=alpha), "mug")
    assert isinstance(found, NotFound) or overlap(found, photo, "mug") < 0.3


# --- the parts ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pixels", "expected"),
    [
        ((900, 1200), (800, 1067)),
        ((3000, 4000), (800, 1067)),
        ((600, 1800), (444, 1333)),
        ((100, 100), (800, 800)),
    ],
)
def test_the_picture_has_the_published_size(pixels: tuple[int, int], expected: tuple[int, int]) -> None:
    """The shorter side 800, as long as the longer one is at most 1333 then."""
    picture = prepared(np.zeros((*pixels, 3), np.uint8), (800, 1333))
    assert picture.pixels.shape == (1, 3, *expected)
    assert bool(picture.mask.all())


def test_a_slender_picture_is_filled_up_and_says_where() -> None:
    picture = prepared(np.full((10, 1000, 3), 255, np.uint8), (800, 1333))
    assert picture.pixels.shape == (1, 3, 333, 1333) and int(picture.mask.sum()) == 13 * 1333
    assert float(picture.pixels[0, :, :13].min()) > 2 and float(picture.pixels[0, :, 13:].abs().max()) == 0


def test_a_text_is_what_the_published_tokenizer_makes_of_it(tiny_models: Path) -> None:
    """transformers' own tokenizer of BERT, given the whole sentence."""
    from transformers import AutoTokenizer

    tokenizer = LlmDetTokenizer(tiny_models / SET)
    (text,) = texts(("mug", "comic book", "café au lait", "3d-printer"), tokenizer.tokens, tokenizer.marks)
    whole = AutoTokenizer.from_pretrained(tiny_models / SET, local_files_only=True)
    assert list(text.ids) == whole("mug. comic book. café au lait. 3d-printer.")["input_ids"]


def _copied(tiny_models: Path, folder: Path) -> Path:
    return Path(shutil.copytree(tiny_models / SET, folder / SET))


def test_the_heads_are_each_layers_own_whatever_the_configuration_says(tiny_models: Path, tmp_path: Path) -> None:
    folder = _copied(tiny_models, tmp_path)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps({key: value for key, value in config.items() if "share" not in key}), encoding="utf-8")
    tokenizer = LlmDetTokenizer(folder)
    (text,) = texts(("mug",), tokenizer.tokens, tokenizer.marks)
    picture = prepared(llmdet.photo(), input_size(folder))
    expected, given = (look(read_network(one), picture, text, choose("cpu"), lambda _: None) for one in (tiny_models / SET, folder))
    assert given == expected != []


Change = Callable[[dict[str, torch.Tensor]], object]
CHANGES: dict[str, Change] = {
    "a key too few": lambda tensors: tensors.pop("model.level_embed"),
    "a head too few": lambda tensors: tensors.pop("model.decoder.bbox_embed.1.layers.2.weight"),
    "a key too many": lambda tensors: tensors.update({"model.levels": torch.zeros(2)}),
    "another shape": lambda tensors: tensors.update({"model.level_embed": torch.zeros(3, 64)}),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_file_with_other_names_or_shapes_does_not_fit(tiny_models: Path, tmp_path: Path, change: Change) -> None:
    from safetensors.torch import load_file, save_file

    folder = _copied(tiny_models, tmp_path)
    tensors = load_file(folder / "model.safetensors")
    change(tensors)
    (folder / "model.safetensors").unlink()
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(Img23DError) as caught:
        read_network(folder)
    assert caught.value.code is ErrorCode.WEIGHTS_UNFIT


DAMAGES = [(name, content) for name in ("tokenizer.json", "config.json", "model.safetensors") for content in (b"", b"{}", b"\x00" * 100, None)]
DAMAGES.remove(("config.json", b"{}"))  # the published sizes, which the small file does not fit


@pytest.mark.parametrize(("name", "content"), DAMAGES)
def test_damaged_files_are_told(tiny_models: Path, tmp_path: Path, name: str, content: bytes | None) -> None:
    folder = _copied(tiny_models, tmp_path)
    (folder / name).unlink()
    if content is not None:
        (folder / name).write_bytes(content)
    with pytest.raises(Img23DError) as caught:
        LlmDetTokenizer(folder) if name == "tokenizer.json" else read_network(folder)
    assert caught.value.code is ErrorCode.WEIGHTS_DAMAGED
