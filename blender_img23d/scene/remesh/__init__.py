"""Quads, levels of detail, origin and scale."""
