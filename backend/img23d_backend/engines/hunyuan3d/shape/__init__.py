"""From cut-outs to closed meshes: the picture prepared, latents sampled, the field decoded to a surface."""
