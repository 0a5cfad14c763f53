"""What every matte needs once it has an alpha, whichever engine found it."""
