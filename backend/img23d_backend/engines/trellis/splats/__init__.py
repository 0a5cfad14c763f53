"""Gaussian splats as the decoder gives them."""
