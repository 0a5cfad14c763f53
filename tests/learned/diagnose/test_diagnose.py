"""The doctor with models: each stage is tried by the engines that real runs use."""

from __future__ import annotations

import shutil
from pathlib import Path

from safetensors.torch import load_file, save_file

from img23d_backend.diagnose import run_diagnosis
from img23d_backend.engines import INFOS, Engines
from img23d_backend.jobs.job import Caller
from img23d_backend.setup_context import SetupContext
from img23d_backend.weights.store import WeightStore
from img23d_protocol.messages import Action, Diagnose, Diagnosed, Finding, FromBackend, Level

SHAPER = "hunyuan3d-2mini-turbo"

HUNYUAN3D = INFOS["hunyuan3d"]
OF_ITS_CHAIN = ("qwen3-vl-2b", "birefnet-general", SHAPER, "hunyuan3d-delight", "hunyuan3d-paint-turbo")
ALONE = ("autopartgen-2048", "autopartgen-vae", "dinov2-with-registers-large", "flux2-klein-4b")  # what one splitter and one editor work with


def look(models: Path) -> dict[str, Finding]:
    told: list[FromBackend] = []
    engines = Engines(models)
    run_diagnosis(Diagnose(job="d", try_stages=True), engines, Caller(emit=told.append, load_engine=engines.load))
    last = told[-1]
    assert isinstance(last, Diagnosed)
    return {finding.what: finding for finding in last.findings}


def its_models(models: Path, folder: Path, *more: str) -> Path:
    """A copy of what its chain works with: no other engine is ready, and none is tried."""
    for name in (*OF_ITS_CHAIN, *more):
        shutil.copytree(models / name, folder / name)
    return folder


def test_each_stage_of_the_learned_chain(tiny_models: Path, tmp_path: Path) -> None:
    found = look(its_models(tiny_models, tmp_path / "models", *ALONE))
    assert found["AI programs"].level is Level.GOOD and "PyTorch" in found["AI programs"].sentence
    assert found[f"Find, {HUNYUAN3D.label}"].level in (Level.GOOD, Level.NOTE)  # the tiny model knows few words
    made = [found[f"{stage}, {HUNYUAN3D.label}"] for stage in ("Cut out", "Shape", "Paint")]
    assert [finding.level for finding in made] == [Level.GOOD] * 3
    alone = [found[what] for what in ("Split, Built In", "Split, AutoPartGen", "Clean, FLUX.2 klein 4B")]
    assert [finding.level for finding in alone] == [Level.GOOD] * 3
    assert "Split, HoloPart" not in found  # what is not there is not tried


def test_a_damaged_model_that_has_the_right_size(tiny_models: Path, tmp_path: Path) -> None:
    """Only trying finds it, or Verify."""
    models = its_models(tiny_models, tmp_path / "models")
    weights = next((models / SHAPER).rglob("*.safetensors"))
    weights.write_bytes(bytes(weights.stat().st_size))
    found = look(models)
    assert "Models" in found and found[f"Cut out, {HUNYUAN3D.label}"].level is Level.GOOD
    shape = found[f"Shape, {HUNYUAN3D.label}"]
    assert (shape.level, shape.action) == (Level.PROBLEM, Action.DOWNLOAD)
    assert f"Paint, {HUNYUAN3D.label}" not in found


def test_a_whole_model_that_does_not_fit_is_neither_damaged_nor_fetched_again(tiny_models: Path, tmp_path: Path) -> None:
    """What Verify finds whole must not be called damaged by the next run: a download would change nothing."""
    models = its_models(tiny_models, tmp_path / "models")
    weights = next((models / SHAPER).rglob("*.safetensors"))
    tensors = load_file(weights)
    tensors["model.latent_inwards.bias"] = tensors.pop("model.latent_in.bias")
    save_file(tensors, weights)
    store = WeightStore(models)
    store.adopt(SHAPER)
    store.verify([SHAPER], SetupContext())
    shape = look(models)[f"Shape, {HUNYUAN3D.label}"]
    assert (shape.level, shape.action) == (Level.PROBLEM, Action.COPY_REPORT)
    assert "latent_inwards.bias" in shape.detail and "latent_inwards" not in shape.sentence
    assert not any(word in shape.sentence for word in ("Verify", "Download", "damaged"))
