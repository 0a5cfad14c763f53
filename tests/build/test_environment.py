"""Set-up that is cut off goes on, and what is missing is said in one sentence."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from devtools import environment
from devtools.running import DevError


@pytest.fixture
def made(tmp_path, monkeypatch):
    """An empty requirements file, a build folder of its own and the list of pip's calls."""
    calls: list[Path] = []
    monkeypatch.setattr(environment, "BUILD", tmp_path)
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    monkeypatch.setattr(environment, "_need_pip", lambda: None)
    monkeypatch.setattr(environment, "_install", lambda python, what: calls.append(python))
    requirements = tmp_path / "needs.txt"
    requirements.write_text("one==1\n")
    return requirements, calls


def test_a_ready_environment_is_left_alone(made):
    requirements, calls = made
    first = environment._environment("x", Path(sys.executable), requirements)
    second = environment._environment("x", Path(sys.executable), requirements)
    assert first == second and first.is_file() and len(calls) == 1


def test_changed_requirements_are_installed(made):
    requirements, calls = made
    environment._environment("x", Path(sys.executable), requirements)
    requirements.write_text("one==2\n")
    environment._environment("x", Path(sys.executable), requirements)
    assert len(calls) == 2


def test_an_install_that_was_cut_off_is_done_again(made, monkeypatch):
    requirements, calls = made

    def cut_off(python, what):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(environment, "_install", cut_off)
        environment._environment("x", Path(sys.executable), requirements)
    environment._environment("x", Path(sys.executable), requirements)
    assert len(calls) == 1


def test_no_python_for_bpy_is_one_sentence(monkeypatch):
    monkeypatch.setattr(environment, "BPY_PYTHONS", ("2.0",))
    with pytest.raises(DevError, match="Install Blender 4.2 or newer, or Python 2.0"):
        environment._python_with_bpy()


def test_an_old_blender_is_not_taken(tmp_path, monkeypatch):
    old = tmp_path / "blender"
    old.write_text("#!/bin/sh\necho 'Blender 3.6.1'\n")
    old.chmod(0o755)
    monkeypatch.setenv("IMG23D_BLENDER", str(old))
    assert environment._installed_blender() is None
    old.write_text("#!/bin/sh\necho 'Blender 4.2.3 LTS'\n")
    assert environment._installed_blender().label.startswith("Blender 4.2.3")


def test_what_pip_was_told_is_said_to_uv(monkeypatch):
    listed = "global.find-links='/wheels /more'\nglobal.index-url='https://a/simple'\n:env:.index-url='https://b/simple'\n"
    monkeypatch.setattr(environment, "output_of", lambda command: subprocess.CompletedProcess(command, 0, stdout=listed))
    for name in ("UV_FIND_LINKS", "UV_DEFAULT_INDEX", "UV_CACHE_DIR"):
        monkeypatch.delenv(name, raising=False)
    told = environment.uv_variables()
    assert told["UV_FIND_LINKS"] == "/wheels,/more"
    assert told["UV_DEFAULT_INDEX"] == "https://b/simple", "the environment goes before the file"
    assert Path(told["UV_CACHE_DIR"]) == environment.BUILD / "uv-cache"
    monkeypatch.setenv("UV_FIND_LINKS", "/mine")
    assert "UV_FIND_LINKS" not in environment.uv_variables(), "what uv was told itself stays"


def test_an_environment_without_pip_asks_the_python_that_made_it(monkeypatch):
    """As those below build/ are made; tests that install run in them."""

    def output_of(command):
        has_pip = command[0] == "/usr/bin/python-of-the-system"
        return subprocess.CompletedProcess(command, not has_pip, stdout="global.cert='/etc/studio.pem'\n" if has_pip else "")

    monkeypatch.setattr(environment, "output_of", output_of)
    monkeypatch.setattr(environment.sys, "_base_executable", "/usr/bin/python-of-the-system")
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    assert environment.uv_variables()["SSL_CERT_FILE"] == "/etc/studio.pem"
