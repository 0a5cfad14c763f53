"""The folders and files of the checkout."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXTENSION = ROOT / "blender_img23d"
MANIFEST = "blender_manifest.toml"
BACKEND = ROOT / "backend"
WHEELS = ROOT / "wheels"
NETWORKS = ROOT / "networks"
DEMO = ROOT / "demo"
PLAIN_PHOTO = DEMO / "plain"  # eight things apart from each other on grey paper, what is known about them, and their true meshes
BUILD = ROOT / "build"  # environments, staging, results; not in git
DIST = ROOT / "dist"  # the zips; not in git
EXTENSION_ID = "img23d"
