"""`python -m img23d_backend batch FOLDER|CSV --names "cup, spoon" --out DIR`: thousands of photos, shared among workers."""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.errors import bad_request
from img23d_protocol.limits import VARIANTS_MAX
from img23d_protocol.messages import Generate, Settings, Wanted
from img23d_protocol.options.settings import engine_named
from img23d_protocol.typed_names import split_names

from ..engines import PREVIEW, require_known
from .generate import add_engine_options, chosen_settings
from .interrupt import cancel_on_interrupt
from .progress import WorkPrinter

if TYPE_CHECKING:  # a set-up begins in a Python without NumPy
    from ..batch.manifest import Manifest, Row
    from ..batch.pool import Pool
    from ..batch.report import Facts

EXIT_DONE, EXIT_FAILED, EXIT_BAD_INPUT, EXIT_CANCELLED = 0, 1, 2, 130
_REPORT_SECONDS = 60.0  # between two writings of the report while it goes on
_DRAW_SECONDS = 0.2  # between two changes of the moving line


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    add = parser.add_argument
    add("source", type=Path, metavar="FOLDER|CSV", help="a folder with pictures, or a CSV file with the columns photo and, if you like, names")
    add("--names", default="", help="what to make of each photo, separated by commas; without names see --nameless")
    add(
        "--out",
        required=True,
        type=Path,
        metavar="DIR",
        help="the folder for results, manifest and report; started again with it, a batch goes on where it stopped",
    )
    add("--engine", default=PREVIEW.id)
    add("--seed", type=int, default=-1, help="the same for every photo; -1, the default, draws one for each")
    add("--variants", type=int, default=1, metavar="N", help=f"make each thing so many times, 1 to {VARIANTS_MAX}")
    add("--workers", type=int, default=0, metavar="N", help="how many photos at a time; 0, the default: as many as this machine, or the cluster, has room for")
    add("--again", action="store_true", help="make the photos that failed once more")
    add(
        "--ray",
        default="",
        metavar="ADDRESS",
        help="share the work among the machines of a Ray cluster: host:6379, or auto for the one that this machine is in",
    )
    add("--stages", default="", metavar="find=1,shape=4,paint=2", help="with --ray: workers for single stages, each with a card of its own where there are any")
    add_engine_options(parser)
    add("--verbose", action="store_true", help="print the log as well")


def run(options: argparse.Namespace) -> int:
    """The program's exit code."""
    if importlib.util.find_spec("img23d_backend.batch") is None:  # the extension comes without it
        print("Batches are in the Python package only: python -m pip install img23d-backend.", file=sys.stderr)
        return EXIT_BAD_INPUT
    from ..batch.manifest import Manifest

    cancelled = cancel_on_interrupt()
    try:
        settings = _checked(options)
        out = options.out.absolute()
        with closing(Manifest(out)) as manifest:
            _fill(manifest, options, settings)
            return _Batch(options, settings, out, manifest, cancelled.is_set).run()
    except Img23DError as error:
        print(error.sentence, file=sys.stderr)
        return EXIT_BAD_INPUT if error.code in (ErrorCode.BAD_REQUEST, ErrorCode.ENGINE_UNKNOWN) else EXIT_FAILED
    except OSError as error:
        print(f"The folder “{options.out}” cannot be written: {error.strerror or error}", file=sys.stderr)
        return EXIT_FAILED


def _checked(options: argparse.Namespace) -> Settings:
    """Before anything is written. Raises Img23DError."""
    from ..jobs.request_checks import check_request

    if not options.source.exists():
        raise bad_request(f"“{options.source}” is neither a folder nor a CSV file.")
    require_known(options.engine)
    settings = chosen_settings(options)
    seed = max(0, options.seed)
    check_request(Generate(job="batch", photo="", run_folder="batch", engine=options.engine, seed=seed, variants=options.variants, settings=settings))
    return settings


def _fill(manifest: Manifest, options: argparse.Namespace, settings: Settings) -> None:
    from ..batch.entries import entries_of
    from ..batch.runner import make_again

    manifest.agree_on({"engine": options.engine, "seed": options.seed, "variants": options.variants, "settings": asdict(settings)})
    manifest.add(entries_of(options.source, options.names), options.seed)
    if options.again:
        make_again(options.out.absolute(), manifest)


