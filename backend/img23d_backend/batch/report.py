"""The report of a batch: pages of HTML that need nothing from elsewhere, with small pictures beside them."""

from __future__ import annotations

import html
import logging
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from img23d_protocol.files.whole_files import write_whole

from .manifest import PhotoState, Row
from .pictures import SIDE, write_strip
from .runner import THINGS
from .throughput import told

log = logging.getLogger(__name__)

PAGE, FOLDER = "report.html", "report"
ROWS_A_PAGE = 200
_MOST_PROBLEMS = 500  # on the first page; each also stands at its photo
_WORDS = {PhotoState.WAITING: "waiting", PhotoState.MADE: "made", PhotoState.PARTLY: "made in part", PhotoState.FAILED: "not made"}
_STYLE = (
    "body{font:15px/1.45 system-ui,sans-serif;max-width:1200px;margin:2em auto;padding:0 1em;color:#222;background:#fff}"
    "table{border-collapse:collapse;width:100%;margin:1em 0}td,th{padding:.3em .7em;border-bottom:1px solid #ddd;text-align:left;vertical-align:top}"
    f"img{{height:{SIDE}px;display:block}}td:first-child,.number{{text-align:right;white-space:nowrap}}.problem{{color:#a02020}}.note{{color:#666}}"
    "nav a{margin-right:.6em}"
)


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What stands above the rows: the engine's label, the workers in words, and what this command did."""

    engine: str
    workers: str
    seconds: float
    a_minute: float


class Reporter:
    """Draws and writes in a thread of its own, so that the workers are not waited for by it, nor it by them."""

    def __init__(self, out: Path) -> None:
        """Raises OSError where the folder cannot be written."""
        (out / FOLDER).mkdir(parents=True, exist_ok=True)
        self._out = out
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="report")
        self._writing: Future[Path] | None = None

    def draw(self, row: Row) -> None:
        """The picture of a photo that has ended."""
        self._thread.submit(self._draw, row)

    def _draw(self, row: Row) -> None:
        """What cannot be written is left out of the report: the disk's problem is told by what is made on it."""
        try:
            write_strip(row, self._out / THINGS / row.folder, _strip(self._out, row))
        except OSError as error:
            log.warning("no picture of photo %d: %s", row.number, error)

    def write(self, rows: Sequence[Row], facts: Facts) -> None:
        """The pages as they are now; passed over while they are being written."""
        if self._writing is None or self._writing.done():
            self._writing = self._thread.submit(write_report, self._out, rows, facts)

    def finish(self, rows: Sequence[Row], facts: Facts) -> Path:
        """With pictures also of what ended in an earlier run that was killed. Raises OSError."""
        for row in rows:
            if row.state is not PhotoState.WAITING and not _strip(self._out, row).exists():
                self.draw(row)
        page = self._thread.submit(write_report, self._out, rows, facts).result()
        self._thread.shutdown()
        return page


def write_report(out: Path, rows: Sequence[Row], facts: Facts) -> Path:
    """All pages, each whole or as it was before; the first one's path. Raises OSError."""
    count = max(1, -(-len(rows) // ROWS_A_PAGE))
    for number in range(count, 0, -1):
        part = rows[(number - 1) * ROWS_A_PAGE : number * ROWS_A_PAGE]
        above = _summary(rows, facts) if number == 1 else ""
        write_whole(out / _page(number), _html(out, part, number, count, above).encode("utf-8", "replace"))
    return out / PAGE


def _page(number: int) -> str:
    return PAGE if number == 1 else f"{FOLDER}/page-{number:04d}.html"


def _strip(out: Path, row: Row) -> Path:
    return out / FOLDER / f"{row.number:06d}.jpg"


def _html(out: Path, rows: Sequence[Row], number: int, count: int, above: str) -> str:
    up = "" if number == 1 else "../"
    links = "".join(f'<a href="{up}{_page(n)}">{n}</a>' if n != number else f"<b>{n}</b> " for n in range(1, count + 1)) if count > 1 else ""
    lines = "".join(_line(out, row, up) for row in rows)
    table = f"<table><tr><th>Number</th><th>Photo and things</th><th>Names</th><th>Files</th><th>Seconds</th></tr>{lines}</table>"
    body = f"{above}<h2>Photos</h2><nav>{links}</nav>{table}<nav>{links}</nav>"
    return f"<!doctype html><html lang=en><meta charset=utf-8><title>Img23D: batch, page {number}</title><style>{_STYLE}</style><body>{body}</body></html>\n"


def _summary(rows: Sequence[Row], facts: Facts) -> str:
    states = Counter(row.state for row in rows)
    things = sum(not thing.problem for row in rows for thing in row.things)
    counts = ", ".join(f"{states[state]:,} {_WORDS[state]}" for state in PhotoState if states[state])
    computed = sum(row.seconds for row in rows)
    words = (
        f"<h1>{len(rows):,} photos</h1><p>{counts}; {things:,} things. Engine: {html.escape(facts.engine)}. The jobs of all photos took {told(computed)} "
        f"together.{_last(facts)}</p>"
    )
    problems = [row for row in rows if row.sentence]
    if not problems:
        return words
    lines = "".join(
        f"<tr><td>{row.number}</td><td>{_photo_link(row)}</td><td class=problem>{html.escape(row.sentence)}</td></tr>" for row in problems[:_MOST_PROBLEMS]
    )
    more = f"<p class=note>And {len(problems) - _MOST_PROBLEMS:,} more, each at its photo.</p>" if len(problems) > _MOST_PROBLEMS else ""
    return f"{words}<h2>What went wrong</h2><table>{lines}</table>{more}"


def _last(facts: Facts) -> str:
    if not facts.workers:
        return ""
    return f" The last command: {html.escape(facts.workers)}, {facts.a_minute:.1f} a minute, {told(facts.seconds)} in all."


def _line(out: Path, row: Row, up: str) -> str:
    has_strip = _strip(out, row).is_file()
    picture = f'<img loading=lazy alt="" src="{up}{FOLDER}/{row.number:06d}.jpg">' if has_strip else ""
    files = "<br>".join(_files(row, up)) or f"<span class=note>{_WORDS[row.state]}</span>"
    problem = f"<div class=problem>{html.escape(row.sentence)}</div>" if row.sentence else ""
    seconds = f"{row.seconds:.1f}" if row.seconds else ""
    return (
        f"<tr id=n{row.number}><td>{row.number}</td><td>{picture}{_photo_link(row)}</td><td>{html.escape(row.names)}</td><td>{files}{problem}</td>"
        f"<td class=number>{seconds}</td></tr>"
    )


def _files(row: Row, up: str) -> list[str]:
    lines = []
    for thing in row.things:
        links = ", ".join(f'<a href="{up}{quote(f"{THINGS}/{row.folder}/{name}")}">{html.escape(name)}</a>' for name in thing.files)
        count = f" <span class=note>{thing.count:,}</span>" if thing.count else ""
        if links:
            lines.append(f"{html.escape(thing.name)}: {links}{count}")
    return lines


def _photo_link(row: Row) -> str:
    path = Path(row.path)
    return f'<a href="{html.escape(path.as_uri())}">{html.escape(path.name)}</a>'
