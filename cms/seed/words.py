"""What a product's website says before an editor has touched it: fields of Wagtail's pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Fields = dict[str, Any]


@dataclass(frozen=True)
class Website:
    """One home page, the page around the plans, a blog with articles (oldest first), and other pages."""

    home: Fields
    pricing: Fields
    blog: Fields
    articles: Sequence[Fields]
    pages: Sequence[Fields]
