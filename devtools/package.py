"""The zip: a staging folder with the extension, the backend, the networks and one platform's wheels, built by Blender's own tool."""

from __future__ import annotations

import re
import shutil
import tomllib
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from . import manual, network
from .environment import Blender
from .places import BACKEND, BUILD, DIST, EXTENSION, EXTENSION_ID, MANIFEST, ROOT
from .running import clean_environment, run
from .wheels import fetch

FILE_TIME = (2020, 1, 1, 0, 0, 0)  # of every file in the zip, so that the same sources give the same bytes
LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.py[cod]", ".*")
# Of the backend: Blender needs no HTTP server and no cluster, nor what measures engines, and the zip has none of their packages
NOT_OF_BLENDER = ("service", "batch", "cluster", "evaluation")


def build(platforms: Sequence[str], blender: Blender) -> list[Path]:
    """One validated zip a platform in dist/."""
    DIST.mkdir(exist_ok=True)
    zips = []
    networks = network.shipped()
    for platform in platforms:
        stage = assemble(platform, fetch([platform]), networks)
        zips.append(_zip(stage, platform, blender))
    return zips


def zip_path(platform: str) -> Path:
    """Where the zip of a platform lies once it is built."""
    with (EXTENSION / MANIFEST).open("rb") as file:
        version = tomllib.load(file)["version"]
    return DIST / f"{EXTENSION_ID}-{version}-{platform.replace('-', '_')}.zip"


def assemble(platform: str, wheels: Sequence[Path], networks: Sequence[Path] = ()) -> Path:
    """A fresh staging folder that holds exactly what the zip will."""
    stage = BUILD / "stage" / platform
    shutil.rmtree(stage, ignore_errors=True)
    shutil.copytree(EXTENSION, stage, ignore=LEFT_OUT)
    shutil.copytree(BACKEND / "img23d_backend", stage / "backend" / "img23d_backend", ignore=LEFT_OUT)
    for room in NOT_OF_BLENDER:
        shutil.rmtree(stage / "backend" / "img23d_backend" / room)
    shutil.copy(ROOT / "LICENSE", stage / "LICENSE")
    manual.make(stage / manual.FOLDER)
    for folder, files in (("wheels", wheels), ("networks", networks)):
        (stage / folder).mkdir()
        for file in files:
            shutil.copy(file, stage / folder)
    manifest = stage / MANIFEST
    text = manifest_for(manifest.read_text(encoding="utf-8"), platform, [wheel.name for wheel in wheels])
    manifest.write_text(text, encoding="utf-8", newline="\n")
    return stage


def manifest_for(source: str, platform: str, wheels: Iterable[str]) -> str:
    """The source's manifest with what belongs to one platform, before its first table."""
    own = _toml_list("platforms", [platform]) + _toml_list("wheels", [f"./wheels/{name}" for name in wheels])
    keys, tables = re.fullmatch(r"(.*?)(^\[.*)?", source, flags=re.MULTILINE | re.DOTALL).groups(default="")
    return f"{keys.rstrip()}\n\n{own}\n{tables}"


def _toml_list(key: str, values: Iterable[str]) -> str:
    return f"{key} = [\n" + "".join(f'  "{value}",\n' for value in values) + "]\n"


def _zip(stage: Path, platform: str, blender: Blender) -> Path:
    path = zip_path(platform)
    path.unlink(missing_ok=True)
    hint = f"Blender's extension tool refused {path.name}: see above."
    run([*blender.tool, "build", "--source-dir", stage, "--output-filepath", path], env=clean_environment(), hint=hint)
    make_reproducible(path)
    run([*blender.tool, "validate", path], env=clean_environment(), hint=hint)
    return path


def make_reproducible(path: Path) -> None:
    """The tool takes files in the file system's order, with their times: put both the same on every machine."""
    draft = path.with_suffix(".tmp")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(draft, "w") as new:
        for entry in sorted(old.infolist(), key=lambda entry: (entry.filename != MANIFEST, entry.filename)):
            fixed = zipfile.ZipInfo(entry.filename, FILE_TIME)
            fixed.compress_type, fixed.external_attr = entry.compress_type, 0o644 << 16
            with new.open(fixed, "w") as file:
                if entry.compress_type == zipfile.ZIP_DEFLATED:
                    file._compressor = _deflater(entry.filename)  # pyright: ignore[reportAttributeAccessIssue]  # zipfile can be told the level alone
                file.write(old.read(entry))
    draft.replace(path)


def _deflater(name: str) -> zlib._Compress:
    """A network's weights hardly repeat, so that codes of single bytes are shorter than looking for what came before."""
    strategy = zlib.Z_FILTERED if name.endswith(".safetensors") else zlib.Z_DEFAULT_STRATEGY
    return zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS, 9, strategy)
