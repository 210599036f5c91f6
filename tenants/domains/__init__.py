"""Domains of a workspace's own: from a name to a proof, from a proof to a served host."""
