"""FLUX.2 klein at tiny size: the same picture as diffusers' own pipeline makes, kept texts, less memory, and what the stage is good for."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from diffusers import AutoencoderKLFlux2, FlowMatchEulerDiscreteScheduler, Flux2KleinPipeline, Flux2Transformer2DModel
from PIL import Image
from safetensors.torch import load_file, save_file
from tiny.clutter import PLAIN, photo
from transformers import AutoTokenizer, Qwen3ForCausalLM

from img23d_backend.engines import Engines
from img23d_backend.engines.flux2_klein import make_editor
from img23d_backend.engines.flux2_klein.loading import KleinParts
from img23d_backend.jobs.job import Caller
from img23d_backend.jobs.pipeline import run_job
from img23d_backend.machine import devices
from img23d_backend.models.store import ModelStore
from img23d_backend.stages import Context, JobCancelled
from img23d_backend.weights.store import WeightStore
from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.messages import Failed, Generate, Locate, Located, PictureReady, Settings, Stage
from img23d_protocol.options.edit import AS_IS, KLEIN, PROMPTS, THINGS
from img23d_protocol.options.preview import LIGHT_CUTTER

SIDE = 256
PLAINLY = Settings.of(cutter=LIGHT_CUTTER, texture=False)  # the cut-out of every machine, without its network
CLEAN = PLAINLY.changed(edit=True, edit_device="cpu")
OWN = CLEAN.changed(edit_prompt="Paint it green.")
# Seeds of clutter in which the built-in cut-out takes other things for the named one's part, with its trained network and without
CLUTTERED = (0, 5, 6)


@pytest.fixture(autouse=True)
def in_single_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    """On every processor, to be held against diffusers' own."""
    monkeypatch.setattr(devices, "_multiplies_bfloat16", lambda: False)


@pytest.fixture
def klein(tiny_models: Path, tmp_path: Path) -> Path:
    """A models folder of its own, to be changed."""
    shutil.copytree(tiny_models / KLEIN, tmp_path / "models" / KLEIN, ignore=shutil.ignore_patterns(".prompt-*"))
    return tmp_path / "models"


def edited(models: Path, rgb: np.ndarray, settings: Settings = CLEAN, **context: object) -> np.ndarray:
    return make_editor(WeightStore(models), ModelStore()).edit(rgb, Context(seed=3, settings=settings, **context))


def pipeline_of(folder: Path) -> Flux2KleinPipeline:
    return Flux2KleinPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler.from_pretrained(folder / "scheduler"),
        vae=AutoencoderKLFlux2.from_pretrained(folder / "vae", torch_dtype=torch.float32),
        text_encoder=Qwen3ForCausalLM.from_pretrained(folder / "text_encoder", dtype=torch.float32),
        tokenizer=AutoTokenizer.from_pretrained(folder / "tokenizer"),
        transformer=Flux2Transformer2DModel.from_pretrained(folder / "transformer", torch_dtype=torch.float32),
        is_distilled=True,
    )


@pytest.mark.parametrize("settings", [CLEAN, OWN], ids=["a preset", "own words"])
def test_it_draws_what_diffusers_own_pipeline_draws(klein: Path, settings: Settings) -> None:
    rgb = photo(2, SIDE).rgb[:, :208]  # of sides that differ
    pipeline = pipeline_of(klein / KLEIN)
    pipeline.set_progress_bar_config(disable=True)
    generator = torch.Generator("cpu").manual_seed(3)
    theirs = pipeline(image=Image.fromarray(rgb), prompt=settings.edit.told, num_inference_steps=4, guidance_scale=1.0, generator=generator, output_type="np")
    ours = edited(klein, rgb, settings)
    assert ours.shape == rgb.shape
    assert np.abs(ours / 255 - theirs.images[0]).max() <= 1.5 / 255


def test_the_fixed_texts_need_the_text_encoder_once(klein: Path) -> None:
    rgb = photo(1, SIDE).rgb
    first = edited(klein, rgb)
    (klein / KLEIN / "text_encoder" / "model.safetensors").unlink()
    KleinParts.text_encoder, kept = _refuse, KleinParts.text_encoder
    try:
        store = WeightStore(klein)
        store.path = lambda set_id: klein / set_id  # type: ignore[method-assign]  # the record would say that a file is missing
        again = make_editor(store, ModelStore()).edit(rgb, Context(seed=3, settings=CLEAN))
        with pytest.raises(AssertionError, match="asked for"):
            make_editor(store, ModelStore()).edit(rgb, Context(seed=3, settings=OWN))
    finally:
        KleinParts.text_encoder = kept
    assert np.array_equal(first, again)


def _refuse(*args: object, **kwargs: object) -> None:
    raise AssertionError("the text encoder was asked for")


