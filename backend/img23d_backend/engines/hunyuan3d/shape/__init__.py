"""Cut-outs to closed meshes: preprocessing, sampling of latents, decoding of the field to a surface."""
