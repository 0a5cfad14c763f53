"""Another machine that does the work: its address."""
