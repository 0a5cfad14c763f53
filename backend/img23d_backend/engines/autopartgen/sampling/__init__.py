"""Noise to the latents of one part."""
