"""The options of what splits things into parts: `splitter` has what several of them heed, `parts` puts them together, a line each."""
