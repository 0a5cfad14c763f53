"""What shape models of a set of latent vectors share (Zhang et al., 3DShape2VecSet, 2023): TripoSG's family of networks."""
