"""The jobs of the stage that splits things into their parts."""
