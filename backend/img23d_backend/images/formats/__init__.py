"""Picture files by their format: headers and pixels, checked before any library decodes them."""
