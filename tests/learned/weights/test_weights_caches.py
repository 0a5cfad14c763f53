"""Weights that another program has downloaded are used where they are, once every byte was checked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from local_hub import COMMIT, serving
from weights_desk import LITE, LITE_REPOSITORY, TURBO, TURBO_REPOSITORY, TURBO_WEIGHTS, Desk, Watcher, published, weights_file

from img23d_backend.setup_context import SetupContext
from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.messages import WeightsState

LITE_COMMIT = "aa62cd87eafb9cc43056d08ef3615a14628b831d"  # the registry's


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with serving(published()) as hub:
        yield Desk(folder=tmp_path / "models", hub=hub, environment={"HF_HOME": str(tmp_path / "cache")})


def fill_client_cache(desk: Desk, revision: str) -> Path:
    """The hub client's own cache, written by the client itself."""
    from huggingface_hub import snapshot_download

    patterns = ["*.safetensors", "*.json"]
    cache = Path(desk.environment["HF_HOME"]) / "hub"
    folder = snapshot_download(LITE_REPOSITORY, revision=revision, allow_patterns=patterns, cache_dir=cache, endpoint=desk.hub.endpoint)
    return Path(folder)


def test_the_hub_clients_cache_is_used_without_a_copy(desk: Desk) -> None:
    cache = fill_client_cache(desk, COMMIT)
    sent, watcher = desk.hub.sent("/blobs/"), Watcher()
    desk.install(LITE, watcher=watcher)
    assert desk.store.path(LITE) == cache
    assert desk.hub.sent("/blobs/") == sent
    assert "another program's cache" in " ".join(watcher.notices)
    info = next(info for info in desk.store.infos() if info.id == LITE)
    assert (info.state, info.is_borrowed, info.folder) == (WeightsState.READY, True, str(cache))
    assert desk.files() == {f"{LITE}/img23d.json"}


def test_deleting_a_borrowed_set_leaves_the_cache_alone(desk: Desk) -> None:
    cache = fill_client_cache(desk, COMMIT)
    desk.install(LITE)
    desk.store.delete([LITE], SetupContext())
    assert not desk.store.is_ready(LITE)
    assert (cache / "model.safetensors").read_bytes() == weights_file(1)


def test_a_cache_with_one_wrong_byte_is_not_used(desk: Desk) -> None:
    cache = fill_client_cache(desk, COMMIT)
    blob = (cache / "model.safetensors").resolve()
    blob.write_bytes(bytes(1) + blob.read_bytes()[1:])
    desk.install(LITE)
    assert desk.store.path(LITE) == desk.folder / LITE
    assert (desk.store.path(LITE) / "model.safetensors").read_bytes() == weights_file(1)


def test_a_cache_that_was_emptied_since_makes_the_set_missing(desk: Desk) -> None:
    cache = fill_client_cache(desk, COMMIT)
    desk.install(LITE)
    for path in cache.iterdir():
        path.unlink()
    cache.rmdir()
    with pytest.raises(Img23DError) as caught:
        desk.store.path(LITE)
    assert caught.value.code is ErrorCode.WEIGHTS_MISSING
    desk.install(LITE)
    assert desk.store.path(LITE) == desk.folder / LITE


def test_without_network_the_clients_cache_of_that_commit_will_do(desk: Desk) -> None:
    desk.hub.commit = LITE_COMMIT
    cache = fill_client_cache(desk, LITE_COMMIT)
    asked = len(desk.hub.requests)
    desk.install(LITE, online=False)
    assert desk.store.path(LITE) == cache
    assert len(desk.hub.requests) == asked


def test_without_network_half_a_cache_will_not_do(desk: Desk) -> None:
    desk.hub.commit = LITE_COMMIT
    (fill_client_cache(desk, LITE_COMMIT) / "config.json").unlink()
    with pytest.raises(Img23DError, match="online access") as caught:
        desk.install(LITE, online=False)
    assert caught.value.code is ErrorCode.OFFLINE


def test_hy3dgens_folder_is_used_and_the_licence_kept_beside_the_record(desk: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "hy3dgen" / TURBO_REPOSITORY
    for name in ("hunyuan3d-dit-v2-mini-turbo/config.yaml", TURBO_WEIGHTS):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(desk.hub.repositories[TURBO_REPOSITORY][name])
    desk.environment["HY3DGEN_MODELS"] = str(tmp_path / "hy3dgen")
    desk.install(TURBO)
    assert desk.store.path(TURBO) == folder
    assert desk.files() == {f"{TURBO}/{name}" for name in ("img23d.json", "LICENSE", "NOTICE")}
    assert desk.hub.sent("/blobs/") == 0
