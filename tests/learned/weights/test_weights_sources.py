"""One bad pin blocks nothing else, a commit that is gone is replaced by the newest one, and a row's place can be another."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from local_hub import COMMIT, LocalHub, serving
from weights_desk import LITE, LITE_REPOSITORY, SIZE, TURBO, TURBO_REPOSITORY, Desk, Watcher, published, weights_file

from img23d_backend.weights.hub import Hub
from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.messages import WeightsInfo
from img23d_protocol.options.camera import DEPTH_MODEL

PINNED = "aa62cd87eafb9cc43056d08ef3615a14628b831d"  # of LITE, as public projects pin it
DEPTH_REPOSITORY = "depth-anything/Depth-Anything-V2-Metric-Indoor-Small-hf"
HR_REPOSITORY = "ZhengPeng7/BiRefNet_HR"
OWN = "studio/lite"


@pytest.fixture
def hub() -> Iterator[LocalHub]:
    with serving(published()) as hub:
        hub.repositories[DEPTH_REPOSITORY] = {
            "config.json": b"{}",
            "preprocessor_config.json": b"{}",
            "model.safetensors": weights_file(11, 60_000),
        }
        yield hub


@pytest.fixture
def desk(tmp_path: Path, hub: LocalHub) -> Desk:
    return Desk(folder=tmp_path / "models", hub=hub)


def failure(desk: Desk, *sets: str, watcher: Watcher | None = None) -> Img23DError:
    with pytest.raises(Img23DError) as caught:
        desk.install(*sets, watcher=watcher)
    return caught.value


def record_of(desk: Desk, set_id: str) -> dict[str, object]:
    return json.loads((desk.folder / set_id / "img23d.json").read_text(encoding="utf-8"))


def info_of(desk: Desk, set_id: str) -> WeightsInfo:
    return next(info for info in desk.store.infos() if info.id == set_id)


# --- each set by itself ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sets", [(LITE, TURBO, DEPTH_MODEL), (TURBO, DEPTH_MODEL, LITE)])
def test_a_repository_that_is_gone_blocks_no_other(desk: Desk, hub: LocalHub, sets: tuple[str, ...]) -> None:
    del hub.repositories[TURBO_REPOSITORY]
    error = failure(desk, *sets)
    assert desk.store.is_ready(LITE) and desk.store.is_ready(DEPTH_MODEL) and not desk.store.is_ready(TURBO)
    assert error.code is ErrorCode.HUB_GONE
    assert "Hunyuan3D 2 mini Turbo" in error.sentence and TURBO_REPOSITORY in error.sentence
    assert "BiRefNet lite" not in error.sentence and "2 of 3" in error.sentence


def test_a_file_that_does_not_come_blocks_no_other(desk: Desk, hub: LocalHub) -> None:
    hub.always = {f"{TURBO_REPOSITORY}/resolve": 404}
    error = failure(desk, TURBO, LITE)
    assert desk.store.is_ready(LITE) and "Hunyuan3D 2 mini Turbo" in error.sentence


def test_an_optional_set_never_fails_the_rest(desk: Desk, hub: LocalHub) -> None:
    del hub.repositories[DEPTH_REPOSITORY]
    watcher = Watcher()
    desk.install(DEPTH_MODEL, LITE, watcher=watcher)
    assert desk.store.is_ready(LITE)
    (notice,) = watcher.notices
    assert "Depth Anything V2 Small" in notice and DEPTH_REPOSITORY in notice


def test_an_optional_set_that_was_asked_for_alone_does_fail(desk: Desk, hub: LocalHub) -> None:
    del hub.repositories[DEPTH_REPOSITORY]
    assert failure(desk, DEPTH_MODEL).code is ErrorCode.HUB_GONE


def test_several_failures_are_told_by_name_each_with_its_reason(desk: Desk, hub: LocalHub) -> None:
    del hub.repositories[TURBO_REPOSITORY]
    hub.always = {LITE_REPOSITORY: 403}
    sentence = failure(desk, TURBO, LITE, DEPTH_MODEL).sentence
    assert desk.store.is_ready(DEPTH_MODEL)
    assert sentence.index("Hunyuan3D 2 mini Turbo") < sentence.index("not at its place")
    assert sentence.index("BiRefNet lite") < sentence.index("does not give")


def test_a_line_that_is_down_is_not_tried_for_each_set(tmp_path: Path) -> None:
    """With a network that swallows everything each set would cost a minute."""
    with serving(published()) as hub:
        desk = Desk(folder=tmp_path / "models", hub=hub)
    asked: list[str] = []
    store = desk.store
    listing = store._hub.listing
    store._hub.listing = lambda repository, *rest: (asked.append(repository), listing(repository, *rest))[1]
    with pytest.raises(Img23DError) as caught:
        store.install([LITE, "birefnet-hr", DEPTH_MODEL], licences=[], online=True, context=Watcher().context)
    assert caught.value.code is ErrorCode.HUB_UNREACHABLE and asked == [LITE_REPOSITORY]
    assert caught.value.sentence.count("check the network") == 1, "the same reason is told once"


# --- a commit that is gone ------------------------------------------------------------------------------------------


def test_a_commit_that_is_gone_is_replaced_by_the_newest_one(desk: Desk, hub: LocalHub) -> None:
    hub.gone = {PINNED}
    watcher = Watcher()
    desk.install(LITE, watcher=watcher)
    assert (desk.store.path(LITE) / "model.safetensors").read_bytes() == weights_file(1)
    record = record_of(desk, LITE)
    assert (record["requested"], record["revision"]) == (PINNED, COMMIT)
    (notice,) = watcher.notices
    assert "BiRefNet lite" in notice and COMMIT[:10] in notice
    assert not [request.path for request in hub.requests if request.path.endswith((".py", ".bin", ".ckpt"))]
    assert COMMIT[:10] in info_of(desk, LITE).origin and COMMIT[:10] in info_of(desk, LITE).note


def test_it_is_said_once_and_not_asked_again(desk: Desk, hub: LocalHub) -> None:
    hub.gone = {PINNED}
    desk.install(LITE)
    asked, watcher = len(hub.requests), Watcher()
    desk.install(LITE, watcher=watcher)
    assert len(hub.requests) == asked and watcher.notices == []
    (desk.folder / LITE / "model.safetensors").write_bytes(b"cut")
    desk.install(LITE, watcher=watcher)
    assert watcher.notices == [], "the same commit was taken again"
    desk.verify(LITE)


def test_the_newest_commit_must_have_the_same_files(desk: Desk, hub: LocalHub) -> None:
    hub.gone = {PINNED}
    hub.repositories[LITE_REPOSITORY]["weights.safetensors"] = hub.repositories[LITE_REPOSITORY].pop("model.safetensors")
    error = failure(desk, LITE)
    assert error.code is ErrorCode.HUB_GONE and "BiRefNet lite" in error.sentence
    assert hub.sent("/blobs/") == 0


def test_a_set_of_the_pinned_commit_says_nothing_about_its_origin(desk: Desk) -> None:
    desk.install(LITE)
    assert info_of(desk, LITE).origin == ""


# --- another place --------------------------------------------------------------------------------------------------


def with_list(desk: Desk, text: str) -> None:
    desk.folder.mkdir(parents=True, exist_ok=True)
    (desk.folder / "sources.toml").write_text(text, encoding="utf-8")


@pytest.fixture
def own(hub: LocalHub) -> LocalHub:
    """The hub with a repository of a studio's own that has code in it as well."""
    hub.repositories[OWN] = {
        "config.json": b'{"bb": "swin_v1_t"}',
        "model.safetensors": weights_file(21),
        "birefnet.py": b"raise SystemExit('code from the network')",
    }
    return hub


