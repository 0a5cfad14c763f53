"""Cut-outs to meshes and splats: the picture, the structure, its latents, and what is decoded from them."""
