"""From the stream into the store, in batches; what cannot be stored is put aside. A process of its own."""

from events.consuming.serving import serve

__all__ = ["serve"]
