"""Lets long texts be written over several lines."""


def text(wrapped: str) -> str:
    """One line of text (or HTML) from an indented block: line breaks count as spaces.

    Between two tags there is nothing, because a space there would be shown.
    """
    return " ".join(wrapped.split()).replace("> <", "><")
