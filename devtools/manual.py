"""The README as pages that lie in the zip, so that F1 in Blender opens the right section without a network.

python -m devtools.manual FOLDER     with what requirements/manual.txt names; `make` does that
"""

from __future__ import annotations

import re
import shutil
import sys
from html import escape
from pathlib import Path

from .places import ROOT

FOLDER = "manual"  # in the extension (see its core/manual.py)
INDEX = "index.html"
_README = ROOT / "README.md"
_WIDEST = 720  # pixels of a picture
_QUALITY = 40  # of WebP: text on a panel's picture stays sharp
_LINK = re.compile(r"(?<!!)\[([^\]]*)\]\((?!https?:|#)([^)]*)\)")  # to a file of the checkout, which the zip lacks
_PICTURE = re.compile(r"!\[[^\]]*\]\(([^)]+)\)")

_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.55 system-ui, sans-serif; max-width: 52rem; margin: 2rem auto; padding: 0 1rem 60vh; }
h1, h2, h3 { line-height: 1.25; margin-top: 2em; }
h2 { border-bottom: 1px solid #8886; padding-bottom: .2em; }
h1, h2:target, h3:target { margin-top: .5em; }
:target { background: #e8763a33; }
img { max-width: 100%; height: auto; }
table { border-collapse: collapse; width: 100%; display: block; overflow-x: auto; }
th, td { border: 1px solid #8886; padding: .35em .6em; text-align: left; vertical-align: top; }
code, pre { background: #8882; border-radius: 4px; padding: .1em .3em; }
pre { padding: .7em; overflow-x: auto; } pre code { background: none; padding: 0; }
nav { columns: 2; margin: 1em 0 2em; } nav a { display: block; }
"""
_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><style>{style}</style></head>
<body>{body}</body></html>
"""
_SIGNPOST = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta http-equiv="refresh" content="0; url={index}#{anchor}"></head>
<body><a href="{index}#{anchor}">{title}</a></body></html>
"""


def make(folder: Path) -> None:
    """The manual in `folder`, which is made anew."""
    from .environment import manual_python
    from .running import clean_environment, run

    hint = "The manual could not be made of the README: see above."
    run([manual_python(), "-m", "devtools.manual", folder], cwd=ROOT, env=clean_environment(), hint=hint)


def headings(text: str) -> list[tuple[int, str]]:
    """(depth, title) of each heading of a Markdown text, outside of its code."""
    plain = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    return [(len(marks), title) for marks, title in re.findall(r"^(#+) +(.+?) *$", plain, re.MULTILINE)]


def anchor(title: str, separator: str = "-") -> str:
    """As code hosts make it of a heading, so that links work in both."""
    return re.sub(r"\s", separator, re.sub(r"[^\w\s-]", "", title.strip().lower()))


def render(text: str) -> str:
    """The page of a Markdown text."""
    from markdown import markdown

    text = _PICTURE.sub(lambda match: match[0].replace(match[1], _picture_name(match[1])), _LINK.sub(r"\1", text))
    body = markdown(text, extensions=["tables", "fenced_code", "toc"], extension_configs={"toc": {"slugify": anchor}})
    contents = "".join(f'<a href="#{anchor(title)}">{escape(title)}</a>' for depth, title in headings(text) if depth == 2)
    first = body.find("<h2")
    return _PAGE.format(title="Img23D", style=_STYLE, body=f"{body[:first]}<nav>{contents}</nav>{body[first:]}")


def write(folder: Path, readme: Path = _README) -> None:
    """Pages and pictures; the same README gives the same bytes."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    text = readme.read_text(encoding="utf-8")
    (folder / INDEX).write_text(render(text), encoding="utf-8", newline="\n")
    for depth, title in headings(text):
        if depth > 1:
            signpost = _SIGNPOST.format(title=escape(title), index=INDEX, anchor=anchor(title))
            (folder / f"{anchor(title)}.html").write_text(signpost, encoding="utf-8", newline="\n")
    for path in dict.fromkeys(_PICTURE.findall(text)):
        _write_picture(readme.parent / path, folder / _picture_name(path))


def _picture_name(path: str) -> str:
    return f"{Path(path).stem}.webp"


def _write_picture(source: Path, path: Path) -> None:
    from PIL import Image

    with Image.open(source) as picture:
        small = picture.convert("RGB")
        small.thumbnail((_WIDEST, 4 * _WIDEST), Image.Resampling.LANCZOS)
        small.save(path, "WEBP", quality=_QUALITY, method=6)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
