"""The benchmark's parts about cutting out: measuring in the plain environment, keeping a round, the document's lines."""

from __future__ import annotations

import json
import os
import statistics
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from ... import environment
from ...places import BACKEND, BUILD, EXTENSION, ROOT
from ...running import DevError, clean_environment, run
from .. import rounds
from ..machine import LoadMeter, machine
from ..rounds import Round
from ..rows import Row, row, table, text_line
from . import sources

TRUTH, PHOTOS = "cutout", "photos"  # the parts, and their files in docs/figures
OUT = BUILD / "bench"
SHEET = OUT / "photos_sheet.png"
_CODE = ("backend/img23d_backend/cutouts", "backend/img23d_backend/engines/isnet", "backend/img23d_backend/engines/preview", "devtools/bench/cutouts")
_OLD, _NEW = "the light-weight way", "the preview engine"  # as ways.py, which imports NumPy, calls them
_NAMED, _RIGHT, _WRONG = "names typed", "right", "wrong"  # as photos.py calls them
_VERDICTS = (_RIGHT, "wrong, and said to be doubtful", _WRONG, "not found")
_MEASURES = {"iou": "matte IoU", "hard_iou": "IoU at 0.5", "error": "mean absolute error", "boundary": "boundary F"}
GOOD_IOU, GOOD_SHARE = 0.95, 0.85


def measure_cutouts(*parts: str, photos: Path | None = None) -> None:
    """Adds a round to each part; where the pictures cannot be fetched, it says why, and the last figures stay."""
    try:
        sources.pictures()
    except DevError as error:
        print(f"{error}\nThe figures of {' and '.join(parts)} are those of the last time.", flush=True)
        return
    if TRUTH in parts:
        _measure(TRUTH, ["-m", "devtools.bench.cutouts.truth", OUT / "cutout.json"], OUT / "cutout.json", _of_composites)
    if PHOTOS in parts:
        folder = [] if photos is None else [photos]
        _measure(PHOTOS, ["-m", "devtools.bench.cutouts.photos", OUT / "photos.json", SHEET, *folder], OUT / "photos.json", _of_photos)
        print(f"To look at: {SHEET.relative_to(ROOT)}", flush=True)


def _measure(part: str, command: list, out: Path, summed: Callable[[object], tuple[list[Row], object]]) -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    meter, path = LoadMeter(), os.pathsep.join([str(BACKEND), str(EXTENSION / "shared")])
    run([environment.plain_python(), *command], env=clean_environment(PYTHONPATH=path), cwd=ROOT)
    rows, data = summed(json.loads(out.read_text(encoding="utf-8")))
    code = rounds.digest(*(one for one in _CODE if (ROOT / one).exists()))
    rounds.add(part, Round(date=rounds.today(), machine=machine(), code=code, load=meter.load(), rows=rows, data=data))


# --- composites ---------------------------------------------------------------------------------------------------------


def _of_composites(data: dict) -> tuple[list[Row], dict]:
    """The rows with goals, and the means of every way, question and kind of picture."""
    results = data["results"]
    groups = {
        f"{group}|{way}|{asked}": _means([one for one in results if (one["way"], one["asked"]) == (way, asked) and belongs(one)])
        for group, belongs in _groups(results).items()
        for way, asked in dict.fromkeys((one["way"], one["asked"]) for one in results)
    }
    rows = [_mean_row(groups, asked) for asked in dict.fromkeys(one["asked"] for one in results)]
    counted = {"things": data["things"], "grounds": data["grounds"], "composites": len({one["thing"] for one in results})}
    return rows, {**counted, "groups": {key: means for key, means in groups.items() if means}, "worst": _worst(results)}


def _groups(results: Sequence[dict]) -> dict[str, Callable[[dict], bool]]:
    kinds = {kind: lambda one, kind=kind: one["kind"] == kind for kind in dict.fromkeys(one["kind"] for one in results)}
    looks = {f"a {look}": lambda one, look=look: one["look"] == look for look in dict.fromkeys(one["look"] for one in results)}
    return {"all": lambda _: True, **kinds, **looks}


