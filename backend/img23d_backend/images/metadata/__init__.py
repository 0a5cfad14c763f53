"""What a picture file says about its pixels: how it was held, its lens, its colours."""
