"""A live checkout: links go in and out, and nothing that is not ours is touched."""

from __future__ import annotations

import pytest

from devtools import link
from devtools.places import EXTENSION
from devtools.running import DevError


def test_links_appear_and_go(tmp_path):
    link.create(tmp_path)
    assert (tmp_path / "extensions/user_default/img23d").resolve() == EXTENSION
    assert (tmp_path / "scripts/addons/modules/cv2/__init__.py").is_file()
    link.create(tmp_path)  # again changes nothing
    link.remove(tmp_path)
    assert list((tmp_path / "extensions/user_default").iterdir()) == []
    assert list((tmp_path / "scripts/addons/modules").iterdir()) == []
    assert (EXTENSION / "__init__.py").is_file()


def test_an_installed_extension_is_not_replaced(tmp_path):
    installed = tmp_path / "extensions/user_default/img23d"
    installed.mkdir(parents=True)
    (installed / "__init__.py").write_text("")
    with pytest.raises(DevError, match="uninstall Img23D in Blender first"):
        link.create(tmp_path)
    link.remove(tmp_path)
    assert (installed / "__init__.py").is_file()
