"""A photo's foreground as regions: parted, completed and described."""
