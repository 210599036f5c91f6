"""Stored objects: how each is made, what is embedded in it, what `expand[]` adds to it."""
