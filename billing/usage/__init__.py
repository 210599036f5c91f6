"""What usage costs: one charge for each statement, and the words for it."""