def test_a_list_in_the_models_folder_names_another_repository(desk: Desk, own: LocalHub) -> None:
    with_list(desk, f'[{LITE}]\nrepository = "{OWN}"\nrevision = "main"\n')
    desk.install(LITE)
    assert (desk.store.path(LITE) / "model.safetensors").read_bytes() == weights_file(21)
    assert record_of(desk, LITE)["repository"] == OWN
    assert not own.asked(LITE_REPOSITORY) and not own.asked(".py")
    assert OWN in info_of(desk, LITE).origin
    asked = len(own.requests)
    desk.install(LITE)
    assert len(own.requests) == asked, "a branch's commit is looked up once"


def test_the_variable_goes_before_the_list(desk: Desk, own: LocalHub) -> None:
    with_list(desk, f'[{LITE}]\nrepository = "nobody/nothing"\nrevision = "main"\n')
    desk.environment["IMG23D_SOURCES"] = f"{LITE}={OWN}; qwen3-vl-2b=@main"
    desk.install(LITE)
    assert record_of(desk, LITE) | {"repository": OWN, "requested": "main"} == record_of(desk, LITE)


def test_when_the_list_is_taken_away_the_registry_counts_again(desk: Desk, own: LocalHub) -> None:
    with_list(desk, f'[{LITE}]\nrepository = "{OWN}"\n')
    desk.install(LITE)
    (desk.folder / "sources.toml").unlink()
    desk.install(LITE)
    assert (desk.store.path(LITE) / "model.safetensors").read_bytes() == weights_file(1)


