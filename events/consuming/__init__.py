"""From the stream into the store, in batches; what cannot be stored is put aside. A process of its own."""
