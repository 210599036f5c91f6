"""The bar over all pages of staff. Apps add theirs in `ready`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse


@dataclass(frozen=True, kw_only=False)
class Item:
    """`route` is the name of a URL of the site; lower `order` stands further left."""

    label: str
    route: str
    order: int = 50


@dataclass(frozen=True)
class Link:
    label: str
    url: str
    current: bool


_items: dict[str, Item] = {}


def register(*items: Item) -> None:
    """Put them into the bar."""
    _items.update({item.route: item for item in items})


def page(
    request: HttpRequest, template: str, context: Mapping[str, object], *, at: str = ""
) -> HttpResponse:
    """A page of staff with its bar; `at` is the route of the item that it belongs to."""
    links = [
        Link(item.label, reverse(item.route), item.route == at)
        for item in sorted(_items.values(), key=lambda item: item.order)
    ]
    return render(request, template, {**context, "staff_links": links})
