#!/usr/bin/env python3
"""The one entry point for building, showing, testing and developing Img23D. Needs Python 3.11 or newer with pip.

Everything it makes lies in build/ and dist/, which git ignores.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

if sys.version_info < (3, 11):
    sys.exit("build_addon.py needs Python 3.11 or newer; this is " + sys.version.split()[0])

from devtools.running import DevError
from devtools.wheels import PLATFORMS


def main() -> int:
    arguments = parse_arguments()
    try:
        return arguments.action(arguments) or 0
    except DevError as error:
        print(f"build_addon.py: {error}", file=sys.stderr)
        return 1


def do_build(arguments: argparse.Namespace) -> None:
    from devtools import environment, package

    for path in package.build(arguments.platform or PLATFORMS, environment.find_blender()):
        print(f"{path}  {path.stat().st_size / 1e6:.1f} MB")


def do_demo(arguments: argparse.Namespace) -> None:
    from devtools import demo

    demo.run_demo()


def do_test(arguments: argparse.Namespace) -> int:
    from devtools import soak, tests

    if arguments.soak or arguments.case:
        return soak.run_soak(minutes=arguments.soak or soak.MINUTES, case=arguments.case, fast=arguments.fast)
    if arguments.cluster:
        return tests.run_cluster(arguments.pytest)
    if arguments.quick:
        return tests.run_quick(arguments.pytest)
    return tests.run_tests(fast=arguments.fast, chosen=arguments.pytest)


def do_check(arguments: argparse.Namespace) -> int:
    from devtools import checks

    return 0 if checks.run_checks() else 1


def do_format(arguments: argparse.Namespace) -> int:
    from devtools import checks

    return 0 if checks.run_format() else 1


def do_lock(arguments: argparse.Namespace) -> None:
    from devtools import lock

    for path in lock.compile_locks(upgrade=arguments.upgrade):
        print(path)


def do_link(arguments: argparse.Namespace) -> None:
    from devtools import link

    change = link.remove if arguments.remove else link.create
    change(arguments.resources)


def do_messages(arguments: argparse.Namespace) -> None:
    from devtools import messages

    lines = messages.report(arguments.language, prune=arguments.prune) if arguments.language else messages.write_table()
    for line in lines:
        print(line)


def do_bench(arguments: argparse.Namespace) -> None:
    from devtools.bench import report

    report.run_bench(only=arguments.only, gpu=arguments.gpu, photos=arguments.photos)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    command = commands.add_parser("build", help="fetch the wheels, build and validate one zip a platform in dist/")
    command.add_argument("--platform", action="append", choices=PLATFORMS, help="only this one (may be given again)")
    command.set_defaults(action=do_build)

    command = commands.add_parser("demo", help="set up, then make textured objects of demo/photo.jpg: a .blend and a picture")
    command.set_defaults(action=do_demo)

    command = commands.add_parser("test", help="set up, build, run all tests")
    command.add_argument("--quick", action="store_true", help="only those of the contract, the core and the architecture: half a minute")
    command.add_argument("--fast", action="store_true", help="only those that need no Blender")
    command.add_argument("--cluster", action="store_true", help="only those that need Ray, which no other command tests: one or two minutes")
    command.add_argument(
        "--soak",
        nargs="?",
        type=float,
        const=15.0,
        metavar="MINUTES",
        help="only the fault suite, in its long form of about so many minutes (15); writes docs/reliability.md",
    )
    command.add_argument("--case", default="", metavar="SEED:NUMBER", help="with --soak: only this case, as a failure names it")
    command.add_argument("pytest", nargs="*", metavar="PYTEST_ARGUMENT", help="passed on to pytest, after --")
    command.set_defaults(action=do_test)

    command = commands.add_parser("check", help="the linter, the format and the type checker, which are part of test, by themselves")
    command.set_defaults(action=do_check)

    command = commands.add_parser("format", help="sort the imports and write every Python file in the one format")
    command.set_defaults(action=do_format)

    command = commands.add_parser("lock", help="compile the locks of the learned environment from backend/requirements")
    command.add_argument("--upgrade", action="store_true", help="take the newest versions that fit")
    command.set_defaults(action=do_lock)

    command = commands.add_parser("link", help="use this checkout live in the installed Blenders")
    command.add_argument("--remove", action="store_true", help="undo it")
    command.add_argument("--resources", type=Path, help="a Blender user folder such as ~/.config/blender/4.5; default: all found")
    command.set_defaults(action=do_link)

    command = commands.add_parser("messages", help="write tests/architecture/messages.txt anew, or list what a translation lacks")
    command.add_argument("language", nargs="?", help="list the texts that this one lacks or has in vain; as Blender calls it, such as de_DE")
    command.add_argument("--prune", action="store_true", help="take out what is not shown any more")
    command.set_defaults(action=do_messages)

    command = commands.add_parser("bench", help="measure shape, texture, layout, time and Blender; writes docs/benchmarks.md")
    parts = (
        "shapes",
        "cutout",
        "photos",
        "layout",
        "blender",
        "crowded",
        "splats",
        "learned",
        "mesh",
        "unwrap",
        "raster",
        "bake",
        "shape",
        "paint",
        "memory",
        "chain",
        "trellis",
        "trellis_sparse",
        "trellis_surface",
        "trellis_steps",
        "trellis_stages",
        "light",
        "light_stages",
        "light_field",
        "quality",
        "relief",
        "parts",
        "batch",
        "serve",
        "relay",
        "published",
    )
    said = "measure one part and keep the others' last figures; only so: batch (with Ray), published (full-size files, 5 GB of disk at a time)"
    command.add_argument("--only", choices=parts, help=said)
    command.add_argument("--photos", type=Path, metavar="FOLDER", help="with the part photos: a folder with those of its photos that no package has")
    command.add_argument("--gpu", action="store_true", help="the learned models at full size on this machine's graphics card, nothing else")
    command.set_defaults(action=do_bench)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
