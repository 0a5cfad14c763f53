"""InstantMesh's sets from a hub on loopback: nothing before the licence is accepted, no code, and the record says what was accepted."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from instantmesh_checkpoints import write

sys.path.append(str(Path(__file__).resolve().parents[2] / "weights"))
from local_hub import LocalHub, files_in, serving
from weights_desk import Desk, Watcher

from img23d_backend.weights.registry import weight_set
from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.choices import INSTANTMESH_LICENCE, TENCENT_LICENCE

SETS = ("instantmesh-nerf-base", "instantmesh-views", "zero123plus")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """What is published, and beside it code, merges and a pickle that nobody may ask for."""
    made = write(tmp_path_factory.mktemp("made"))
    other = {"pipeline.py": b"raise SystemExit('code from the network')", "vae/diffusion_pytorch_model.bin": b"pickle"}
    repositories: dict[str, dict[str, bytes]] = {}
    for set_id in SETS:
        repositories.setdefault(weight_set(set_id).repository, dict(other)).update(files_in(made / set_id))
    with serving(LocalHub(repositories=repositories)) as hub:
        yield Desk(folder=tmp_path_factory.mktemp("models"), hub=hub)


def test_nothing_comes_before_the_licence_and_the_record_has_it(desk: Desk) -> None:
    for licences in ([], [TENCENT_LICENCE]):
        for set_id in SETS:
            with pytest.raises(Img23DError, match="non-commercial") as caught:
                desk.store.install([set_id], licences=licences, online=True, context=Watcher().context)
            assert caught.value.code is ErrorCode.LICENCE_NOT_ACCEPTED
    assert not desk.files()
    desk.store.install(SETS, licences=[INSTANTMESH_LICENCE], online=True, context=Watcher().context)
    assert all(desk.store.is_ready(set_id) for set_id in SETS)
    assert not desk.hub.asked(".py") and not desk.hub.asked("vae/diffusion_pytorch_model.bin")
    for set_id in SETS:
        record = json.loads((desk.folder / set_id / "img23d.json").read_text(encoding="utf-8"))
        assert record["accepted"] == INSTANTMESH_LICENCE and "CC-BY-NC" in record["licence"]
        assert record["revision"] == weight_set(set_id).revision
