"""The known things' part of the document: a table of the plain ones, one of the harder ones, and what each quality costs."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from itertools import groupby

from . import rounds
from .qualities import LIGHT, USUAL
from .rounds import Round
from .rows import Row, row, spread, table, text_line

HEAD = (
    "thing", "cut-out", "silhouette IoU", "chamfer", "F at 0.2", "F at 0.05", "board: chamfer", "board: F at 0.05", "chamfer to board's", "PSNR dB",
    "s an object", "CPU s with start", "peak MB", "faces", "closed",
)  # fmt: skip
_RULE = "|---|---|" + "---:|" * (len(HEAD) - 2)
# What is wrong with a result, so that less is better: label, figure
_ERRORS = (
    ("chamfer", lambda thing: thing["chamfer"]),
    ("what F at 0.05 lacks to 1", lambda thing: 1 - thing["f_05"]),
    ("what the silhouette's IoU lacks to 1", lambda thing: 1 - thing["silhouette_iou"]),
)


def shape_rows(things: Sequence[dict]) -> list[Row]:
    """The goals of the plain things: those of each way to cut out, and the usual one not worse than the light-weight one."""
    rows = []
    for way, of_way in _by_way(things):
        told = f", {way}" if way else ""
        iou, psnr = _mean(of_way, "silhouette_iou"), _mean(of_way, "psnr")
        rows.append(row(f"silhouette IoU from the photo's camera, mean{told}", iou, None, "≥ 0.97"))
        rows.append(row(f"PSNR of the textured result from the photo's camera, mean, dB{told}", psnr, None, "≥ 25"))
        is_usual = way == USUAL
        rows.append(row(f"slowest object, four stages, 1 megapixel{told}: elapsed seconds", _slowest(of_way), None, "" if is_usual else "≤ 2 units"))
        peak = max(thing["peak_mb"] for thing in of_way) * 1e6
        rows.append(row(f"largest peak memory of the backend{told}, bytes", peak, None, "≤ 1.2 GB" if is_usual else "≤ 1 GB"))
    return [*rows, *_compared(things, "≤ 1.02x")]


def harder_rows(things: Sequence[dict]) -> list[Row]:
    """How much was found in each way, and the usual one better than the light-weight one."""
    rows = []
    for way, of_way in _by_way(things):
        found = sum(thing["silhouette_iou"] > 0.5 for thing in of_way)
        rows.append(row(f"things of {len(of_way)} whose silhouette has an IoU above 0.5, {way}", found))
        rows.append(row(f"silhouette IoU from the photo's camera, mean, {way}", _mean(of_way, "silhouette_iou")))
    return [*rows, *_compared(things, "≤ 0.99x")]


def quality_rows(runs: Sequence[dict]) -> list[Row]:
    """Seconds and memory of each quality over all things; Draft and Balanced have goals."""
    rows = []
    goals = {"Draft": "≤ 2", "Balanced": "≤ 5"}
    for quality, of_quality in groupby(runs, key=lambda one: one["quality"]):
        listed = list(of_quality)
        rows.append(row(f"{quality}: slowest object, 1 megapixel: elapsed seconds", _slowest(listed), None, goals.get(quality, "")))
        peak = max(one["peak_bytes"] for one in listed)
        rows.append(row(f"{quality}: largest peak memory of the backend, bytes", peak, None, "≤ 1.2 GB" if quality in goals else ""))
    return rows


def _compared(things: Sequence[dict], goal: str) -> list[Row]:
    """The errors of the usual cut-out beside those of the light-weight one, where both were measured."""
    of_ways = dict(_by_way(things))
    if USUAL not in of_ways or LIGHT not in of_ways:
        return []
    mean = {way: [statistics.mean(map(error, of_ways[way])) for _, error in _ERRORS] for way in (USUAL, LIGHT)}
    return [row(f"{label}, mean: {USUAL} beside {LIGHT}", ours, light, goal) for (label, _), ours, light in zip(_ERRORS, mean[USUAL], mean[LIGHT], strict=True)]


def _by_way(things: Sequence[dict]) -> Iterator[tuple[str, list[dict]]]:
    """The rows of each way; an old round has one way without a name."""
    ways = dict.fromkeys(thing.get("way", "") for thing in things)
    return ((way, [thing for thing in things if thing.get("way", "") == way]) for way in ways)


def _slowest(runs: Sequence[dict]) -> list[float]:
    """Of each run the slowest thing."""
    return [max(seconds) for seconds in zip(*(one["seconds"] for one in runs), strict=True)]


def _mean(things: Sequence[dict], key: str) -> float | None:
    """Of those that have the figure."""
    values = [thing[key] for thing in things if thing[key] is not None]
    return statistics.mean(values) if values else None


# --- as text ------------------------------------------------------------------------------------------------------------


def shapes_part(found: Sequence[Round]) -> list[str]:
    """The document's lines; none where it was never measured."""
    return _part("One thing a photo", found, _PLAIN)


