"""What a repository's page says of its licence is read before the first byte of its weights, and kept with them."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from local_hub import COMMIT, LocalHub, serving
from weights_desk import LITE, LITE_REPOSITORY, TURBO, TURBO_REPOSITORY, Desk, Watcher, published, weights_file

from img23d_backend.weights.registry import WEIGHT_SETS, weight_set
from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.messages import WeightsInfo
from img23d_protocol.options.parts.holopart import HOLOPART
from img23d_protocol.options.parts.partcrafter import PARTCRAFTER

REPOSITORY = "VAST-AI/HoloPart"
CARD = {"license": "mit", "pipeline_tag": "image-to-3d"}


@pytest.fixture
def hub() -> Iterator[LocalHub]:
    with serving(published()) as hub:
        files = weight_set(HOLOPART).files
        hub.repositories[REPOSITORY] = {name: weights_file(31, 60_000) if name.endswith(".safetensors") else b"{}" for name in files}
        yield hub


@pytest.fixture
def desk(tmp_path: Path, hub: LocalHub) -> Desk:
    return Desk(folder=tmp_path / "models", hub=hub)


def failure(desk: Desk, *sets: str, online: bool = True) -> Img23DError:
    with pytest.raises(Img23DError) as caught:
        desk.install(*sets, online=online)
    return caught.value


def record_of(desk: Desk, set_id: str) -> dict[str, object]:
    return json.loads((desk.folder / set_id / "img23d.json").read_text(encoding="utf-8"))


def info_of(desk: Desk, set_id: str) -> WeightsInfo:
    return next(info for info in desk.store.infos() if info.id == set_id)


def files_asked(hub: LocalHub) -> list[str]:
    return [request.path for request in hub.requests if "/resolve/" in request.path or "/blobs/" in request.path]


# --- a row that asks ------------------------------------------------------------------------------------------------


def test_the_rows_that_ask_say_what_the_page_must_name() -> None:
    asking = {row.id: row.card_licence for row in WEIGHT_SETS if row.asks_card}
    assert {PARTCRAFTER: "mit", HOLOPART: "mit"}.items() <= asking.items() and all(asking.values())


@pytest.mark.parametrize(
    ("card", "tags"),
    [(CARD, []), ({"license": "MIT"}, []), ({"license": ["mit"]}, []), ({}, ["3d", "license:mit"]), (None, ["license:mit", "region:us"])],
)
def test_what_the_page_names_as_the_row_does_comes_and_is_recorded(desk: Desk, hub: LocalHub, card: dict | None, tags: list[str]) -> None:
    hub.cards = {} if card is None else {REPOSITORY: card}
    hub.tags = {REPOSITORY: tags}
    before = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    desk.install(HOLOPART)
    record = record_of(desk, HOLOPART)
    assert desk.store.is_ready(HOLOPART) and record["card_licence"] == "mit"
    assert before <= datetime.datetime.fromisoformat(str(record["card_read"])) <= datetime.datetime.now(datetime.UTC)
    assert f"On {str(record['card_read'])[:10]} its page named the licence mit" in info_of(desk, HOLOPART).note


@pytest.mark.parametrize(
    ("card", "tags", "words"),
    [
        (None, [], "names no licence"),
        ({"license": None}, [], "names no licence"),
        ({"pipeline_tag": "image-to-3d"}, ["region:us"], "names no licence"),
        ({"license": "cc-by-nc-4.0"}, ["license:cc-by-nc-4.0"], "“cc-by-nc-4.0”"),
        ({"license": "other", "license_name": "tripo-research"}, [], "“other (tripo-research)”"),
        ({"license": "apache-2.0"}, ["license:mit"], "“apache-2.0”"),  # the page goes before a tag
    ],
)
def test_nothing_comes_where_the_page_names_something_else(desk: Desk, hub: LocalHub, card: dict | None, tags: list[str], words: str) -> None:
    hub.cards = {} if card is None else {REPOSITORY: card}
    hub.tags = {REPOSITORY: tags}
    error = failure(desk, HOLOPART)
    assert error.code is ErrorCode.LICENCE_DIFFERS and words in error.sentence and "HoloPart" in error.sentence and "MIT" in error.sentence
    assert files_asked(hub) == [] and desk.files() == set()


def test_a_refused_set_keeps_no_other_from_coming(desk: Desk, hub: LocalHub) -> None:
    error = failure(desk, HOLOPART, LITE)
    assert desk.store.is_ready(LITE) and not desk.store.is_ready(HOLOPART)
    assert "names no licence" in error.sentence and "1 of 2" in error.sentence


def test_a_page_that_cannot_be_read_lets_nothing_through(desk: Desk, hub: LocalHub) -> None:
    hub.cards = {REPOSITORY: CARD}
    hub.refused_pages = {REPOSITORY}
    assert failure(desk, HOLOPART).code is ErrorCode.HUB_REFUSED
    assert files_asked(hub) == []


def test_it_is_asked_again_when_a_download_goes_on(desk: Desk, hub: LocalHub) -> None:
    hub.cards = {REPOSITORY: CARD}
    desk.install(HOLOPART)
    (desk.folder / HOLOPART / "vae" / "config.json").unlink()
    hub.cards = {REPOSITORY: {"license": "cc-by-nc-4.0"}}
    assert failure(desk, HOLOPART).code is ErrorCode.LICENCE_DIFFERS


def test_what_is_there_needs_no_page(desk: Desk, hub: LocalHub) -> None:
    hub.cards = {REPOSITORY: CARD}
    desk.install(HOLOPART)
    hub.cards = {}
    asked = len(hub.requests)
    desk.install(HOLOPART)
    desk.install(HOLOPART, online=False)
    assert len(hub.requests) == asked and desk.store.is_ready(HOLOPART)


def test_without_network_another_programs_copy_waits_for_the_page(desk: Desk, hub: LocalHub, tmp_path: Path) -> None:
    from huggingface_hub import snapshot_download

    row = weight_set(PARTCRAFTER)
    hub.repositories[row.repository] = {name: weights_file(32, 60_000) if name.endswith(".safetensors") else b"{}" for name in row.files}
    desk.environment["HF_HOME"] = str(tmp_path / "cache")
    copy = snapshot_download(row.repository, revision=COMMIT, cache_dir=tmp_path / "cache" / "hub", endpoint=hub.endpoint)
    Path(copy).rename(Path(copy).with_name(row.revision))
    error = failure(desk, PARTCRAFTER, online=False)
    assert error.code is ErrorCode.OFFLINE and "page of PartCrafter" in error.sentence and desk.files() == set()
    hub.cards = {row.repository: CARD}
    desk.install(PARTCRAFTER)
    assert record_of(desk, PARTCRAFTER)["card_licence"] == "mit" and info_of(desk, PARTCRAFTER).is_borrowed


def test_a_branch_is_looked_up_once_and_named(desk: Desk, hub: LocalHub) -> None:
    hub.cards = {REPOSITORY: CARD}
    watcher = Watcher()
    desk.install(HOLOPART, watcher=watcher)
    record = record_of(desk, HOLOPART)
    assert (record["requested"], record["revision"]) == ("main", hub.commit) and watcher.notices == []
    assert info_of(desk, HOLOPART).origin == f"Version {hub.commit[:10]}, the newest one when it was downloaded"
    hub.commit = "d" * 40
    (desk.folder / HOLOPART / "vae" / "config.json").write_bytes(b"cut off")
    desk.install(HOLOPART)
    assert record_of(desk, HOLOPART)["revision"] == record["revision"]


def test_a_repository_of_ones_own_is_ones_own_choice(desk: Desk, hub: LocalHub) -> None:
    hub.repositories["studio/holopart"] = hub.repositories.pop(REPOSITORY)
    hub.cards = {"studio/holopart": {"license": "other", "license_name": "studio"}}
    desk.environment["IMG23D_SOURCES"] = f"{HOLOPART}=studio/holopart"
    watcher = Watcher()
    desk.install(HOLOPART, watcher=watcher)
    (notice,) = watcher.notices
    assert desk.store.is_ready(HOLOPART) and "other (studio)" in notice and "MIT" in notice
    assert record_of(desk, HOLOPART)["card_licence"] == "other (studio)"


def test_a_mirror_is_asked_for_the_page_as_well(desk: Desk, hub: LocalHub) -> None:
    hub.cards = {REPOSITORY: CARD}
    with serving(LocalHub(repositories=hub.repositories)) as mirror:
        desk.environment["IMG23D_SOURCES"] = f"{HOLOPART}={mirror.endpoint}"
        assert failure(desk, HOLOPART).code is ErrorCode.LICENCE_DIFFERS
        mirror.cards = hub.cards
        desk.install(HOLOPART)
    assert desk.store.is_ready(HOLOPART) and not hub.requests


# --- every other row ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("card", [None, {}, {"license": "mit"}])
def test_any_set_comes_without_a_word_where_its_page_says_the_same_or_nothing(desk: Desk, hub: LocalHub, card: dict | None) -> None:
    hub.cards = {} if card is None else {LITE_REPOSITORY: card}
    watcher = Watcher()
    desk.install(LITE, watcher=watcher)
    assert watcher.notices == [] and record_of(desk, LITE)["card_licence"] == (card or {}).get("license", "")
    named = "the licence mit" if card else "no licence"
    assert f"its page named {named}" in info_of(desk, LITE).note


def test_a_licence_that_changed_is_told_and_keeps_nothing_away(desk: Desk, hub: LocalHub) -> None:
    hub.cards = {LITE_REPOSITORY: {"license": "cc-by-nc-4.0"}}
    watcher = Watcher()
    desk.install(LITE, watcher=watcher)
    (notice,) = watcher.notices
    assert "BiRefNet lite" in notice and "cc-by-nc-4.0" in notice and "MIT" in notice
    assert desk.store.is_ready(LITE) and record_of(desk, LITE)["card_licence"] == "cc-by-nc-4.0"


def test_other_is_what_tencents_pages_say(desk: Desk, hub: LocalHub) -> None:
    hub.cards = {TURBO_REPOSITORY: {"license": "other", "license_name": "tencent-hunyuan-community", "license_link": "LICENSE"}}
    watcher = Watcher()
    desk.install(TURBO, watcher=watcher)
    assert watcher.notices == [] and record_of(desk, TURBO)["card_licence"] == "other (tencent-hunyuan-community)"


def test_a_page_that_cannot_be_read_does_not_stop_another_row(desk: Desk, hub: LocalHub) -> None:
    hub.refused_pages = {LITE_REPOSITORY}
    desk.install(LITE)
    record = record_of(desk, LITE)
    assert desk.store.is_ready(LITE) and (record["card_licence"], record["card_read"]) == ("", "")
    assert "its page" not in info_of(desk, LITE).note


def test_a_record_of_an_older_version_is_read(desk: Desk) -> None:
    desk.install(LITE)
    path = desk.folder / LITE / "img23d.json"
    fields = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({name: value for name, value in fields.items() if not name.startswith("card_")}), encoding="utf-8")
    assert desk.store.is_ready(LITE) and "its page" not in info_of(desk, LITE).note
