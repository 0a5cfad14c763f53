"""The eyes of the light set: its files come from a hub on loopback without any code, find the plain photo's things and cut them out."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tiny import llmdet

sys.path.append(str(Path(__file__).resolve().parents[2] / "weights"))
from local_hub import LocalHub, files_in, serving
from weights_desk import Desk

from img23d_backend.engines import Engines
from img23d_backend.stages import Context, Found, Photo
from img23d_backend.weights.registry import weight_set
from img23d_protocol.messages import Settings, Wanted
from img23d_protocol.options.settings import engine_named

EYES = ("llmdet-tiny", "birefnet-lite")
ON_PROCESSOR = Settings.of(locate_device="cpu", matte_device="cpu")


@pytest.fixture(scope="module")
def desk(tiny_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """What is published, and beside it code that nobody may ask for."""
    code = {"birefnet.py": b"raise SystemExit('code from the network')"}
    files = {weight_set(set_id).repository: files_in(tiny_models / set_id) | code for set_id in EYES}
    with serving(LocalHub(repositories=files)) as hub:
        desk = Desk(folder=tmp_path_factory.mktemp("models"), hub=hub)
        desk.install(*EYES)
        yield desk


def test_the_set_is_small_and_free() -> None:
    rows = [weight_set(name) for part in Settings().stages_of(engine_named("light")) for name in part.file_sets()]
    assert [row.id for row in rows] == [*EYES, "depth-anything-v2-metric-small", "triposr"]
    assert sum(row.size_bytes for row in rows) < 3e9
    assert {row.licence for row in rows} == {"Apache-2.0", "MIT"} and not any(row.must_accept for row in rows)


def test_no_code_is_fetched(desk: Desk) -> None:
    assert desk.hub.asked("model.safetensors") and not desk.hub.asked(".py")
    assert "llmdet-tiny/tokenizer.json" in desk.files()
    assert all(desk.store.is_ready(set_id) for set_id in EYES)


def test_finds_and_cuts_out_with_its_own_models(desk: Desk) -> None:
    """Those of all other engines, which the settings name as well, are not there."""
    assert not desk.store.is_ready(ON_PROCESSOR.search.grounder)
    engine = Engines(desk.folder).assembled("light")
    context, photo = Context(settings=ON_PROCESSOR), Photo(rgb=llmdet.photo(), name="photo")
    (found,) = engine.grounder.locate(photo, (Wanted(name="red apple"),), context)
    assert isinstance(found, Found)
    told: list[str] = []
    cutout = engine.matter.cut_out(photo, found, replace(context, notify=told.append))
    alpha = cutout.rgba[..., 3]
    middle = alpha[alpha.shape[0] // 3 : -alpha.shape[0] // 3, alpha.shape[1] // 3 : -alpha.shape[1] // 3]
    assert not told and float(np.median(middle)) > 200 and float(alpha[0].max()) < 60
