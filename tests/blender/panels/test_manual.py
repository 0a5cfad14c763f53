"""F1 and the question marks: Blender's own look-up finds the manual's page, and that page is in the installed extension."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import bpy
import pytest
from conftest import part


def found(rna_id: str) -> Path:
    """What Blender opens for F1."""
    url = bpy.types.WM_OT_doc_view_manual._lookup_rna_url(rna_id, verbose=False)
    assert url is not None, rna_id
    assert urlsplit(url).scheme == "file" and "#" not in url
    return Path(url2pathname(urlsplit(url).path))


def test_every_operator_and_setting_has_a_page(owner):
    own = [cls for cls in part("registration")._CLASSES if issubclass(cls, (bpy.types.Operator, bpy.types.PropertyGroup))]
    ids = []
    for cls in own:
        if issubclass(cls, bpy.types.Operator):
            ids.append(f"bpy.ops.{cls.bl_idname}")
        else:
            ids += [f"bpy.types.{cls.__name__}.{name}" for name in cls.bl_rna.properties.keys()]
    assert len(ids) > 60
    for rna_id in ids:
        assert found(rna_id).is_file(), rna_id


@pytest.mark.parametrize(
    ("rna_id", "section"),
    [
        ("bpy.ops.img23d.retexture", "re-texture-a-mesh-of-your-own"),
        ("bpy.ops.img23d.setup", "the-ai-models"),
        ("bpy.types.Img23DSceneSettings.retexture_uv", "re-texture-a-mesh-of-your-own"),
        ("bpy.types.Img23DSceneSettings.steps", "settings"),
        ("bpy.ops.img23d.open_log", "when-something-is-wrong"),
        ("bpy.ops.img23d.generate", "use"),
    ],
)
def test_it_is_the_right_page(owner, rna_id, section):
    assert found(rna_id).stem == section


def test_blenders_own_manual_is_still_found(owner):
    url = bpy.types.WM_OT_doc_view_manual._lookup_rna_url("bpy.types.Object.location", verbose=False)
    assert url is not None and url.startswith("https://docs.blender.org/")


def test_a_question_mark_opens_a_page_that_is_there(owner):
    manual = part("core.manual")
    for section in manual.Section:
        assert Path(url2pathname(urlsplit(manual.address(section)).path)).is_file()
