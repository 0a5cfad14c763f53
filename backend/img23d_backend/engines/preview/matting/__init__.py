"""Cut-outs: a hard cut by GrabCut, tidied, with a soft edge."""
