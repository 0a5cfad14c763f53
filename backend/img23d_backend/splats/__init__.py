"""Gaussian splats as files."""