def _means(results: Sequence[dict]) -> dict[str, float]:
    if not results:
        return {}
    means = {key: round(statistics.mean(one["score"][key] for one in results), 4) for key in _MEASURES}
    good = statistics.mean(one["score"]["iou"] >= GOOD_IOU for one in results)
    seconds = statistics.median(one["seconds"] for one in results)
    return {
        **means,
        "median": round(statistics.median(one["score"]["iou"] for one in results), 4),
        "good": round(good, 4),
        "seconds": seconds,
        "count": len(results),
    }


def _mean_row(groups: dict[str, dict], asked: str) -> Row:
    old, new = (groups.get(f"all|{way}|{asked}", {}).get("iou") for way in (_OLD, _NEW))
    return row(f"matte IoU of composites, mean, {asked}: the reference is {_OLD}", new, old, f"≥ {GOOD_IOU}")


def _worst(results: Sequence[dict], count: int = 20) -> list[dict]:
    """Of the newest way, for those who want to mend it."""
    last = [one for one in results if one["way"] == results[-1]["way"]]
    ordered = sorted(last, key=lambda one: one["score"]["iou"])[:count]
    return [{key: one[key] for key in ("thing", "ground", "kind", "asked")} | {"iou": round(one["score"]["iou"], 3)} for one in ordered]


def truth_part() -> list[str]:
    found = rounds.read(TRUTH)
    if not found:
        return []
    data = found[-1].data
    keys = [key.split("|") for key in data["groups"]]
    ways = list(dict.fromkeys((way, asked) for _, way, asked in keys))
    head = [text_line(("way", "asked", *_MEASURES.values(), "median IoU", f"share ≥ {GOOD_IOU}", "pictures")), "|---|---|" + "---:|" * (len(_MEASURES) + 3)]
    lines = [text_line((way, asked, *_mean_cells(means))) for way, asked, means in _lines(found, lambda data: data["groups"], first="all|")]
    groups = list(dict.fromkeys(group for group, *_ in keys))
    kinds = [text_line(("matte IoU, mean", *(f"{way}, {asked}" for way, asked in ways))), "|---|" + "---:|" * len(ways)]
    kinds += [
        text_line((_group_name(data, group, ways), *(f"{data['groups'][f'{group}|{way}|{asked}']['iou']:.3f}" for way, asked in ways))) for group in groups
    ]
    goals = table(rounds.current_lines(found))
    return ["## Cut-outs with a known matte", _truth_words(data), "\n".join([*head, *lines]), "\n".join(kinds), rounds.headings(found), goals]


def _mean_cells(means: dict[str, float]) -> list[str]:
    return [*(f"{means[key]:.3f}" for key in _MEASURES), f"{means['median']:.3f}", f"{means['good']:.0%}", str(means["count"])]


def _group_name(data: dict, group: str, ways: Sequence[tuple[str, str]]) -> str:
    return f"{group} ({data['groups']['|'.join((group, *ways[0]))]['count']})"


def _truth_words(data: dict) -> str:
    return (
        f"{data['composites']} composites of {data['things']} things with an alpha of their own on {data['grounds']} photographs, each mixed by that alpha, so that the true matte is known: "
        "640 to 1600 pixels wide, the thing's box 15 to 70% of the picture, soft shadows under some, some cut by the border, some of plaster on white paper, JPEG of quality 85 to 95. "
        "*No names*: what comes of a photo by itself; *a box drawn*: with the thing's box, 2% larger. IS-Net alone is one pass at 1024 over the whole picture, with a box its part of it. "
        "Matte IoU is the soft one (sum of minima by sum of maxima); the boundary measure is the F of both outlines within 3 pixels (Perazzi et al., CVPR 2016, section 5, with a "
        f"smaller tolerance). A picture of which nothing came counts with IoU 0 and error 1. {_NEEDS}"
    )


_NEEDS = (
    "The pictures are fetched by apt-get and pip from the packages in devtools/bench/cutouts/sources.lock.toml, by hash, with the licences named there: "
    "that needs Debian 12 with its package lists and half a gigabyte of disk. None is kept in this repository."
)


def _lines(found: Sequence[Round], table_of: Callable[[dict], dict[str, dict]], *, first: str = "") -> Iterator[tuple[str, str, dict]]:
    """Way, what was asked, figures: of the newest round, after those of earlier code that bear a note, which says what code that was."""
    for one in (*(one for one in found[:-1] if one.note and one.code != found[-1].code), found[-1]):
        for key, figures in table_of(one.data).items():
            if key.startswith(first):
                way, asked = key.removeprefix(first).split("|", 1)
                yield f"{way} ({one.note})" if one.note else way, asked, figures