def harder_part(found: Sequence[Round]) -> list[str]:
    """The same for the harder things."""
    return _part("Harder things, one a photo", found, _HARDER)


def qualities_part(found: Sequence[Round]) -> list[str]:
    """A line a quality and thing, then the goals."""
    if not found or found[-1].data is None:
        return []
    head = [text_line(("quality", "thing", "s an object", "peak MB")), "|---|---|---:|---:|"]
    lines = [text_line((one["quality"], one["thing"], spread(one["seconds"]), f"{one['peak_bytes'] / 1e6:.0f}")) for one in found[-1].data]
    return ["## What each quality costs", _QUALITIES, "\n".join([*head, *lines]), rounds.headings(found), table(rounds.current_lines(found))]


def _part(title: str, found: Sequence[Round], words: str) -> list[str]:
    if not found or found[-1].data is None:
        return []
    lines = [text_line(HEAD), _RULE]
    for way, things in _by_way(found[-1].data):
        medians = [thing | {key: statistics.median(thing[key]) for key in ("seconds", "process_cpu")} for thing in things]
        lines += [text_line([thing["name"], way, *_cells(thing), "yes" if thing["closed"] else "NO"]) for thing in medians]
        mean = {key: _mean(medians, key) for key in _FIGURES}
        lines += [text_line(["**mean**", way, *_cells(mean), f"{sum(thing['closed'] for thing in things)} of {len(things)}"])]
    lost = [f"{thing['name']}, {thing['way']}: “{thing['problem']}”" for thing in found[-1].data if thing.get("problem")]
    told = [f"Nothing was made of: {'; '.join(lost)}."] if lost else []
    sizes = sorted({f"{thing['megapixels']:.1f}" for thing in found[-1].data})
    size = f"Photos of {' or '.join(sizes)} megapixels. "
    return [f"## {title}", size + words, "\n".join(lines), *told, rounds.headings(found), table(rounds.current_lines(found))]


_FIGURES = ("silhouette_iou", "chamfer", "f_20", "f_05", "slab_chamfer", "slab_f_05", "psnr", "seconds", "process_cpu", "peak_mb", "faces")


def _cells(thing: dict[str, float]) -> list[str]:
    ratio = thing["chamfer"] / thing["slab_chamfer"]
    cells = [f"{thing[key]:.3f}" for key in ("silhouette_iou", "chamfer", "f_20", "f_05", "slab_chamfer", "slab_f_05")]
    cells += [f"{ratio:.2f}", "" if thing["psnr"] is None else f"{thing['psnr']:.1f}", f"{thing['seconds']:.2f}", f"{thing['process_cpu']:.2f}"]
    return [*cells, f"{thing['peak_mb']:.0f}", f"{thing['faces']:.0f}"]


_PLAIN = (
    "On paper, from 10 degrees above; default settings (texture of 1024 pixels). Silhouette and "
    "PSNR (over the thing's own pixels, unlit texture against the photo) are seen through the camera that the run's record "
    "gives. Chamfer (the mean of both directions' mean distances) and F-score follow InstantMesh's protocol: both meshes scaled into [-1, 1]^3, the "
    "truth turned into the camera's frame, 16,000 samples each. The board is the reference in the same run: the true "
    "outline cut out of a board a quarter as deep as wide. Seconds are the run's own from reading the photo to the last "
    "file; processor seconds are those of the whole command; both are the middle of five runs; memory is the backend's peak."
)
_HARDER = (
    "Thin legs, rails, handles and holes; white on white, wood on wood, on patterned cloth, among other things (demo/harder). The photos are JPEGs, each with one name as "
    f"a person would type it. Measured as above, in both ways to cut out where there are two: *{LIGHT}* is that of Draft, *{USUAL}* that of Balanced; all other settings are the default "
    "ones. A thing of which nothing was made counts as a point in the middle of its place, without a PSNR."
)
_QUALITIES = (
    "The harder things again with the settings that Draft, Balanced and Best stand for with the preview engine; the start of the backend is not counted."
)
