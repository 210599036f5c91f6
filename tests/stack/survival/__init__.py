"""Load whose every acknowledged event is known, and the recount of all that was stored."""