def test_a_mirror_is_asked_and_is_not_told_the_log_in(desk: Desk, own: LocalHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_mine")
    with serving(LocalHub(repositories=own.repositories)) as mirror:
        with_list(desk, f'[{LITE}]\nmirror = "{mirror.endpoint}/"\n')
        desk.install(LITE)
        mirror.needed_token = "hf_mine"
        assert failure(desk, "birefnet-lite", "birefnet-hr").code is not None
    assert mirror.sent("/blobs/") == SIZE and not own.asked(LITE_REPOSITORY)
    assert not any(request.token for request in mirror.requests)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[birefnet-lite", "sources.toml"),
        ('[nothing]\nrevision = "main"\n', "no weights called “nothing”"),
        ('[birefnet-lite]\nrepository = "../../etc"\n', "no repository"),
        ('[birefnet-lite]\nrevision = "a/../b"\n', "no revision"),
        ('[birefnet-lite]\nmirror = "file:///etc"\n', "no mirror"),
        ('[birefnet-lite]\nmirror = "https://user:secret@host"\n', "no mirror"),
        ('[birefnet-lite]\nrepo = "a/b"\n', "no “repo”"),
        ("birefnet-lite = 3\n", "no table"),
        ("[birefnet-lite]\nrevision = 3\n", "no revision"),
    ],
)
def test_a_list_that_makes_no_sense_is_one_sentence_and_loses_nothing(desk: Desk, hub: LocalHub, text: str, words: str) -> None:
    desk.install(LITE)
    with_list(desk, text)
    asked = len(hub.requests)
    error = failure(desk, LITE, DEPTH_MODEL)
    assert error.code is ErrorCode.BAD_REQUEST and words in error.sentence and error.sentence.endswith(".")
    assert len(hub.requests) == asked and desk.store.is_ready(LITE)
    assert info_of(desk, LITE).origin == ""


def test_a_variable_that_makes_no_sense_is_named(desk: Desk, hub: LocalHub) -> None:
    desk.environment["IMG23D_SOURCES"] = "birefnet-lite"
    assert "IMG23D_SOURCES" in failure(desk, LITE).sentence


# --- the log-in, and the hub that HF_ENDPOINT names -----------------------------------------------------------------


def test_a_hub_that_asks_for_no_log_in_is_told_none(desk: Desk, hub: LocalHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_mine")
    desk.install(LITE)
    assert not any(request.token for request in hub.requests)


def test_a_hub_of_ones_own_that_asks_is_told_and_its_storage_is_not(desk: Desk, hub: LocalHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_mine")
    hub.needed_token = "hf_mine"
    desk.install(LITE)
    assert all("hf_mine" in request.token for request in hub.asked("/resolve/"))
    assert not any(request.token for request in hub.asked("/blobs/")), "the files come from another place"


def test_the_log_in_that_is_kept_goes_to_the_public_hub_alone(desk: Desk, hub: LocalHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = tmp_path / "token"
    kept.write_text("hf_kept")
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(kept))
    monkeypatch.delenv("HF_TOKEN", raising=False)
    hub.needed_token = "hf_kept"
    assert failure(desk, LITE).code is ErrorCode.HUB_REFUSED
    assert hub.requests and not any(request.token for request in hub.requests)


def test_the_public_hub_is_told_the_log_in_and_asked_without_where_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_mine")
    hub = Hub("https://huggingface.co")
    assert hub._log_in() is None and hub._tries_another_log_in() and hub._log_in() is False
    assert not hub._tries_another_log_in(), "not for ever"


def test_an_address_that_is_none_is_one_sentence(tmp_path: Path) -> None:
    desk = Desk(folder=tmp_path / "models", hub=LocalHub(endpoint="hf-mirror.example"))
    error = failure(desk, LITE)
    assert error.code is ErrorCode.BAD_REQUEST and "HF_ENDPOINT" in error.sentence and "hf-mirror.example" in error.sentence


def test_a_safe_address_that_leads_to_an_open_one_is_not_followed(desk: Desk, hub: LocalHub, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is said on the way between two encrypted lines could be anybody's."""
    from huggingface_hub import hf_hub_url

    monkeypatch.setattr("huggingface_hub.hf_hub_url", lambda *names, **rest: hf_hub_url(*names, **rest).replace("http:", "https:"))
    import httpx2

    def plain(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(302, headers={"Location": f"{hub.storage}/blobs/x"}) if request.url.scheme == "https" else httpx2.Response(200, content=b"x")

    monkeypatch.setattr("huggingface_hub.utils.get_session", lambda: httpx2.Client(transport=httpx2.MockTransport(plain)))
    error = failure(desk, LITE)
    assert error.code is ErrorCode.HUB_UNREACHABLE and not desk.store.is_ready(LITE)
    assert "where anybody on the way" in error.detail
