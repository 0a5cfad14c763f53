"""Every message that the program can show stands in one table, messages.txt, so that a change of any is seen and read."""

from __future__ import annotations

import ast
import re

import pytest
from source import product_modules

from devtools.messages import TABLE, table
from devtools.shown import shown_in

MESSAGES = TABLE.read_text(encoding="utf-8").splitlines()
# Names of products and formats, and of what the artist must set outside of Blender
_PROPER = {
    *("AlexNet", "AutoPartGen", "BiRefNet", "glTF", "HoloPart", "InstantMesh", "NeRF", "OmniObject3D", "PartCrafter", "PyTorch", "sRGB", "TencentARC"),
    *("TripoSG", "TripoSR", "ZhengPeng7"),
    *("SSL_CERT_FILE", "HTTPS_PROXY", "HF_HUB_OFFLINE", "HF_ENDPOINT", "CurrentControlSet", "FileSystem"),
    *("prompt_image_file", "prompt_type"),  # of the reference service's requests, which programs send
}
_CODE = re.compile(r"[a-z]+_[a-z_]+|[A-Z]{2,}_[A-Z_]+|[A-Za-z]*[a-z][A-Z]\w+|\w+\(\)")
_ALARMING = re.compile(r"\b(Traceback|Exception|errno|NoneType|stack trace|null pointer|assert\w*)\b", re.IGNORECASE)
_OWN_PATH = re.compile(r"/(home|tmp|usr|Users)/|[A-Z]:\\\\Users")
# A whole path, and not the name of a file or a folder only
_PATH = re.compile(r"\{[^}]*\b(path|folder|place|directory)(\.parent)?\}|\{[^}]*_folder\}")
_NEEDS_ITS_PATH = {
    "Another server uses the folder “{folder}”",
    # The artist has to free, to change or to look for exactly this folder.
    "Another set-up is at work in “{path.parent}”",
    "Setting up needs",
    "The disk of “{folder}”",
    "The download needs",
    "Downloads about",
    "Downloads 0.5 to 4 GB",
    "The folder for runs cannot be written",
    "The folder “{",
    "The models folder {folder} cannot be used",
    "The path of “{folder}” is too long",
    "The photo “{path.name}” is no longer in",
    "The textures are packed into the .blend",
    "There are no weights of",
    "A picture could not be written into “{folder}”",
    "You may not write into “{folder}”",
    "Your share of the disk of “{folder}”",
    "“{environment.place}” is not a Python program",
    "“{folder}” cannot be written to",
    "“{folder}” holds other files",
    "“{place.folder}” cannot be written to",
    # For the report and the command line only
    "There is no folder “{folder}”",
    "“{folder}” holds no pair",
    "Environment: ",
    "{folder} has none of",
    "{path} holds no table",
    "{self.run_folder} (",
}


def test_the_table_holds_every_message_and_no_other() -> None:
    now = table(module.tree for module in product_modules() if ".translations" not in module.name)  # the catalogues have tests of their own
    gone, new = sorted(set(MESSAGES) - set(now)), sorted(set(now) - set(MESSAGES))
    assert not gone and not new, f"run build_addon.py messages and read what changed: gone {gone}, new {new}"


def test_messages_are_in_plain_words() -> None:
    assert not [text for text in MESSAGES if not _is_plain(text)]


def _is_plain(text: str) -> bool:
    words = re.sub(r"\{[^}]*\}", "…", text)
    has_code = any(name not in _PROPER for name in _CODE.findall(words))
    return not has_code and not _ALARMING.search(words) and not _OWN_PATH.search(words)


@pytest.mark.parametrize("text", ["A run_folder is missing.", "An Exception came.", "See /home/me/x.", "ResultReady was lost."])
def test_what_is_not_plain(text: str) -> None:
    assert not _is_plain(text)


def test_a_path_is_shown_only_where_it_is_needed() -> None:
    with_path = [text for text in MESSAGES if _PATH.search(text)]
    assert not [text for text in with_path if not any(text.startswith(start) for start in _NEEDS_ITS_PATH)]


def test_no_start_is_listed_in_vain() -> None:
    with_path = [text for text in MESSAGES if _PATH.search(text)]
    assert not [start for start in _NEEDS_ITS_PATH if not any(text.startswith(start) for text in with_path)]


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ('layout.label(text="Find this")', ["Find this"]),
        ('f"The {photo.name} is gone: choose {it}."', ["The {photo.name} is gone: choose {it}."]),
        ('"""A docstring."""', []),
        ('log.warning("Something for %s", x)', []),
        ('Img23DError(Code.X, "Say this.", f"Not {that}")', ["Say this."]),
        ('unfit(f"{folder} lacks these")', []),
        ('class A:\n    size: FloatProperty(name="Real Height", description="How tall it is")', ["Real Height", "How tall it is"]),
        ('size: "Size of it"', []),
        ('def f(size: "Size of it"): ...', []),
        ('x = {"key": "value", "OTHER_KEY": 1}', []),
    ],
)
def test_what_counts_as_a_message(source: str, shown: list[str]) -> None:
    assert [one.text for one in shown_in(ast.parse(source))] == shown