def test_a_text_encoder_in_parts_is_read(klein: Path) -> None:
    """As the published one is."""
    rgb, folder = photo(1, SIDE).rgb, klein / KLEIN / "text_encoder"
    whole = edited(klein, rgb, OWN)
    tensors = load_file(folder / "model.safetensors")
    parts = [f"model-0000{number}-of-00002.safetensors" for number in (1, 2)]
    names = {name: parts[number % 2] for number, name in enumerate(sorted(tensors))}
    for part in parts:
        save_file({name: tensors[name] for name in tensors if names[name] == part}, folder / part, {"format": "pt"})
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": names}), encoding="utf-8")
    (folder / "model.safetensors").unlink()
    WeightStore(klein).adopt(KLEIN)
    assert np.array_equal(edited(klein, rgb, OWN), whole)


def test_eight_bits_draw_nearly_the_same(klein: Path) -> None:
    rgb = photo(1, SIDE).rgb
    store = ModelStore()
    few = make_editor(WeightStore(klein), store).edit(rgb, Context(seed=3, settings=CLEAN.changed(edit_eight_bits=True)))
    difference = np.abs(few.astype(float) - edited(klein, rgb)).mean()
    assert 0 < difference < 4
    assert any(key.endswith(":8") for key in store.places())


def test_a_cancel_is_seen_between_two_steps(klein: Path) -> None:
    told: list[str] = []

    def report(fraction: float, note: str) -> None:
        told.append(note)
        if "step 2" in note:
            raise JobCancelled

    with pytest.raises(JobCancelled):
        edited(klein, photo(1, SIDE).rgb, report=report)
    assert [note for note in told if "step" in note] == ["Cleaning the picture, step 1 of 4", "Cleaning the picture, step 2 of 4"]


