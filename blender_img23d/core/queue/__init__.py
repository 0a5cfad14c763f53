"""Jobs that wait for their turn, and their keeping over a restart."""
