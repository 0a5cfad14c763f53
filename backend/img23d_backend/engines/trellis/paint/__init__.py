"""Textures from Gaussian splats and the photo."""
