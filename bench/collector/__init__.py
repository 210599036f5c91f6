"""`bin/bench collector`: events told over HTTP, until the log has them on disk."""

MODULES: tuple[str, ...] = ("batches", "older")
EVENTS = 100  # in a batch
