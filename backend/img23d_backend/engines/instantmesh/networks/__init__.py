"""The reconstruction networks in torch, with the parameter names of the published checkpoints."""
