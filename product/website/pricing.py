"""The words around the plans. The plans themselves come from the catalogue."""

# ruff: noqa: RUF001  typographic apostrophes are meant

from cms.seed import text

PAGE = {
    "title": "Pricing",
    "slug": "pricing",
    "show_in_menus": True,
    "search_description": text("""
        Start free with ten links, 1,000 clicks a month, 50 MB and three people. Upgrade,
        downgrade or cancel alone whenever you like.
    """),
    "headline": "Priced by what you use, and you can see what you use",
    "intro": text("""
        Start free and stay as long as it fits. Another plan takes effect the moment you choose it,
        and what you have paid already counts towards it.
    """),
    "note": text("""
        Prices are for a whole workspace; Team is priced by the seat. Nothing is added to them but the usage
        above a plan, where the plan names a price for it.
    """),
    "body": [
        {
            "type": "faq",
            "value": {
                "title": "Before you decide",
                "questions": [
                    {
                        "question": "How is a click counted?",
                        "answer": text("""
                            <p>One opened short link is one click, counted once when we answer it.
                            You see the count on your usage page within two seconds, and the
                            invoice is made from that same count.</p>
                        """),
                    },
                    {
                        "question": "Do links stop when a campaign does better than planned?",
                        "answer": text("""
                            <p>No. Clicks above your plan still arrive where they should. On the
                            free plan they cost nothing. A paid plan names their price, the billing
                            page shows what has come together so far, and you may set a limit to
                            it.</p>
                        """),
                    },
                    {
                        "question": "What counts as storage?",
                        "answer": text("""
                            <p>The size of the files that you keep right now, in bytes. Delete a
                            file and its room is free again at once.</p>
                        """),
                    },
                    {
                        "question": "Can I change or cancel alone?",
                        "answer": text("""
                            <p>Yes, on your workspace’s billing page, at any hour. When you change
                            plan, what is left of the old one is credited and the new one is charged
                            for the rest of the period only, both on your next invoice. After
                            cancelling you keep the plan until the end of what you paid for, and the
                            page says which day that is.</p>
                        """),
                    },
                    {
                        "question": "What happens to our links after we cancel?",
                        "answer": text("""
                            <p>The workspace moves to the free plan and keeps everything it has.
                            Links above the free limit keep redirecting; you can make new ones
                            once you are below it.</p>
                        """),
                    },
                ],
            },
        },
        {
            "type": "call_to_action",
            "value": {
                "title": "Not sure yet? Start small",
                "text": text("""
                    The free plan is enough to find out, and nothing has to be set up again later.
                """),
                "primary": {
                    "label": "Start free",
                    "page": None,
                    "address": "/signup/",
                },
                "secondary": {
                    "label": "",
                    "page": None,
                    "address": "",
                },
            },
        },
    ],
}
