"""Settings from the environment and a file, and what the server says about itself without starting."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from service_desk import PATHS

from img23d_backend.service.openapi import description
from img23d_backend.service.settings import UNHEEDED, ServiceSettings, read_settings, shown
from img23d_protocol import Img23DError


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("IMG23D_SERVE", "TRELLIS_", "QWEN_", "HOST", "PORT", "COMPRESSION", "NUM_INFERENCE_STEPS")):
            monkeypatch.delenv(name)


def test_the_references_names_and_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    env = tmp_path / ".env"
    env.write_text("# of the reference\nPORT=10007\nTRELLIS_SLAT_STEPS=30\nCOMPRESSION=false\nQWEN_DTYPE=bf16\nIMG23D_SERVE_QUEUE=3\nTRELLIS_GPU=1\n")
    settings = read_settings(env)
    assert (settings.port, settings.slat_steps, settings.compression, settings.queue, settings.own_cards) == (10007, 30, False, 3, (0, 1))
    monkeypatch.setenv("PORT", "10008")
    assert read_settings(env).port == 10008
    monkeypatch.setenv("IMG23D_SERVE_PORT", "10009")
    assert read_settings(env).port == 10009
    assert read_settings(env, port=1).port == 1
    options = read_settings(env).defaults()
    assert (options.value("latent_steps"), options.value("structure_steps"), options.value("structure_guidance"), options.value("oversampling")) == (
        30,
        8,
        5.75,
        3,
    )
    assert (options.value("matte_device"), options.value("shape_device")) == ("gpu", "gpu:1")


def test_the_references_editor_and_its_text(tmp_path: Path) -> None:
    prompt = tmp_path / "qwen_edit_prompt.json"
    prompt.write_text('{"positive": "Show it whole.", "negative": "several things"}', encoding="utf-8")
    env = tmp_path / ".env"
    env.write_text(f"QWEN_EDIT_MODEL_PATH=Qwen/Qwen-Image-Edit-2509\nNUM_INFERENCE_STEPS=4\nQWEN_EDIT_PROMPT_PATH={prompt}\nQWEN_GPU=1\nTRELLIS_GPU=0\n")
    options = read_settings(env).defaults()
    edit = options.edit
    assert (edit.edits_photo, edit.model, edit.steps, edit.told) == (True, "qwen-image-edit-2509", 4, "Show it whole.")
    assert options.value("edit_device") == "gpu"
    assert not read_settings(env, edit=False).defaults().edit.edit


def test_without_its_editor_nothing_is_edited_unless_it_is_said() -> None:
    assert not read_settings(None).defaults().edit.edit
    edit = read_settings(None, edit=True).defaults().edit
    assert edit.edits_photo and (edit.model, edit.preset, edit.prompt) == ("flux2-klein-4b", "three_quarter", "")
    for name, model in (("black-forest-labs/FLUX.2-klein-4B", "flux2-klein-4b"), ("/models/Qwen-Image-Edit-2511/", "qwen-image-edit-2511")):
        assert read_settings(None, edit_model=name).defaults().edit.model == model


@pytest.mark.parametrize(("steps", "taken"), [(1, 4), (5, 4), (7, 8), (12, 8), (40, 8)])
def test_the_edits_steps_are_the_nearest_there_are_weights_for(steps: int, taken: int) -> None:
    assert read_settings(None, edit_steps=steps).defaults().edit.steps == taken


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read"),
        ("no JSON", "has no text"),
        ('{"negative": "x"}', "has no text"),
        ('["positive"]', "has no text"),
        ('{"positive": 3}', "has no text"),
    ],
)
def test_a_text_that_cannot_be_read(content: str | None, said: str, tmp_path: Path) -> None:
    path = tmp_path / "prompt.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(Img23DError, match=said):
        read_settings(None, edit_prompt=str(path))


def test_other_machines_need_a_token_unless_it_is_said_otherwise() -> None:
    assert not read_settings(None).needs_token
    for host in ("0.0.0.0", "::", "192.168.1.5", "workstation"):
        assert read_settings(None, host=host).needs_token
    for host in ("127.0.0.1", "127.8.8.8", "::1", "localhost"):
        assert not read_settings(None, host=host).needs_token
    assert not read_settings(None, host="0.0.0.0", open_to_all=True).needs_token


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "many"),
        ("IMG23D_SERVE_CARDS", "0;1"),
        ("IMG23D_SERVE_ENGINE", "teleport"),
        ("TRELLIS_SLAT_STEPS", "0"),
        ("IMG23D_SERVE_QUEUE", "0"),
        ("QWEN_EDIT_MODEL_PATH", "Qwen/Qwen-Image"),
        ("QWEN_EDIT_PROMPT_PATH", "a.safetensors"),
    ],
)
def test_wrong_values_are_told_in_a_sentence(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(Img23DError):
        read_settings(None)


def test_check_shows_everything_but_secrets(tmp_path: Path) -> None:
    variables = {**os.environ, "PYTHONPATH": PATHS, "IMG23D_SERVE_TOKEN": "very-secret", "HF_TOKEN": "hf_secret", "HOST": "0.0.0.0"}
    done = subprocess.run(
        [sys.executable, "-s", "-m", "img23d_backend", "serve", "--check", "--port", "7", "--data", str(tmp_path / "d")],
        env=variables, cwd=tmp_path, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0 and "secret" not in done.stdout + done.stderr
    assert re.search(r"^port = 7 ", done.stdout, re.MULTILINE) and re.search(r"^token = \(given\)", done.stdout, re.MULTILINE)
    assert "HF_TOKEN is set, and nothing here heeds it." in done.stdout and not (tmp_path / "d").exists()
    lines = {line.partition(" = ")[0] for line in shown(read_settings(None))}
    assert set(ServiceSettings.model_fields) <= lines
    assert len(UNHEEDED) == len(set(UNHEEDED))


def test_a_drawn_token_is_shown_once_kept_and_private(tmp_path: Path) -> None:
    from img23d_backend.service.run import token_of

    settings = read_settings(None, host="0.0.0.0", data=tmp_path)
    token, told = token_of(settings)
    assert token == told and len(token) >= 32 and token_of(settings) == (token, token)
    assert (tmp_path / "token").stat().st_mode & 0o077 == 0 or os.name == "nt"
    with pytest.raises(Img23DError):
        token_of(read_settings(None, token="short"))


def test_the_description_matches_the_routes() -> None:
    from img23d_backend.service.app import routes

    settings = read_settings(None)
    served = {(re.sub(r":\w+\}", "}", route.path), method.lower()) for route in routes(None, settings) for method in route.methods - {"HEAD"}}
    document = description(settings)
    described = {(path, method) for path, operations in document["paths"].items() for method in operations if method != "parameters"}
    assert described == served
    names = set(re.findall(r"#/components/schemas/(\w+)", str(document)))
    assert names <= set(document["components"]["schemas"])
    for path, operations in document["paths"].items():
        assert set(re.findall(r"\{(\w+)\}", path)) == {one["name"] for one in operations.get("parameters", ()) if one["in"] == "path"}
        for method, operation in operations.items():
            assert method == "parameters" or (operation["summary"] and all(re.fullmatch(r"[2-5]\d\d", status) for status in operation["responses"]))