def test_what_comes_is_shown_at_each_step(klein: Path) -> None:
    shown: list[np.ndarray] = []
    edited(klein, photo(1, SIDE).rgb, show=shown.append)
    assert [one.shape for one in shown] == [(SIDE // 16, SIDE // 16, 3)] * 4


@pytest.mark.parametrize("seed", CLUTTERED)
def test_the_thing_comes_onto_plain_ground_and_stays_where_it_was(tiny_models: Path, seed: int) -> None:
    known = photo(seed, SIDE)
    drawn = edited(tiny_models, known.rgb)
    ground = drawn[known.mask == 0]
    assert np.abs(ground.astype(float) - PLAIN).mean() < 12 < np.abs(known.rgb[known.mask == 0].astype(float) - PLAIN).mean()
    is_thing = np.abs(drawn.astype(float) - PLAIN).max(axis=2) > 60
    assert overlap(is_thing, known.mask > 0.5) > 0.8


def test_told_to_leave_it_it_leaves_it(tiny_models: Path) -> None:
    """At the detail that its autoencoder has."""
    known = photo(5, SIDE)
    drawn = edited(tiny_models, known.rgb, CLEAN.changed(edit_preset=AS_IS))
    assert np.abs(_small(drawn) - _small(known.rgb)).mean() < 16
    assert np.abs(_small(drawn) - _small(edited(tiny_models, known.rgb))).mean() > 30


def _small(rgb: np.ndarray) -> np.ndarray:
    return cv2.resize(rgb, (SIDE // 8, SIDE // 8), interpolation=cv2.INTER_AREA).astype(float)


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    return float((one & other).sum() / (one | other).sum())


# --- the stage in a job -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def engines(tiny_models: Path) -> Engines:
    return Engines(tiny_models)


def run(engines: Engines, request: Generate | Locate) -> list:
    told: list = []
    run_job(request, Caller(emit=told.append, load_engine=engines.load, load_editor=engines.load_editor))
    return told


def cut_out(folder: Path, shape: tuple[int, int], name: str = "cutout") -> np.ndarray:
    """(H, W) bool of the photo: what the run's only cut-out shows, whatever the picture's size was."""
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    (target,) = record["targets"]
    alpha = cv2.imread(str(folder / target["files"][name]), cv2.IMREAD_UNCHANGED)[:, :, 3]
    whole = np.zeros((record["photo"]["height"], record["photo"]["width"]), np.uint8)
    left, top = target["cutout_left"], target["cutout_top"]
    for row in range(max(0, -top), min(len(alpha), len(whole) - top)):
        columns = slice(max(0, -left), min(alpha.shape[1], whole.shape[1] - left))
        whole[top + row, left + columns.start : left + columns.stop] = alpha[row, columns]
    return cv2.resize(whole, shape[::-1]) > 127


def locate(engines: Engines, folder: Path, rgb: np.ndarray, settings: Settings) -> list:
    folder.mkdir()
    path = folder / "table.png"
    cv2.imwrite(str(path), rgb[:, :, ::-1])
    return run(engines, Locate(job="a", photo=str(path), run_folder=str(folder / "run"), settings=settings))


def test_a_cluttered_photo_is_cut_out_better_with_the_stage(engines: Engines, tmp_path: Path) -> None:
    """The same photos with the same cut-out, against the known outline; without names the whole picture is one thing."""
    without, with_it = [], []
    for seed in CLUTTERED:
        known = photo(seed, SIDE)
        truth = known.mask > 0.5
        told = locate(engines, tmp_path / f"{seed} without", known.rgb, PLAINLY)
        assert not any(isinstance(one, PictureReady) for one in told)
        without.append(overlap(cut_out(tmp_path / f"{seed} without" / "run", truth.shape), truth))
        told = locate(engines, tmp_path / f"{seed} with", known.rgb, CLEAN)
        kinds = [type(one) for one in told]
        assert kinds.index(PictureReady) < kinds.index(Located)
        with_it.append(overlap(cut_out(tmp_path / f"{seed} with" / "run", truth.shape), truth))
    assert min(with_it) > 0.8
    assert max(without) < 0.7 and np.mean(with_it) > np.mean(without) + 0.25


def test_the_picture_is_kept_and_everything_refers_to_it(engines: Engines, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    path, folder = tmp_path / "in" / "table.png", tmp_path / "run"
    cv2.imwrite(str(path), photo(6, SIDE).rgb[:, :, ::-1])
    told = run(engines, Generate(job="a", photo=str(path), run_folder=str(folder), settings=CLEAN))
    (ready,) = (one for one in told if isinstance(one, PictureReady))
    assert (ready.target, ready.file, ready.width, ready.height) == (-1, "table_cleaned.png", SIDE, SIDE)
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert record["edited"] == ready.file and record["photo"]["path"] == str(path) and Stage.EDIT in record["seconds"]
    kept = cv2.imread(str(folder / ready.file))[:, :, ::-1]
    assert np.abs(kept[:8].astype(float) - PLAIN).mean() < 12
    # Taken, it is the photo of what follows, and is not cleaned once more
    cv2.imwrite(str(tmp_path / "table_cleaned.png"), kept[:, :, ::-1])
    again = Generate(job="b", photo=str(tmp_path / "table_cleaned.png"), original=str(path), run_folder=str(tmp_path / "next"), settings=CLEAN)
    run(engines, again)
    assert Stage.EDIT not in json.loads((tmp_path / "next" / "run.json").read_text(encoding="utf-8"))["seconds"]
    record = json.loads((tmp_path / "next" / "run.json").read_text(encoding="utf-8"))
    assert (record["original"], record["edited"]) == (str(path), "table_cleaned.png")
    assert np.array_equal(cv2.imread(str(tmp_path / "next" / "table_cleaned.png")), kept[:, :, ::-1])


def test_each_cut_out_is_edited_where_it_is(engines: Engines, tmp_path: Path) -> None:
    """It stays at its place in the photo; told to leave one, the model does not get it."""
    known = photo(2, SIDE)  # an ellipse, which the built-in cut-out finds
    told = locate(engines, tmp_path / "each", known.plain, CLEAN.changed(edit_of=THINGS))
    (ready,) = (one for one in told if isinstance(one, PictureReady))
    assert (ready.target, ready.file) == (0, "00_table_edited.png")
    assert overlap(cut_out(tmp_path / "each" / "run", known.mask.shape, "edited"), known.mask > 0.5) > 0.85


def test_what_is_missing_is_said_before_anything_is_done(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "table.png"), photo(0, 64).rgb)
    told = run(Engines(tmp_path / "none"), Generate(job="a", photo=str(tmp_path / "table.png"), run_folder=str(tmp_path / "run"), settings=CLEAN))
    assert isinstance(told[-1], Failed) and told[-1].code == ErrorCode.WEIGHTS_MISSING
    assert "FLUX.2 klein 4B" in told[-1].sentence and not (tmp_path / "run").exists()


@pytest.mark.parametrize("name", ["transformer/diffusion_pytorch_model.safetensors", "tokenizer/tokenizer.json", "vae/config.json"])
def test_a_damaged_file_is_a_sentence(klein: Path, name: str) -> None:
    path = klein / KLEIN / name
    path.write_bytes(b"{" + path.read_bytes()[1 : len(path.read_bytes()) // 2])
    WeightStore(klein).adopt(KLEIN)
    with pytest.raises(Img23DError) as caught:
        edited(klein, photo(1, SIDE).rgb, OWN)
    assert caught.value.code in (ErrorCode.WEIGHTS_DAMAGED, ErrorCode.WEIGHTS_UNFIT)


def test_the_small_one_was_told_today_s_texts(tiny_models: Path) -> None:
    """It tells them apart: a preset's text that has changed asks for another training."""
    known = photo(0, SIDE)
    pictures: dict[str, Callable] = {preset: edited(tiny_models, known.rgb, CLEAN.changed(edit_preset=preset)) for preset in PROMPTS}
    plain = {preset for preset, one in pictures.items() if np.abs(one[known.mask == 0].astype(float) - PLAIN).mean() < 16}
    assert plain == set(PROMPTS) - {AS_IS}
