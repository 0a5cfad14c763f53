"""The scores of a run as one page that needs nothing beside it, and as JSON."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from img23d_protocol.files.whole_files import write_whole

from .lpips import LPIPS_NAME
from .pictures import SSIM_NAME
from .runner import Row
from .shapes import SAMPLES

MOST_PICTURES = 200  # in the page: the worst, the best and what lies evenly between
PROTOCOL = (
    "The truth is turned about its upright axis until the camera is in front of it; the height of the camera is not taken out of either. "
    "Both are moved and scaled by their bounding boxes to touch the cube from -1 to 1; nothing else is aligned. "
    f"{SAMPLES:,} points on each surface. CD: the sum of both directions' mean distances, not squared. F: at 0.2 and at 0.05. Normals: the mean "
    "cosine between nearest points' normals, whichever way they point. PSNR and SSIM: the mean over 21 views from around (7 directions at "
    f"30, 0 and -30 degrees), colours without light over white, 256 pixels; {SSIM_NAME}. "
)
_NO_LPIPS, _LPIPS = "LPIPS: not available.", f"{LPIPS_NAME}: over the same views."
# Xu et al., InstantMesh, 2024, tables 1 and 2: PSNR, SSIM, LPIPS, CD, F at 0.2
PUBLISHED = {
    "Google Scanned Objects, orbit": {
        "TripoSR": (23.373, 0.868, 0.213, 0.217, 0.843),
        "LGM": (21.538, 0.871, 0.216, 0.345, 0.671),
        "CRM": (22.195, 0.891, 0.150, 0.252, 0.787),
        "SV3D": (22.098, 0.861, 0.201, None, None),
        "InstantMesh (NeRF)": (23.141, 0.898, 0.119, 0.177, 0.882),
        "InstantMesh (mesh)": (22.794, 0.897, 0.120, 0.180, 0.880),
    },
    "OmniObject3D, orbit": {
        "TripoSR": (21.996, 0.877, 0.198, 0.245, 0.811),
        "LGM": (20.434, 0.864, 0.226, 0.382, 0.635),
        "CRM": (21.630, 0.892, 0.147, 0.246, 0.802),
        "SV3D": (21.510, 0.866, 0.186, None, None),
        "InstantMesh (NeRF)": (22.635, 0.903, 0.110, 0.199, 0.869),
        "InstantMesh (mesh)": (21.954, 0.901, 0.112, 0.203, 0.864),
    },
}
_STYLE = (
    "body{font:15px/1.45 system-ui,sans-serif;max-width:1100px;margin:2em auto;padding:0 1em}"
    "table{border-collapse:collapse;margin:1em 0}td,th{padding:.25em .7em;border-bottom:1px solid #ccc;text-align:right}"
    "td:first-child,th:first-child{text-align:left}img{max-width:100%;display:block}figure{margin:1.5em 0}"
)


@dataclass(frozen=True, kw_only=True)
class Column:
    """One score of a row."""

    title: str
    value: Callable[[Row], float | None]
    form: str = ".3f"


_PERCEIVED = Column(title="LPIPS", value=lambda row: row.lpips)
_COLUMNS = (
    Column(title="CD", value=lambda row: row.chamfer),
    Column(title="F 0.2", value=lambda row: row.f_scores[0] if row.f_scores else None),
    Column(title="F 0.05", value=lambda row: row.f_scores[1] if row.f_scores else None),
    Column(title="Normals", value=lambda row: row.normals),
    Column(title="PSNR", value=lambda row: row.psnr, form=".2f"),
    Column(title="SSIM", value=lambda row: row.ssim),
    Column(title="Seconds", value=lambda row: row.seconds, form=".1f"),
    Column(title="Memory, MB", value=lambda row: row.memory_bytes / 1e6, form=".0f"),
)


def columns(rows: Sequence[Row]) -> tuple[Column, ...]:
    """With LPIPS behind SSIM where it was told."""
    before, after = _COLUMNS[:-2], _COLUMNS[-2:]
    return (*before, _PERCEIVED, *after) if _has_lpips(rows) else _COLUMNS


def protocol(rows: Sequence[Row]) -> str:
    return PROTOCOL + (_LPIPS if _has_lpips(rows) else _NO_LPIPS)


def _has_lpips(rows: Sequence[Row]) -> bool:
    return any(row.lpips is not None for row in rows)


def write_report(rows: Sequence[Row], out: Path, *, engine: str, data: str, machine: str) -> Path:
    """report.html and report.json in the folder; the page's path. Raises OSError."""
    facts = {"engine": engine, "data": data, "machine": machine, "pairs": len(rows), "made": len(_made(rows))}
    whole = {**facts, "protocol": protocol(rows), "medians": medians(rows), "rows": [asdict(row) for row in rows]}
    write_whole(out / "report.json", (json.dumps(whole, ensure_ascii=False, indent=1) + "\n").encode())
    page = out / "report.html"
    write_whole(page, _page(rows, out, engine, data, machine).encode())
    return page


