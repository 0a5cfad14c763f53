"""Triangles to pixels, and what a camera sees of a mesh."""
