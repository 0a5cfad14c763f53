"""What goes into the zip, and that the same sources give the same bytes."""

from __future__ import annotations

import hashlib
import os
import tomllib
import zipfile
from pathlib import Path

import pytest

from devtools import package
from devtools.places import EXTENSION, MANIFEST

ZIP = os.environ.get("IMG23D_ZIP")
needs_zip = pytest.mark.skipif(not ZIP, reason="no zip was built (build_addon.py test --fast)")


def test_the_manifest_names_platform_and_wheels_before_its_tables():
    source = 'id = "img23d"\n\n[permissions]\nfiles = "Read photos"\n'
    manifest = tomllib.loads(package.manifest_for(source, "linux-x64", ["a.whl", "b.whl"]))
    assert manifest == {
        "id": "img23d",
        "platforms": ["linux-x64"],
        "wheels": ["./wheels/a.whl", "./wheels/b.whl"],
        "permissions": {"files": "Read photos"},
    }


def test_the_manifest_keeps_to_the_platforms_terms():
    manifest = tomllib.loads((EXTENSION / MANIFEST).read_text(encoding="utf-8"))
    assert manifest["id"] == "img23d"
    assert manifest["blender_version_min"] == "4.2.0"
    assert manifest["license"] == ["SPDX:GPL-3.0-or-later"]
    assert "blender" not in manifest["name"].lower()
    assert len(manifest["tagline"]) <= 64
    for reason in manifest.get("permissions", {}).values():
        assert len(reason) <= 64 and reason[-1].isalnum()


@needs_zip
def test_the_zip_holds_extension_backend_licence_and_wheel():
    with zipfile.ZipFile(ZIP) as archive:
        names = archive.namelist()
        manifest = tomllib.loads(archive.read(MANIFEST).decode("utf-8"))
    assert len(names) == len(set(names))
    for name in ("__init__.py", "LICENSE", "backend/img23d_backend/__main__.py", "shared/img23d_protocol/messages.py"):
        assert name in names
    assert "backend/img23d_backend/setup/locks/packages.txt" in names
    assert sorted(f"./{name}" for name in names if name.endswith(".whl")) == sorted(manifest["wheels"])
    servers = tuple(f"backend/img23d_backend/{room}/" for room in ("service", "batch", "cluster", "evaluation"))
    assert not [name for name in names if name.startswith(servers)]
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc") or "/." in name]


@needs_zip
def test_the_zip_holds_what_the_checkout_holds():
    with zipfile.ZipFile(ZIP) as archive:
        for path in EXTENSION.rglob("*.py"):
            assert archive.read(path.relative_to(EXTENSION).as_posix()) == path.read_bytes()


def test_order_and_time_of_files_do_not_change_the_zip(tmp_path):
    def made(name: str, files: list[str], year: int) -> str:
        path = tmp_path / name
        with zipfile.ZipFile(path, "w") as archive:
            for file in files:
                archive.writestr(zipfile.ZipInfo(file, (year, 1, 1, 0, 0, 0)), f"content of {file}")
        package.make_reproducible(path)
        return hashlib.sha256(path.read_bytes()).hexdigest()

    assert made("1.zip", ["b.py", MANIFEST, "a.py"], 2021) == made("2.zip", ["a.py", "b.py", MANIFEST], 2026)
    assert made("3.zip", ["a.py", MANIFEST], 2021) != made("1.zip", ["b.py", MANIFEST, "a.py"], 2021)


def test_staging_leaves_caches_out(tmp_path, monkeypatch):
    monkeypatch.setattr(package, "BUILD", tmp_path)
    wheel = tmp_path / "some.whl"
    wheel.write_bytes(b"wheel")
    stage = package.assemble("linux-x64", [wheel])
    files = {path.relative_to(stage).as_posix() for path in stage.rglob("*") if path.is_file()}
    assert {"__init__.py", MANIFEST, "LICENSE", "wheels/some.whl", "backend/img23d_backend/stages.py"} <= files
    assert not [file for file in files if "__pycache__" in Path(file).parts]
    assert not [file for file in files if {"service", "batch", "cluster"} & {*Path(file).parts}]  # the HTTP server and its page, batches, Ray
