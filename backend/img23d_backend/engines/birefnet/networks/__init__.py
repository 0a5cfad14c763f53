"""BiRefNet in plain torch; its parameters are called as in the published checkpoints."""
