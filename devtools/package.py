"""The zip: a staging folder with the extension, the backend and one platform's wheels, built by Blender's own tool."""

from __future__ import annotations

import os
import re
import shutil
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path

from .environment import Blender
from .places import BACKEND, BUILD, DIST, EXTENSION, EXTENSION_ID, MANIFEST, ROOT
from .running import clean_environment, run
from .wheels import fetch

# 2020-01-01, the time of every file in the zip, so that the same sources give the same bytes
FILE_TIME = 1577836800
LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.py[cod]", ".*")


def build(platforms: Sequence[str], blender: Blender) -> list[Path]:
    """One validated zip a platform in dist/."""
    DIST.mkdir(exist_ok=True)
    zips = []
    for platform in platforms:
        stage = assemble(platform, fetch([platform]))
        zips.append(_zip(stage, platform, blender))
    return zips


def zip_path(platform: str) -> Path:
    """Where the zip of a platform lies once it is built."""
    with (EXTENSION / MANIFEST).open("rb") as file:
        version = tomllib.load(file)["version"]
    return DIST / f"{EXTENSION_ID}-{version}-{platform.replace('-', '_')}.zip"


def assemble(platform: str, wheels: Sequence[Path]) -> Path:
    """A fresh staging folder that holds exactly what the zip will."""
    stage = BUILD / "stage" / platform
    shutil.rmtree(stage, ignore_errors=True)
    shutil.copytree(EXTENSION, stage, ignore=LEFT_OUT)
    shutil.copytree(BACKEND / "img23d_backend", stage / "backend" / "img23d_backend", ignore=LEFT_OUT)
    shutil.copy(ROOT / "LICENSE", stage / "LICENSE")
    (stage / "wheels").mkdir()
    for wheel in wheels:
        shutil.copy(wheel, stage / "wheels")
    files = sorted(path.relative_to(stage).as_posix() for path in stage.rglob("*") if path.is_file())
    manifest = stage / MANIFEST
    text = manifest_for(manifest.read_text(encoding="utf-8"), platform, [wheel.name for wheel in wheels], files)
    manifest.write_text(text, encoding="utf-8", newline="\n")
    for file in files:
        os.chmod(stage / file, 0o644)
        os.utime(stage / file, (FILE_TIME, FILE_TIME))
    return stage


def manifest_for(source: str, platform: str, wheels: Iterable[str], files: Iterable[str]) -> str:
    """The source's manifest with what belongs to one platform.

    The list of files makes their order in the zip the same on every machine; the tool adds manifest and wheels itself.
    """
    own = _toml_list("platforms", [platform]) + _toml_list("wheels", [f"./wheels/{name}" for name in wheels])
    listed = [file for file in files if file != MANIFEST and not file.startswith("wheels/")]
    keys, tables = re.fullmatch(r"(.*?)(^\[.*)?", source, flags=re.MULTILINE | re.DOTALL).groups(default="")
    return f"{keys.rstrip()}\n\n{own}\n{tables.rstrip()}\n\n[build]\n{_toml_list('paths', listed)}"


def _toml_list(key: str, values: Iterable[str]) -> str:
    return f"{key} = [\n" + "".join(f'  "{value}",\n' for value in values) + "]\n"


def _zip(stage: Path, platform: str, blender: Blender) -> Path:
    path = zip_path(platform)
    path.unlink(missing_ok=True)
    hint = f"Blender's extension tool refused {path.name}: see above."
    run([*blender.tool, "build", "--source-dir", stage, "--output-filepath", path], env=clean_environment(), hint=hint)
    run([*blender.tool, "validate", path], env=clean_environment(), hint=hint)
    return path
