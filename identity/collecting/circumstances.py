"""What an event's context says of a call: texts, each short, and no address of a machine."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

_LONGEST = 200
_CAMPAIGN = ("source", "medium", "name", "term", "content")
_TEXTS = ("locale", "timezone")


def add(found: dict[str, str], said: Mapping[str, Any]) -> None:
    """Adds `page_path`, `page_title`, `page_referrer`, `campaign_source` …, `library`, `locale`, `timezone`,
    as far as the call's context says them."""
    library = said.get("library")
    if isinstance(library, dict):
        name, version = library.get("name"), library.get("version")
        if isinstance(name, str):
            found["library"] = _library(name, version if isinstance(version, str) else "")
    if len(said) == 1:  # as of a server
        return
    for name in _TEXTS:
        if isinstance(value := said.get(name), str) and value:
            found[name] = value[:_LONGEST]
    page, campaign = said.get("page"), said.get("campaign")
    if isinstance(page, dict):
        for name in ("path", "title"):
            if isinstance(value := page.get(name), str) and value:
                found[f"page_{name}"] = value[:_LONGEST]
        if isinstance(value := page.get("referrer"), str) and value:
            found["page_referrer"] = _without_query(value)[:_LONGEST]
    if isinstance(campaign, dict):
        for name in _CAMPAIGN:
            if isinstance(value := campaign.get(name), str) and value:
                found[f"campaign_{name}"] = value[:_LONGEST]


@lru_cache(maxsize=500)
def _library(name: str, version: str) -> str:
    return f"{name} {version}".strip()[:_LONGEST]


def _without_query(address: str) -> str:
    """A query may be of one person."""
    try:
        return urlsplit(address[:2_000])._replace(query="", fragment="").geturl()
    except ValueError:
        return ""
