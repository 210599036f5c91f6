"""A new workspace finds nothing but the button, and nobody is asked anything."""

from tenants.pool.templates import Template


def furnish() -> None:
    """Nothing to put there."""


TEMPLATES = (Template("plain", furnish=furnish),)
