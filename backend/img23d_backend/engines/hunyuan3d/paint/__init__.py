"""Texturing a mesh from a picture: delighting, multiview diffusion, baking."""
