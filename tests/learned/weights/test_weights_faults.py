"""What goes wrong on the way: each ends in one sentence with its code, and the next try goes on where this one stopped."""

from __future__ import annotations

import errno
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from local_hub import LocalHub, serving, sha256
from weights_desk import LITE, LITE_REPOSITORY, SIZE, TURBO, Desk, Watcher, published, weights_file

from img23d_backend.setup_context import JobCancelled, SetupContext
from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.messages import SetupStep, WeightsState

WEIGHTS = f"{LITE_REPOSITORY}/resolve"


@pytest.fixture
def hub() -> Iterator[LocalHub]:
    with serving(published()) as hub:
        yield hub


@pytest.fixture
def desk(tmp_path: Path, hub: LocalHub) -> Desk:
    return Desk(folder=tmp_path / "models", hub=hub)


def failure(desk: Desk, *sets: str) -> Img23DError:
    with pytest.raises(Img23DError) as caught:
        desk.install(*sets)
    assert caught.value.sentence.endswith((".", ")")) and "Traceback" not in caught.value.sentence
    return caught.value


def test_a_cut_line_is_taken_up_where_it_broke(desk: Desk, hub: LocalHub) -> None:
    hub.cut_after = [400_000, 300_000]
    desk.install(LITE)
    assert [request.start for request in hub.asked("/blobs/")] == [0, 400_000, 700_000]
    assert hub.sent("/blobs/") == SIZE
    assert (desk.store.path(LITE) / "model.safetensors").read_bytes() == weights_file(1)


def test_a_server_without_ranges_sends_the_whole_file_again(desk: Desk, hub: LocalHub) -> None:
    hub.cut_after, hub.knows_ranges = [400_000], False
    desk.install(LITE)
    assert (desk.store.path(LITE) / "model.safetensors").read_bytes() == weights_file(1)


def test_a_server_without_ranges_whose_line_always_breaks_is_given_up(desk: Desk, hub: LocalHub) -> None:
    hub.cut_after, hub.knows_ranges = [400_000] * 99, False
    assert failure(desk, LITE).code is ErrorCode.HUB_UNREACHABLE


def test_wrong_bytes_are_refused_and_do_not_stay(desk: Desk, hub: LocalHub) -> None:
    hub.flip = {sha256(weights_file(1)): 99}
    error = failure(desk, LITE)
    assert error.code is ErrorCode.WEIGHTS_DAMAGED and "model.safetensors" in error.sentence
    assert not [name for name in desk.files() if name.endswith(".safetensors") or ".parts" in name]
    hub.flip.clear()
    desk.install(LITE)
    assert desk.store.is_ready(LITE)


def test_wrong_bytes_of_an_interrupted_download_are_fetched_again_at_once(desk: Desk, hub: LocalHub) -> None:
    part = desk.folder / LITE / ".parts" / f"sha256-{sha256(weights_file(1))}"
    part.parent.mkdir(parents=True)
    part.write_bytes(bytes(500_000))
    desk.install(LITE)
    assert (desk.store.path(LITE) / "model.safetensors").read_bytes() == weights_file(1)


@pytest.mark.parametrize(
    ("status", "where", "code", "word"),
    [
        (401, "/api/models", ErrorCode.HUB_REFUSED, "log in"),
        (403, "/api/models", ErrorCode.HUB_REFUSED, "log in"),
        (401, WEIGHTS, ErrorCode.HUB_REFUSED, "log in"),
        (403, WEIGHTS, ErrorCode.HUB_REFUSED, "log in"),
        (403, "/blobs/", ErrorCode.HUB_REFUSED, "log in"),
        (404, "/api/models", ErrorCode.HUB_GONE, "update the extension"),
        (404, WEIGHTS, ErrorCode.HUB_GONE, "update the extension"),
        (429, "/api/models", ErrorCode.HUB_UNREACHABLE, "later"),
        (500, "/api/models", ErrorCode.HUB_UNREACHABLE, "a few minutes"),
        (503, WEIGHTS, ErrorCode.HUB_UNREACHABLE, "a few minutes"),
        (502, "/blobs/", ErrorCode.HUB_UNREACHABLE, "a few minutes"),
    ],
)
def test_a_refusal_is_a_sentence(desk: Desk, hub: LocalHub, status: int, where: str, code: ErrorCode, word: str) -> None:
    hub.always = {where: status}
    error = failure(desk, LITE)
    assert error.code is code and word in error.sentence
    assert error.detail


@pytest.mark.parametrize("status", [429, 500, 503])
@pytest.mark.parametrize("where", ["/api/models", WEIGHTS, "/blobs/"])
def test_a_hub_that_is_busy_for_a_moment_is_asked_again(desk: Desk, hub: LocalHub, status: int, where: str) -> None:
    hub.statuses = {where: [status, status]}
    desk.install(LITE)
    assert desk.store.is_ready(LITE)


def test_a_hub_that_asks_for_a_long_pause_is_left_alone(desk: Desk, hub: LocalHub) -> None:
    hub.always, hub.retry_after = {"/api/models": 429}, "3600"
    assert failure(desk, LITE).code is ErrorCode.HUB_UNREACHABLE
    assert len(hub.requests) == 1


def test_no_hub_at_all_is_a_sentence(tmp_path: Path) -> None:
    with serving(published()) as hub:
        desk = Desk(folder=tmp_path / "models", hub=hub)
    error = failure(desk, LITE)
    assert error.code is ErrorCode.HUB_UNREACHABLE and "check the network" in error.sentence


