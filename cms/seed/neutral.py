"""The website of a product that has not written one: true of any, in as few words as do."""

# ruff: noqa: RUF001  typographic apostrophes are meant

from datetime import date
from typing import Any

from django.conf import settings

from cms.seed import legal
from cms.seed.wording import text
from cms.seed.words import Website


def website() -> Website:
    """With the name and the line of `site.toml`."""
    name, line = settings.BRAND.name, settings.BRAND.line
    return Website(
        home=_home(name, line),
        pricing=PRICING,
        blog=BLOG,
        articles=[_article(name)],
        pages=legal.pages(legal.Words(name=name)),
    )


def _call(title: str, words: str) -> dict[str, Any]:
    return {
        "type": "call_to_action",
        "value": {
            "title": title,
            "text": words,
            "primary": {"label": "Start free", "page": None, "address": "/signup/"},
            "secondary": {"label": "See the plans", "page": None, "address": "/pricing/"},
        },
    }


def _home(name: str, line: str) -> dict[str, Any]:
    return {
        "title": name,
        "slug": "website",
        "seo_title": f"{name}: {line}" if line else name,
        "search_description": f"{name}: {line}." if line else f"The website of {name}.",
        "hero_title": f"{line[:1].upper()}{line[1:]}" if line else f"Welcome to {name}",
        "hero_text": text("""
            A workspace for your team, ready on the next page. What you use is counted once, and you see
            the count.
        """),
        "primary_label": "Start free",
        "primary_address": "/signup/",
        "secondary_label": "See the plans",
        "secondary_address": "/pricing/",
        "hero_note": "No card, and no trial that runs out.",
        "body": [
            {
                "type": "steps",
                "value": {
                    "eyebrow": "How it goes",
                    "title": "From sign-up to work in two minutes",
                    "steps": [
                        {
                            "title": "Name your workspace",
                            "text": "It is there on the next page, with an address of its own.",
                        },
                        {
                            "title": "Look around",
                            "text": "A first example is in it already, and the first steps are listed.",
                        },
                        {
                            "title": "Invite your team",
                            "text": "By mail, each with the role that they need.",
                        },
                    ],
                },
            },
            _call(
                f"Try {name}", "Two minutes from here to a workspace that your whole team can use."
            ),
        ],
    }


def _article(name: str) -> dict[str, Any]:
    return {
        "title": f"{name} is here",
        "slug": "here",
        "date": date(2026, 11, 2),
        "author_name": name,
        "summary": "What this page is for, and who writes it.",
        "body": [
            {
                "type": "prose",
                "value": text("""
                    <p>This is where we write about what is new. Open a <a href="/signup/">workspace</a>
                    and look around; what the plans hold is on the <a href="/pricing/">pricing
                    page</a>.</p>
                """),
            }
        ],
    }


BLOG = {
    "title": "Blog",
    "slug": "blog",
    "show_in_menus": True,
    "search_description": "What is new.",
    "headline": "What is new",
    "intro": "News and notes.",
}

PRICING = {
    "title": "Pricing",
    "slug": "pricing",
    "show_in_menus": True,
    "search_description": "What the plans hold, and what they cost.",
    "headline": "Priced by what you use, and you can see what you use",
    "intro": "Start free and stay as long as it fits. Another plan takes effect the moment you choose it.",
    "note": text("""
        Prices are for a whole workspace, not for each person. Nothing is added to them but the usage
        above a plan, where the plan names a price for it.
    """),
    "body": [
        {
            "type": "faq",
            "value": {
                "title": "Before you decide",
                "questions": [
                    {
                        "question": "Can I change or cancel alone?",
                        "answer": text("""
                            <p>Yes, on your workspace’s billing page, at any hour. After cancelling you
                            keep the plan until the end of what you paid for, and the page says which
                            day that is.</p>
                        """),
                    },
                ],
            },
        },
        _call("Not sure yet? Start small", "Nothing has to be set up again later."),
    ],
}
