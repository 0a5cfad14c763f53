"""The manual that lies in the zip: every section that Blender's F1 leads to is there, with its pictures."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from blender_img23d.core.manual import Section, page, patterns
from devtools import environment, manual
from devtools.places import ROOT

LARGEST = 1_000_000  # bytes of the whole manual


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("made") / "manual"
    manual.make(made)
    return made


def test_the_readme_has_every_section_that_blender_asks_for():
    anchors = {manual.anchor(title) for _, title in manual.headings((ROOT / "README.md").read_text(encoding="utf-8"))}
    assert {str(section) for section in Section} <= anchors


def test_every_page_leads_to_its_section(folder: Path):
    index = (folder / manual.INDEX).read_text(encoding="utf-8")
    for name in {name for _, name in patterns()} | {page(section) for section in Section}:
        target = re.search(r"url=index\.html#([^\"]+)\"", (folder / name).read_text(encoding="utf-8"))
        assert target and f'id="{target[1]}"' in index, name


def test_it_is_whole_by_itself(folder: Path):
    index = (folder / manual.INDEX).read_text(encoding="utf-8")
    pictures = re.findall(r'src="([^"]+)"', index)
    assert len(pictures) > 3 and all((folder / name).is_file() for name in pictures)
    for link in re.findall(r'href="([^"]+)"', index):
        assert link.startswith("https://") or (link.startswith("#") and f'id="{link[1:]}"' in index), link
    assert "<table>" in index and "<code" in index
    assert sum(path.stat().st_size for path in folder.iterdir()) < LARGEST


def test_code_is_no_heading_and_a_heading_becomes_the_address_that_hosts_give_it():
    assert manual.headings("# A\n```\n# no heading\n```\n## It's *B*, isn't it?\n") == [(1, "A"), (2, "It's *B*, isn't it?")]
    assert manual.anchor("Re-texture a mesh, of your own!") == "re-texture-a-mesh-of-your-own"


def test_the_same_readme_gives_the_same_bytes(folder: Path, tmp_path: Path):
    command = [environment.manual_python(), "-m", "devtools.manual", tmp_path / "again"]
    subprocess.run([str(part) for part in command], check=True, cwd=ROOT)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {path.name: path.read_bytes() for path in (tmp_path / "again").iterdir()}
