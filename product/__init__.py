"""Signpost, the sample product: short links and shared files for teams. Put yours in its place."""
