"""Voxels that a few of a grid's cells are, and layers over them, in plain torch: no spconv, no flash-attn."""
