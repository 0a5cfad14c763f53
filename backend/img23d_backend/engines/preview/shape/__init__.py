"""From a cut-out's outline to a closed mesh."""
