"""Gaussian splats: their files, and the objects that show them."""
