"""Parts as closed solids: lids where they were cut (`closer`), and nothing of one inside another (`overlaps`)."""