class _Batch:
    """One run of the command."""

    def __init__(self, options: argparse.Namespace, settings: Settings, out: Path, manifest: Manifest, is_cancelled: Callable[[], bool]) -> None:
        from ..batch.report import Reporter
        from ..batch.throughput import Throughput

        self._options, self._settings, self._out = options, settings, out
        self._manifest, self._is_cancelled = manifest, is_cancelled
        self._reporter = Reporter(out)
        self._started = self._drawn = self._reported = time.monotonic()
        self._throughput = Throughput(self._started)
        self._printer = WorkPrinter(sys.stderr)
        self._total, self._done, self._problems = manifest.count(), 0, 0
        self._workers = ""  # in words; empty where there was nothing to do

    def run(self) -> int:
        """The exit code."""
        from ..batch.manifest import PhotoState
        from ..batch.runner import Listener, Runner

        left = self._manifest.count(PhotoState.WAITING)
        self._done = self._total - left
        if left:
            print(f"{left:,} of {self._total:,} photos to make", file=sys.stderr)
            with closing(self._pool(left)) as pool:
                listener = Listener(ended=self._ended, heard=lambda message: self._draw())
                runner = Runner(self._out, self._manifest, pool, self._request, listener, self._is_cancelled)
                try:
                    runner.run()
                finally:
                    self._workers = f"{pool.capacity} at a time"
                    self._printer.close()
        print(self._reporter.finish(self._manifest.rows(), self._facts()))
        if self._is_cancelled():
            print("Cancelled: started again with the same folder, it goes on where it stopped.", file=sys.stderr)
            return EXIT_CANCELLED
        return EXIT_FAILED if self._manifest.count(PhotoState.FAILED, PhotoState.PARTLY) else EXIT_DONE

    def _pool(self, left: int) -> Pool:
        options = self._options
        if options.ray:
            from ..cluster.ray_pool import cluster_pool

            return cluster_pool(
                options.ray,
                workers=options.workers,
                stages=options.stages,
                engine=options.engine,
                settings=self._settings,
                models=str(options.models or ""),
                out=self._out,
            )
        from ..batch.local_pool import local_pool

        return local_pool(options.workers, left, engine=options.engine, settings=self._settings, models=str(options.models or ""), logs=self._out / "logs")

    def _request(self, row: Row, job: str, folder: Path) -> Generate:
        wanted = tuple(Wanted(name=name) for name in split_names(row.names))
        return Generate(
            job=job,
            photo=row.path,
            run_folder=str(folder),
            wanted=wanted,
            engine=self._options.engine,
            seed=row.seed,
            variants=self._options.variants,
            settings=self._settings,
        )

    def _ended(self, row: Row) -> None:
        now = time.monotonic()
        self._done += 1
        self._problems += bool(row.sentence)
        self._throughput.count(now)
        self._reporter.draw(row)
        what = row.sentence or f"{len(row.things)} made, {row.seconds:.1f} s"
        rate = f"{self._done:,} of {self._total:,}, {self._throughput.a_minute(now):.1f} a minute"
        self._printer.tell(f"{rate}: {os.path.basename(row.path)}: {what}", always=bool(row.sentence))
        if now - self._reported > _REPORT_SECONDS:
            self._reported = now
            self._reporter.write(self._manifest.rows(), self._facts())

    def _draw(self) -> None:
        now = time.monotonic()
        if now - self._drawn < _DRAW_SECONDS:
            return
        from ..batch.throughput import told

        self._drawn = now
        left = told(self._throughput.seconds_left(self._total - self._done, now))
        problems = f", {self._problems:,} with problems" if self._problems else ""
        note = f"{self._done:,} of {self._total:,}{problems}, {self._throughput.a_minute(now):.1f} a minute, {left} left"
        self._printer.draw(self._done / max(1, self._total), note)

    def _facts(self) -> Facts:
        from ..batch.report import Facts

        now = time.monotonic()
        label = engine_named(self._options.engine).label
        return Facts(engine=label, workers=self._workers, seconds=now - self._started, a_minute=self._throughput.a_minute(now))
