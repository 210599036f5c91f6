"""Pages about people: found, read, joined, taken apart, given to themselves, forgotten."""