# --- photos ---------------------------------------------------------------------------------------------------------------


def _of_photos(verdicts: list[dict]) -> tuple[list[Row], dict]:
    data = {"counts": _counts(verdicts), "photos": len({one["photo"] for one in verdicts}), "things": _by_thing(verdicts)}
    isolated = [one for one in verdicts if one["isolated"] and one["asked"] == _NAMED]
    shares = [_share_right([one for one in isolated if one["way"] == way]) for way in (_NEW, _OLD)]
    unwarned = [sum(one["verdict"] == _WRONG for one in verdicts if one["asked"] == _NAMED and one["way"] == way) for way in (_NEW, _OLD)]
    if not any(one["way"] == _NEW for one in verdicts):
        shares[0] = unwarned[0] = None
    return [
        row(f"isolated things in real photos right, by name, share: the reference is {_OLD}", *shares, f"≥ {GOOD_SHARE}"),
        row(f"things in real photos wrong without a warning, by name: the reference is {_OLD}", *unwarned, "≤ 0"),
    ], data


def _share_right(verdicts: Sequence[dict]) -> float | None:
    return round(statistics.mean(one["verdict"] == _RIGHT for one in verdicts), 4) if verdicts else None


def _counts(verdicts: Iterable[dict]) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {}
    for one in verdicts:
        for group in ("all", "isolated") if one["isolated"] else ("all",):
            here = counts.setdefault(f"{one['way']}|{one['asked']}|{group}", dict.fromkeys(_VERDICTS, 0))
            here[one["verdict"]] += 1
    return counts


def _by_thing(verdicts: Sequence[dict]) -> list[dict]:
    """Of what was asked by name: one line a thing with each way's verdict."""
    lines: dict[tuple[str, str], dict] = {}
    for one in verdicts:
        if one["asked"] == _NAMED:
            line = lines.setdefault((one["photo"], one["name"]), {key: one[key] for key in ("photo", "name", "isolated")} | {"verdicts": {}})
            line["verdicts"][one["way"]] = one["verdict"]
    return list(lines.values())


def photos_part() -> list[str]:
    found = rounds.read(PHOTOS)
    if not found:
        return []
    data = found[-1].data
    head = [text_line(("way", "asked", "things", *_VERDICTS, "right")), "|---|---|---|" + "---:|" * (len(_VERDICTS) + 1)]
    lines = [
        text_line((way, *asked.split("|"), *map(str, counts.values()), f"{counts[_RIGHT] / sum(counts.values()):.0%}"))
        for way, asked, counts in _lines(found, lambda data: data["counts"])
    ]
    ways = list(dict.fromkeys(way for line in data["things"] for way in line["verdicts"]))
    each = [text_line(("photo", "name typed", "isolated", *ways)), "|---|---|---|" + "---|" * len(ways)]
    each += [
        text_line((one["photo"], one["name"], "yes" if one["isolated"] else "", *(one["verdicts"].get(way, "") for way in ways))) for one in data["things"]
    ]
    words = (
        f"{data['photos']} photos from packages (and, where the caller named a folder, from it), annotated by hand in devtools/bench/cutouts/photos.toml: the names as a person types them, a box round "
        "each thing, points on it and off it. *Right*: the boxes overlap by 0.6 or more (intersection over union), every point on the thing is solid and none off it. *Said to be doubtful*: "
        "wrong, but with a note that says so. *Isolated*: it touches nothing but the ground that it stands on."
    )
    goals = table(rounds.current_lines(found))
    return ["## Cut-outs of real photos", words, "\n".join([*head, *lines]), "\n".join(each), rounds.headings(found), goals, _sources_table()]


def _sources_table() -> str:
    """Where the pictures of both parts are from, and under which licences."""
    lines = [text_line(("pictures from", "version", "licence", "things", "grounds", "photos")), "|---|---|---|---:|---:|---:|"]
    for one in sources.read_lock():
        counts = (len(one.things) + len(one.emoji), len(one.grounds), len(one.photos))
        lines.append(text_line((f"[{one.name}]({one.home})", one.version, one.licence, *map(str, counts))))
    return "\n".join(lines)
