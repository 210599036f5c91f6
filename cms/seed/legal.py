"""Privacy and terms: they say what this software does, with a product's words in their places.

Have a lawyer read yours.
"""

# ruff: noqa: RUF001  typographic apostrophes are meant

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings
from django.utils.html import escape

from cms.seed.wording import text


def _contact() -> str:
    """A promise to answer needs an address to write to."""
    if not settings.SUPPORT_EMAIL:
        return ""
    address = escape(settings.SUPPORT_EMAIL)
    return f'For anything else write to <a href="mailto:{address}">{address}</a>. '


@dataclass(frozen=True)
class Words:
    """What differs from product to product; HTML where it says so."""

    name: str
    content: str = "what its members put in"
    happened: str = "what was made, who was invited"
    readers: str = ""  # HTML: of people outside who meet what a workspace shares
    workspace_for: str = ""
    stays: str = "What is there stays."


def pages(words: Words) -> list[dict[str, Any]]:
    """Privacy and terms of this product."""
    places = {
        "NAME": escape(words.name), "CONTENT": words.content, "HAPPENED": words.happened,
        "READERS": words.readers, "STAYS": words.stays,
        " FOR": words.workspace_for and f" for {words.workspace_for}", "CONTACT ": _contact(),
    }  # fmt: skip
    return [
        {name: _filled(value, places) for name, value in page.items()} for page in (PRIVACY, TERMS)
    ]


def _filled(value: Any, places: dict[str, str]) -> Any:
    """In one pass: what a product says is not looked through for places."""
    if not isinstance(value, str):
        return value
    return re.sub("|".join(places), lambda found: places[found[0]], value)


PRIVACY = {
    "title": "Privacy",
    "slug": "privacy",
    "search_description": text("""
        What NAME stores about visitors and users, and why.
    """),
    "intro": text("""
        What we store, why, for how long, and how to have it corrected or deleted. In plain words.
    """),
    "updated_on": date(2026, 9, 1),
    "body": text("""
        <h2>Who is responsible</h2>
        <p>The company that runs NAME. For the content of a workspace (CONTENT) the team that owns the
        workspace decides, and we act on its behalf.</p>
        <h2>When you read this website</h2>
        <p>We count visits to our own pages with a random number in a cookie, so that we can tell
        one visit from two. Where the law wants your consent first, we ask for it, and you can take
        it back at the foot of each page. If you open an account later, those visits belong to it.
        The number is not joined with data of other companies and not sold. If your browser sends
        “Do Not Track” or “Global Privacy Control”, we do not set it. Pages load no
        fonts, scripts or images from third parties.</p>
        <h2>When you have an account</h2>
        <ul>
        <li>Your email address and name, to sign you in and to show colleagues who did what.</li>
        <li>Your password only as a one-way hash, if you chose one.</li>
        <li>What happened in your workspace (HAPPENED), because
        usage and invoices are counted from it.</li>
        <li>Payment details go to our payment provider, Stripe, and stay there. We keep which plan
        you have, and your invoices.</li>
        <li>Which version of our terms you agreed to, and when.</li>
        </ul>
        READERS
        <h2>How long we keep it</h2>
        <p>An account’s data until you close the account. A workspace’s data until the workspace is
        deleted, and some days more, in which its owners can undo that. What an invoice is made from
        as long as the law asks for.</p>
        <h2>Your rights</h2>
        <p>You can see and correct what we hold about you on your account page, and close the account
        there. The owners of a workspace can take all of it with them as one archive. CONTACT You may
        also complain to your data protection authority.</p>
    """),
}

TERMS = {
    "title": "Terms",
    "slug": "terms",
    "search_description": "The agreement between you and NAME, short enough to read.",
    "intro": "The agreement between you and us, short enough to read before you agree to it.",
    "updated_on": date(2026, 9, 1),
    "body": text("""
        <h2>What you get</h2>
        <p>A workspace FOR, within the limits of the plan you choose.
        The free plan has no end date. Paid plans renew each month or year until you cancel.</p>
        <h2>What is yours</h2>
        <p>Everything you put in. We store and deliver it for you and claim nothing else. You need
        the right to share what you share.</p>
        <h2>What is not allowed</h2>
        <ul>
        <li>What deceives, such as phishing or malware.</li>
        <li>Content that is illegal where you or we are.</li>
        <li>Unrequested bulk mail that leads to us.</li>
        </ul>
        <p>We may suspend a workspace that does harm. Its owners get a mail, and its members read why
        on each of its pages.</p>
        <h2>Paying and cancelling</h2>
        <p>Prices are those on the <a href="/pricing/">pricing page</a> when you order. You can
        change plan or cancel at any time in your workspace; a cancelled plan stays until the end
        of the period that is paid. A new price is for new orders: what you have bought keeps its
        price until you change it yourself.</p>
        <h2>Limits</h2>
        <p>When a limit of your plan is reached, making new things is refused with the reason.
        STAYS</p>
        <h2>Care and liability</h2>
        <p>We run the service with care, and no service is never down. We are
        liable without limit for intent, gross negligence and harm to people; otherwise for
        foreseeable damage, up to what you paid us in the last twelve months.</p>
        <h2>The end</h2>
        <p>You may leave whenever you like and take your data with you. We may end the agreement
        with thirty days’ notice, or at once for serious misuse.</p>
    """),
}
