"""The benchmark document's part about the layout."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from pathlib import Path

from .layout_rows import MADE, TRUE, LayoutRow

HEAD = ("shapes", "lens", "made", "box overlap", "pairs in order", "contact, worst", "places off", "pitch off", "focal length off")
SCENE_HEAD = ("scene", "things", "overlap: true", "overlap: made", "pitch", "off: true", "off: true, lens unknown", "off: made", "off: made, lens unknown")
OVERLAP, PAIRS, CONTACT = 0.9, 0.9, 0.02
WORDS = (
    "Scenes of the demo's things, photographed by cameras of 24 to 70 mm that look 10 to 40 degrees down, and arranged again from one photo. The true "
    "meshes are turned to their view ray, as an engine gives its meshes, each with its longest side 1, and come with the boxes of the renders' masks; those of the "
    "preview engine are made by the whole pipeline from the JPEG by the things' names. *Lens known* means that the file's Exif has the 35 mm "
    "equivalent. The overlap is that of the box of the silhouette from the matched camera with the true box. Contact is the "
    "distance of the lowest point from the ground in the thing's heights, places are off by a share of the distance from the camera. The preview engine's "
    "meshes are upright copies of what the photo shows from above, so their proportions say next to nothing about how steep the view was."
)


def layout_part(figures: Path) -> list[str]:
    if not figures.is_file():
        return []
    rows = [LayoutRow(**row) for row in json.loads(figures.read_text(encoding="utf-8"))]
    groups = {key: [row for row in rows if (row.shapes, row.has_lens) == key] for key in ((s, k) for s in (TRUE, MADE) for k in (True, False))}
    lines = [_line(HEAD), "|---|---|" + "---:|" * (len(HEAD) - 2)]
    lines += [_line(_cells(shapes, "known" if has_lens else "not known", group)) for (shapes, has_lens), group in groups.items()]
    scenes = [_line(SCENE_HEAD), "|---|" + "---:|" * (len(SCENE_HEAD) - 1)]
    scenes += [_line(_scene_cells(name, rows)) for name in dict.fromkeys(row.scene for row in rows)]
    return ["## Layout as in the photo", WORDS, "\n".join(lines), "\n".join(scenes), _goals(groups.values())]


def _cells(shapes: str, lens: str, rows: Sequence[LayoutRow]) -> list[str]:
    right, pairs = sum(row.pairs_right for row in rows), sum(row.pairs for row in rows)
    return [
        shapes,
        lens,
        f"{sum(row.made for row in rows)} of {sum(row.things for row in rows)}",
        f"{_overlap(rows):.3f}",
        f"{right} of {pairs}",
        f"{max(row.contact for row in rows):.4f}",
        f"{statistics.mean(row.place_error for row in rows):.1%}",
        f"{statistics.mean(abs(row.pitch_error) for row in rows):.1f}°",
        f"{statistics.mean(abs(row.focal_error) for row in rows):.1%}",
    ]


def _scene_cells(name: str, rows: Sequence[LayoutRow]) -> list[str]:
    found = {(row.shapes, row.has_lens): row for row in rows if row.scene == name}
    one = found[TRUE, True]
    off = [f"{found[shapes, has_lens].pitch_error:+.1f}°" for shapes in (TRUE, MADE) for has_lens in (True, False)]
    return [name, str(one.things), f"{one.box_overlap:.3f}", f"{found[MADE, True].box_overlap:.3f}", f"{one.pitch:.0f}°", *off]


def _overlap(rows: Sequence[LayoutRow]) -> float:
    """The mean of all things, those that were not made as 0."""
    return sum(row.box_overlap * row.things for row in rows) / sum(row.things for row in rows)


def _goals(groups: Sequence[Sequence[LayoutRow]]) -> str:
    overlap = min(map(_overlap, groups))
    order = min(sum(row.pairs_right for row in rows) / sum(row.pairs for row in rows) for rows in groups)
    contact = max(row.contact for rows in groups for row in rows)
    lines = [
        ("box overlap from the matched camera, mean, worst of the four rows", f"{overlap:.3f}", f"at least {OVERLAP}", overlap >= OVERLAP),
        ("pairs in the right order of depth, worst of the four rows", f"{order:.0%}", f"at least {PAIRS:.0%}", order >= PAIRS),
        ("distance from the ground, worst of all", f"{contact:.2%}", f"within {CONTACT:.0%} of the thing's height", contact <= CONTACT),
    ]
    cells = [_line((what, figure, goal, "met" if met else "**missed**")) for what, figure, goal, met in lines]
    return "\n".join([_line(("goal", "measured", "wanted", "")), "|---|---:|---:|---|", *cells])


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
