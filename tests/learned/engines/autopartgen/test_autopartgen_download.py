"""AutoPartGen's sets from a hub on loopback: nothing before the licence is accepted, pickles and no code, and what a log-in comes to."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[2] / "weights"))
from local_hub import LocalHub, files_in, serving
from weights_desk import Desk, Watcher

from img23d_backend.weights.registry import weight_set
from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.choices import AUTOPARTGEN_LICENCE, INSTANTMESH_LICENCE

SETS = ("autopartgen-2048", "autopartgen-4096", "autopartgen-vae")
FILES = {"autopartgen-2048": "autopartgen_dit.pth", "autopartgen-4096": "autopartgen_dit_4096.pth", "autopartgen-vae": "autopartgen_vae.pth"}


@pytest.fixture
def desk(tiny_models: Path, tmp_path: Path) -> Iterator[Desk]:
    """One repository with what is published, and code that nobody may ask for."""
    files: dict[str, bytes] = {"inference.py": b"raise SystemExit('code from the network')", "LICENSE": b"FAIR", "other.pth": b"pickle"}
    for set_id in SETS:
        files |= files_in(tiny_models / set_id)
    with serving(LocalHub(repositories={"facebook/autopartgen": files})) as hub:
        yield Desk(folder=tmp_path / "models", hub=hub)


def test_nothing_comes_before_the_licence_and_the_record_has_it(desk: Desk) -> None:
    for licences in ([], [INSTANTMESH_LICENCE]):
        for set_id in SETS:
            with pytest.raises(Img23DError, match="non-commercial research only") as caught:
                desk.store.install([set_id], licences=licences, online=True, context=Watcher().context)
            assert caught.value.code is ErrorCode.LICENCE_NOT_ACCEPTED
    assert not desk.files()
    desk.store.install(SETS, licences=[AUTOPARTGEN_LICENCE], online=True, context=Watcher().context)
    assert not desk.hub.asked(".py") and not desk.hub.asked("other.pth")
    for set_id, name in FILES.items():
        assert desk.store.is_ready(set_id) and (desk.store.path(set_id) / name).is_file()
        record = json.loads((desk.folder / set_id / "img23d.json").read_text(encoding="utf-8"))
        assert record["accepted"] == AUTOPARTGEN_LICENCE and "FAIR Noncommercial" in record["licence"]
        assert record["requested"] == weight_set(set_id).revision == "main" and len(record["revision"]) == 40, "the commit that came"
        assert (desk.folder / set_id / "LICENSE").is_file(), "a copy of the licence lies beside the weights"


def test_a_page_that_asks_for_a_log_in_is_told_in_a_sentence(desk: Desk) -> None:
    desk.hub.always = {"facebook/autopartgen": 401}
    with pytest.raises(Img23DError, match="agree to its terms on its page, log in") as caught:
        desk.store.install(["autopartgen-vae"], licences=[AUTOPARTGEN_LICENCE], online=True, context=Watcher().context)
    assert caught.value.code is ErrorCode.HUB_REFUSED and not desk.store.is_ready("autopartgen-vae")
