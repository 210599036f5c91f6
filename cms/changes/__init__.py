"""From an editor's change to the wish for a release: which rows are shown, and what is taken away at once."""
