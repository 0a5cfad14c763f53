"""Things found by their names, by boxes and by points, among the regions of a photo."""
