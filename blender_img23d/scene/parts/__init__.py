"""Parts of a mesh: their preview on it, cutting them into objects, the exploded view, joining them again."""
