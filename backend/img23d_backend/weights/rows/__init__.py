"""Rows of the registry: `row` is what one says, and a module a family has those that do not stand in `registry` itself."""
