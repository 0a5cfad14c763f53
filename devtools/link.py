"""A developer's live checkout in Blender: links from Blender's user folder into this checkout.

`extensions/user_default/img23d` becomes the extension's source, which finds the backend beside it; the wheels' content,
unpacked once, is linked into `scripts/addons/modules`, which Blender has on its path.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from . import manual, network
from .places import EXTENSION, EXTENSION_ID, WHEELS
from .running import DevError
from .wheels import fetch, host_platform

UNPACKED = WHEELS / "unpacked"


def create(resources: Path | None) -> None:
    """Link into one user folder, or into those of all Blenders found."""
    folders = [resources] if resources else _user_folders()
    targets = _targets()
    manual.make(EXTENSION / manual.FOLDER)
    network.shipped()  # the backend finds them in the checkout
    for folder in folders:
        for place, target in targets.items():
            _make_link(folder / place, target)
        print(f"Linked into {folder}. Enable Img23D there: Edit > Preferences > Add-ons (restart Blender first if it is open).")
    print("Python changes count after a restart of Blender. Undo: python3 build_addon.py link --remove")


def remove(resources: Path | None) -> None:
    """Take the links away again; anything that is not a link of ours stays."""
    found = 0
    for folder in [resources] if resources else _user_folders():
        for place in _places():
            if _is_link(folder / place):
                _drop_link(folder / place)
                found += 1
    print(f"Removed {found} links." if found else "There was no link to remove.")


def _targets() -> dict[Path, Path]:
    """Link (relative to Blender's user folder) -> what it leads to."""
    unpacked = _unpack_wheels()
    return {_places()[0]: EXTENSION} | {Path("scripts/addons/modules") / entry.name: entry for entry in unpacked}


def _places() -> list[Path]:
    modules = sorted(path.name for path in UNPACKED.iterdir() if path.is_dir()) if UNPACKED.is_dir() else []
    return [Path("extensions/user_default") / EXTENSION_ID, *(Path("scripts/addons/modules") / name for name in modules)]


def _unpack_wheels() -> list[Path]:
    """The wheels' top-level packages in wheels/unpacked; a complete earlier copy, which a Blender may be using, stays."""
    wheels = fetch([host_platform()])
    stamp = UNPACKED / ".ready"
    wanted = "\n".join(wheel.name for wheel in wheels)
    if not stamp.is_file() or stamp.read_text(encoding="utf-8") != wanted:
        shutil.rmtree(UNPACKED, ignore_errors=True)
        for wheel in wheels:
            with zipfile.ZipFile(wheel) as archive:
                members = [name for name in archive.namelist() if ".dist-info/" not in name]
                archive.extractall(UNPACKED, members)
        stamp.write_text(wanted, encoding="utf-8")
    return sorted(path for path in UNPACKED.iterdir() if path.is_dir())


def _user_folders() -> list[Path]:
    """The user folders of all installed Blenders from 4.2 on, where Blender itself puts them."""
    home = Path.home()
    base = {
        "win32": Path(os.environ.get("APPDATA", home)) / "Blender Foundation" / "Blender",
        "darwin": home / "Library" / "Application Support" / "Blender",
    }.get(sys.platform, Path(os.environ.get("XDG_CONFIG_HOME", home / ".config")) / "blender")
    found = [path for path in base.glob("*") if (m := re.fullmatch(r"(\d+)\.(\d+)", path.name)) and (int(m[1]), int(m[2])) >= (4, 2)]
    if not found:
        raise DevError(f"No Blender 4.2 or newer has been used yet ({base}): start it once, or give its folder with --resources.")
    return sorted(found)


def _make_link(link: Path, target: Path) -> None:
    if _is_link(link):
        _drop_link(link)
    elif link.exists():
        raise DevError(f"{link} is there already and is no link: uninstall Img23D in Blender first, or move it away.")
    link.parent.mkdir(parents=True, exist_ok=True)
    if os.name == "nt":  # a junction needs no administrator
        subprocess.run(["cmd", "/c", "mklink", "/J", str(link), str(target)], check=True, stdout=subprocess.DEVNULL)
    else:
        link.symlink_to(target, target_is_directory=True)


def _is_link(path: Path) -> bool:
    if path.is_symlink():
        return True
    try:
        return os.name == "nt" and bool(os.readlink(path))  # a junction
    except OSError:
        return False


def _drop_link(path: Path) -> None:
    path.unlink() if path.is_symlink() else path.rmdir()