def test_a_proxy_that_is_not_there_is_named(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client reads the proxy settings once a session: a fresh one before and after."""
    from huggingface_hub.utils import close_session

    close_session()
    monkeypatch.setenv("HTTP_PROXY", "nonsense://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")
    error = failure(desk, LITE)
    close_session()
    assert error.code is ErrorCode.HUB_UNREACHABLE and "proxy" in error.sentence


def test_a_portal_that_answers_in_the_hubs_place_is_recognised(desk: Desk, hub: LocalHub) -> None:
    hub.portal = True
    error = failure(desk, LITE)
    assert error.code is ErrorCode.HUB_UNREACHABLE and "log in to the network" in error.sentence


def test_files_that_are_not_there_any_more_are_named_before_anything_is_fetched(desk: Desk, hub: LocalHub) -> None:
    del hub.repositories[LITE_REPOSITORY]["config.json"]
    assert failure(desk, LITE).code is ErrorCode.HUB_GONE
    assert hub.sent("/blobs/") == 0


def test_the_clients_own_switch_is_named(desk: Desk, hub: LocalHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    error = failure(desk, LITE)
    assert error.code is ErrorCode.OFFLINE and "HF_HUB_OFFLINE" in error.sentence
    assert hub.requests == []


def test_without_online_access_nothing_is_asked(desk: Desk, hub: LocalHub) -> None:
    with pytest.raises(Img23DError, match="online access") as caught:
        desk.install(LITE, online=False)
    assert caught.value.code is ErrorCode.OFFLINE
    assert hub.requests == []


def test_without_the_licence_nothing_is_asked(desk: Desk, hub: LocalHub) -> None:
    with pytest.raises(Img23DError, match="the European Union, the United Kingdom and South Korea") as caught:
        desk.store.install([LITE, TURBO], licences=[], online=True, context=SetupContext())
    assert caught.value.code is ErrorCode.LICENCE_NOT_ACCEPTED
    assert hub.requests == [] and not desk.folder.exists()


def test_too_small_a_disk_is_told_for_all_sets_before_the_first_byte(desk: Desk, hub: LocalHub) -> None:
    desk.free = 200_000_000 + SIZE + 100  # room for one of the two
    error = failure(desk, LITE, TURBO)
    assert error.code is ErrorCode.DISK_FULL and "GB" in error.sentence
    assert hub.sent("/blobs/") == 0
    desk.install(LITE)
    assert desk.store.is_ready(LITE)


def test_a_disk_that_fills_up_meanwhile_is_a_sentence(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    assert failure(desk, LITE).code is ErrorCode.DISK_FULL
    monkeypatch.undo()
    desk.install(LITE)
    assert desk.store.is_ready(LITE)


def test_a_file_that_an_antivirus_holds_for_a_moment_gets_its_place(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    refusals, real = [1, 2], os.replace

    def held(source: str, target: str) -> None:
        if refusals and str(target).endswith(".safetensors"):
            refusals.pop()
            raise PermissionError(errno.EACCES, "held", str(target))
        real(source, target)

    monkeypatch.setattr(os, "replace", held)
    desk.install(LITE)
    assert desk.store.is_ready(LITE) and not refusals


def test_a_file_that_stays_held_is_named(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.replace

    def held(source: str, target: str) -> None:
        if str(target).endswith(".safetensors"):
            raise PermissionError(errno.EACCES, "held", str(target))
        real(source, target)

    monkeypatch.setattr(os, "replace", held)
    error = failure(desk, LITE)
    assert error.code is ErrorCode.FILE_LOCKED and "model.safetensors" in error.sentence


def test_a_models_folder_that_cannot_be_made_is_a_sentence(desk: Desk) -> None:
    desk.folder.write_text("a file is in its place")
    error = failure(desk, LITE)
    assert error.code is ErrorCode.FOLDER_UNWRITABLE and "preferences" in error.sentence


def test_a_cancel_in_the_middle_keeps_what_has_come(desk: Desk, hub: LocalHub) -> None:
    hub.seconds_a_block = 0.01
    watcher = Watcher(cancel_when=lambda step, amount: step is SetupStep.DOWNLOAD and amount.done > 200_000)
    with pytest.raises(JobCancelled):
        desk.install(LITE, watcher=watcher)
    assert next(info.state for info in desk.store.infos() if info.id == LITE) is WeightsState.PARTIAL
    with pytest.raises(Img23DError, match="goes on where it stopped"):
        desk.store.path(LITE)
    hub.seconds_a_block = 0.0
    desk.install(LITE)
    starts = [request.start for request in hub.asked("/blobs/")]
    assert len(starts) == 2 and starts[1] > 200_000
    assert (desk.store.path(LITE) / "model.safetensors").read_bytes() == weights_file(1)


def test_a_cancel_is_seen_while_the_hub_is_silent(desk: Desk, hub: LocalHub) -> None:
    """The client's own time-out is ten seconds; nobody waits for it, and no thread is left at the file."""
    hub.stall_at = 300_000
    watcher = Watcher(cancel_when=lambda step, amount: amount.done >= hub.stall_at)
    with pytest.raises(JobCancelled):
        desk.install(LITE, watcher=watcher)
    deadline = time.monotonic() + 5
    while _is_working() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _is_working()


def _is_working() -> bool:
    return any(thread.name.startswith("img23d-weights") for thread in threading.enumerate())


def test_sets_that_were_complete_before_a_failure_stay(desk: Desk, hub: LocalHub) -> None:
    hub.always = {"tencent/Hunyuan3D-2mini/resolve": 404}
    failure(desk, LITE, TURBO)
    assert desk.store.is_ready(LITE) and not desk.store.is_ready(TURBO)