def medians(rows: Sequence[Row]) -> dict[str, float | None]:
    """By column, over what was made."""
    return {column.title: _median([column.value(row) for row in _made(rows)]) for column in columns(rows)}


def said(column: Column, value: float | None) -> str:
    return "–" if value is None else format(value, column.form)


def _made(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row.chamfer is not None]


def _median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


def _page(rows: Sequence[Row], out: Path, engine: str, data: str, machine: str) -> str:
    made = _made(rows)
    parts = [
        f"<h1>{html.escape(engine)} on {html.escape(data)}</h1>",
        f"<p>{len(made)} of {len(rows)} pairs were made. {html.escape(machine)}</p><p>{html.escape(protocol(rows))}</p>",
        _table(rows),
        "<h2>What was published, on other data</h2><p>Xu et al., InstantMesh, 2024. Their objects, pictures and renderer are others: the numbers cannot be "
        "set against those above.</p>",
        *(_published(title, several) for title, several in PUBLISHED.items()),
        "<h2>Once around: the result above, the truth below</h2>",
        *(_figure(row, out, columns(rows)) for row in _shown(made)),
    ]
    title = f"<title>{html.escape(engine)}: quality</title>"
    return f"<!doctype html><html lang=en><meta charset=utf-8>{title}<style>{_STYLE}</style><body>{''.join(parts)}</body></html>\n"


def _table(rows: Sequence[Row]) -> str:
    shown, middle = columns(rows), medians(rows)
    head = "".join(f"<th>{column.title}</th>" for column in shown)
    lines = [_line("<b>median</b>", [said(column, middle[column.title]) for column in shown])]
    for row in rows:
        name = html.escape(row.name)
        lines.append(f"<tr><td>{name}</td><td colspan={len(shown)}>{html.escape(row.problem)}</td></tr>" if row.problem else _line(name, _values(row, shown)))
    return f"<table><tr><th></th>{head}</tr>{''.join(lines)}</table>"


def _values(row: Row, shown: Sequence[Column]) -> list[str]:
    return [said(column, column.value(row)) for column in shown]


def _line(name: str, values: Sequence[str]) -> str:
    return f"<tr><td>{name}</td>{''.join(f'<td>{value}</td>' for value in values)}</tr>"


def _published(title: str, several: dict[str, tuple[float | None, ...]]) -> str:
    head = "".join(f"<th>{name}</th>" for name in ("PSNR", "SSIM", "LPIPS", "CD", "F 0.2"))
    lines = "".join(_line(name, ["–" if value is None else f"{value:.3f}" for value in values]) for name, values in several.items())
    return f"<h3>{html.escape(title)}</h3><table><tr><th></th>{head}</tr>{lines}</table>"


def _shown(made: Sequence[Row]) -> list[Row]:
    """From the nearest to the truth to the farthest."""
    ordered = sorted(made, key=lambda row: row.chamfer or 0.0)
    step = max(1.0, (len(ordered) - 1) / (MOST_PICTURES - 1))
    return [ordered[round(number * step)] for number in range(min(len(ordered), MOST_PICTURES))]


def _figure(row: Row, out: Path, shown: Sequence[Column]) -> str:
    path = out / "strips" / row.strip
    if not row.strip or not path.is_file():
        return ""
    picture = base64.b64encode(path.read_bytes()).decode()
    words = ", ".join(f"{column.title} {said(column, column.value(row))}" for column in shown[:-2])
    return f'<figure><figcaption><b>{html.escape(row.name)}</b> {words}</figcaption><img alt="" src="data:image/jpeg;base64,{picture}"></figure>'
