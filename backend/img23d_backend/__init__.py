"""Img23D's backend: a photo and a few names become textured meshes, in a process of its own."""

__version__ = "0.1.0"
