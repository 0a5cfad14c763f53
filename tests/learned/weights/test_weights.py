"""Weights on disk: fetched by the hub's real client from a hub on loopback, checked, found again, deleted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from local_hub import serving
from weights_desk import (
    LITE,
    LITE_REPOSITORY,
    PAINTER,
    PAINTER_FOLDER,
    SIZE,
    TURBO,
    TURBO_WEIGHTS,
    Desk,
    Watcher,
    published,
    weights_file,
)

from img23d_backend.setup_context import SetupContext
from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.messages import SetupStep, WeightsInfo, WeightsState


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with serving(published()) as hub:
        yield Desk(folder=tmp_path / "models", hub=hub)


def info_of(desk: Desk, set_id: str) -> WeightsInfo:
    return next(info for info in desk.store.infos() if info.id == set_id)


def test_a_set_arrives_with_its_licence_and_nothing_else(desk: Desk) -> None:
    desk.install(TURBO)
    assert desk.files() == {f"{TURBO}/{name}" for name in ("LICENSE", "NOTICE", "img23d.json", "hunyuan3d-dit-v2-mini-turbo/config.yaml", TURBO_WEIGHTS)}
    assert (desk.store.path(TURBO) / TURBO_WEIGHTS).read_bytes() == weights_file(2)


def test_no_code_and_no_pickle_is_ever_asked_for(desk: Desk) -> None:
    desk.install(TURBO, LITE)
    assert desk.hub.asked(".safetensors"), "the hub was asked"
    assert not [request.path for request in desk.hub.requests if request.path.endswith((".py", ".ckpt", ".bin", ".pt"))]


def test_of_a_painter_only_the_pickle_comes_that_has_no_safer_form(desk: Desk) -> None:
    desk.install(PAINTER)
    here = {name.removeprefix(f"{PAINTER}/{PAINTER_FOLDER}/") for name in desk.files() if PAINTER_FOLDER in name}
    assert here == {
        "scheduler/scheduler_config.json",
        "unet/config.json",
        "unet/diffusion_pytorch_model.safetensors",
        "vae/config.json",
        "vae/diffusion_pytorch_model.bin",
    }
    (desk.folder / PAINTER / PAINTER_FOLDER / "vae" / "diffusion_pytorch_model.bin").write_bytes(b"cut")
    assert info_of(desk, PAINTER).state is WeightsState.DAMAGED
    desk.install(PAINTER)
    desk.verify(PAINTER)


def test_the_record_says_what_came_from_where(desk: Desk) -> None:
    desk.install(TURBO)
    record = json.loads((desk.folder / TURBO / "img23d.json").read_text(encoding="utf-8"))
    assert record["revision"] == record["requested"] == "f90a0f7df7d5e6f71109cf333f6a95a0ae3194a6"
    assert record["files"][TURBO_WEIGHTS]["size"] == SIZE
    assert record["files"][TURBO_WEIGHTS]["digest"].startswith("sha256:")
    assert record["accepted"] == "tencent-hunyuan3d-2-community-1"


def test_progress_grows_and_has_a_speed(desk: Desk) -> None:
    desk.hub.seconds_a_block = 0.006
    watcher = Watcher()
    desk.install(LITE, watcher=watcher)
    assert SetupStep.DOWNLOAD in watcher.steps
    done = [amount.done for amount in watcher.amounts]
    assert done == sorted(done) and any(0 < count < SIZE for count in done)
    assert max(amount.per_second for amount in watcher.amounts) > 0
    assert watcher.fractions[-1] <= 1.0 and watcher.amounts[-1].total == SIZE + len(b'{"bb": "swin_v1_t"}')


def test_after_the_download_the_hub_is_not_needed(tmp_path: Path) -> None:
    with serving(published()) as hub:
        desk = Desk(folder=tmp_path / "models", hub=hub)
        desk.install(LITE)
    asked = len(hub.requests)
    assert desk.store.is_ready(LITE)
    assert info_of(desk, LITE).state is WeightsState.READY
    assert (desk.store.path(LITE) / "model.safetensors").read_bytes() == weights_file(1)
    desk.verify(LITE)
    desk.install(LITE, online=False)
    assert len(hub.requests) == asked


def test_what_is_there_is_not_fetched_again(desk: Desk) -> None:
    desk.install(LITE)
    asked = len(desk.hub.requests)
    desk.install(LITE)
    assert len(desk.hub.requests) == asked


def test_files_copied_by_hand_are_checked_instead_of_fetched(desk: Desk) -> None:
    (desk.folder / LITE).mkdir(parents=True)
    (desk.folder / LITE / "model.safetensors").write_bytes(weights_file(1))
    desk.install(LITE)
    assert desk.store.is_ready(LITE)
    assert desk.hub.sent("/blobs/") == 0


def test_wrong_files_copied_by_hand_are_replaced(desk: Desk) -> None:
    (desk.folder / LITE).mkdir(parents=True)
    (desk.folder / LITE / "model.safetensors").write_bytes(weights_file(9))
    desk.install(LITE)
    assert (desk.store.path(LITE) / "model.safetensors").read_bytes() == weights_file(1)


def test_adopted_files_are_ready_without_any_hub(tmp_path: Path) -> None:
    desk = Desk(folder=tmp_path / "models", hub=published())
    (desk.folder / LITE).mkdir(parents=True)
    (desk.folder / LITE / "model.safetensors").write_bytes(weights_file(9))
    desk.store.adopt(LITE)
    assert desk.store.path(LITE) == desk.folder / LITE
    desk.verify(LITE)


def test_an_adopted_file_that_is_damaged_later_comes_from_the_hub(desk: Desk) -> None:
    desk.install(LITE)
    (desk.folder / LITE / "img23d.json").unlink()
    desk.store.adopt(LITE)
    (desk.folder / LITE / "model.safetensors").write_bytes(b"cut")
    desk.install(LITE)
    assert (desk.store.path(LITE) / "model.safetensors").read_bytes() == weights_file(1)


def test_there_is_nothing_to_adopt_in_an_empty_folder(desk: Desk) -> None:
    with pytest.raises(Img23DError, match="no weights of BiRefNet lite") as caught:
        desk.store.adopt(LITE)
    assert caught.value.code is ErrorCode.WEIGHTS_MISSING


def test_one_changed_byte_is_found_and_only_that_file_fetched_again(desk: Desk) -> None:
    desk.install(TURBO)
    weights = desk.folder / TURBO / TURBO_WEIGHTS
    spoiled = bytearray(weights.read_bytes())
    spoiled[SIZE // 3] ^= 1
    weights.write_bytes(spoiled)
    assert desk.store.is_ready(TURBO), "the size is right: only a verification can tell"

    with pytest.raises(Img23DError, match="missing or damaged") as caught:
        desk.verify(TURBO)
    assert caught.value.code is ErrorCode.WEIGHTS_DAMAGED
    assert info_of(desk, TURBO).state is WeightsState.DAMAGED
    with pytest.raises(Img23DError):
        desk.store.path(TURBO)

    asked = len(desk.hub.requests)
    desk.install(TURBO)
    assert weights.read_bytes() == weights_file(2)
    assert not [request for request in desk.hub.requests[asked:] if "config.yaml" in request.path]
    desk.verify(TURBO)


def test_a_file_that_lost_its_end_is_seen_without_reading(desk: Desk) -> None:
    desk.install(LITE)
    (desk.folder / LITE / "model.safetensors").write_bytes(weights_file(1)[:-1])
    assert not desk.store.is_ready(LITE)
    assert info_of(desk, LITE).state is WeightsState.DAMAGED


def test_a_new_commit_replaces_the_old_one_and_keeps_what_is_the_same(desk: Desk) -> None:
    desk.install(TURBO)
    path = desk.folder / TURBO / "img23d.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(record | {"requested": "0" * 40, "revision": "0" * 40}), encoding="utf-8")
    (desk.folder / TURBO / "old.safetensors").write_bytes(b"of the old commit")
    sent = desk.hub.sent("/blobs/")
    assert desk.store.is_ready(TURBO), "an older commit goes on working"
    desk.install(TURBO)
    assert f"{TURBO}/old.safetensors" not in desk.files()
    assert desk.hub.sent("/blobs/") == sent


def test_deleted_means_gone(desk: Desk) -> None:
    desk.install(LITE, TURBO)
    desk.store.delete([LITE], SetupContext())
    assert info_of(desk, LITE).state is WeightsState.MISSING
    assert not (desk.folder / LITE).exists()
    assert desk.store.is_ready(TURBO)


def test_a_record_that_cannot_be_read_costs_a_check_and_no_download(desk: Desk) -> None:
    desk.install(LITE)
    (desk.folder / LITE / "img23d.json").write_text('{"files": 3', encoding="utf-8")
    assert info_of(desk, LITE).state is WeightsState.PARTIAL
    sent = desk.hub.sent("/blobs/")
    desk.install(LITE)
    assert desk.store.is_ready(LITE)
    assert desk.hub.sent("/blobs/") == sent


def test_a_file_name_that_leads_out_of_the_folder_is_not_followed(desk: Desk) -> None:
    desk.hub.repositories[LITE_REPOSITORY]["../../outside/model.safetensors"] = weights_file(5, 60_000)
    desk.install(LITE)
    assert not list(desk.folder.parent.rglob("outside"))
