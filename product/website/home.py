"""The home page."""

# ruff: noqa: RUF001  typographic apostrophes are meant

from cms.seed import text

PAGE = {
    "title": "Signpost",
    "slug": "website",
    "seo_title": "Signpost: short links and shared files for teams",
    "search_description": text("""
        Give every link and every file one short address that your team owns, see who follows it,
        and change where it leads. Free for three people.
    """),
    "hero_title": "Every link your team shares, on one signpost",
    "hero_text": text("""
        Short links and shared files that belong to the team instead of to whoever made them.
        Change where they lead, see who follows them, and keep working when the campaign is bigger
        than planned.
    """),
    "primary_label": "Start free",
    "primary_address": "/signup/",
    "secondary_label": "See the plans",
    "secondary_address": "/pricing/",
    "hero_note": text("""
        Free for three people, for as long as you like. No card, no trial that runs out.
    """),
    "body": [
        {
            "type": "facts",
            "value": {
                "title": "What the free plan holds",
                "facts": [
                    {
                        "figure": "10",
                        "text": "short links or shared files at a time",
                    },
                    {
                        "figure": "1,000",
                        "text": "clicks counted every month",
                    },
                    {
                        "figure": "50 MB",
                        "text": "of files, up to 20 MB each",
                    },
                    {
                        "figure": "3",
                        "text": "people in the workspace",
                    },
                ],
            },
        },
        {
            "type": "image_text",
            "value": {
                "eyebrow": "Short links",
                "title": "A short address that outlives the page behind it",
                "text": text("""
                    <p>The landing page moves, the shop changes its system, the form closes. A
                    printed poster cannot follow, but a short link can: point it somewhere else
                    and everybody who scans it tomorrow arrives at the right place.</p>
                    <ul>
                    <li>Words you choose, so people can read an address aloud</li>
                    <li>One list for the whole team, with its clicks beside each link</li>
                    <li>Links stay when a colleague leaves</li>
                    </ul>
                """),
                "artwork": "links",
                "picture_first": False,
                "link": {
                    "label": "Make your first link",
                    "page": None,
                    "address": "/signup/",
                },
            },
        },
        {
            "type": "image_text",
            "value": {
                "eyebrow": "Shared files",
                "title": "Send the deck once, know that it arrived",
                "text": text("""
                    <p>Upload a file and share a short address instead of a nine-megabyte attachment.
                    No mailbox bounces it, and you see whether anybody opened it. Take it back when it
                    is out of date, so that nobody works with last month’s version.</p>
                    <ul>
                    <li>Files up to 20 MB, served from a host of their own</li>
                    <li>Opened through a short link, so you see that it was</li>
                    <li>Delete it, and the room is yours again at once</li>
                    </ul>
                """),
                "artwork": "files",
                "picture_first": True,
                "link": {
                    "label": "Share a file",
                    "page": None,
                    "address": "/signup/",
                },
            },
        },
        {
            "type": "image_text",
            "value": {
                "eyebrow": "Usage",
                "title": "Numbers you can watch, limits you can see coming",
                "text": text("""
                    <p>Every click, file and seat is counted the moment it happens and shown on
                    one page, in plain words, next to what your plan allows. The same count is
                    what an invoice is made from, so there is nothing to reconcile at the end of
                    the month.</p>
                    <ul>
                    <li>Live: a click is on the page within two seconds</li>
                    <li>Amber before a limit is reached, in words when it is</li>
                    <li>Past the limit, links keep leading where they should</li>
                    </ul>
                """),
                "artwork": "usage",
                "picture_first": False,
                "link": {
                    "label": "Compare the plans",
                    "page": None,
                    "address": "/pricing/",
                },
            },
        },
        {
            "type": "steps",
            "value": {
                "eyebrow": "How it goes",
                "title": "From sign-up to the first click in two minutes",
                "steps": [
                    {
                        "title": "Name your workspace",
                        "text": text("""
                            Email, your name, the team’s name. Your workspace is there on the next
                            page, with an address of its own.
                        """),
                    },
                    {
                        "title": "Shorten something",
                        "text": text("""
                            Paste an address, choose a word. Copy the short link into the
                            newsletter, the poster or the chat.
                        """),
                    },
                    {
                        "title": "Watch the first click",
                        "text": text("""
                            It appears while you look. Invite two colleagues, and they see it too.
                        """),
                    },
                ],
            },
        },
        {
            "type": "feature_grid",
            "value": {
                "eyebrow": "",
                "title": "Made for people who share work",
                "intro": "The dull parts are done, so that a link is just a link.",
                "features": [
                    {
                        "icon": "users",
                        "title": "One workspace a team",
                        "text": text("""
                            Invite by mail, give people the role they need, take it away in a
                            click.
                        """),
                    },
                    {
                        "icon": "key",
                        "title": "An API for the rest",
                        "text": text("""
                            Create links from your own tools. Keys are shown once and can be
                            revoked.
                        """),
                    },
                    {
                        "icon": "shield-check",
                        "title": "Kept apart",
                        "text": text("""
                            Each workspace’s data lives in a place of its own, invisible to
                            others.
                        """),
                    },
                    {
                        "icon": "zap",
                        "title": "Ready for the rush",
                        "text": text("""
                            A redirect does one thing and does it fast, also on the day it is on
                            TV.
                        """),
                    },
                    {
                        "icon": "lock",
                        "title": "No more than we need",
                        "text": text("""
                            A browser that asks not to be followed is counted without being recognised.
                        """),
                    },
                    {
                        "icon": "card",
                        "title": "Leave when you like",
                        "text": text("""
                            Upgrade, downgrade or cancel alone, at any hour, without writing to
                            us.
                        """),
                    },
                ],
            },
        },
        {
            "type": "faq",
            "value": {
                "title": "Good questions",
                "questions": [
                    {
                        "question": "What happens when we reach a limit?",
                        "answer": text("""
                            <p>You are told in words, before and when it happens. Existing links
                            keep redirecting and files stay downloadable; only making new ones
                            waits until you remove something or move to a bigger plan.</p>
                        """),
                    },
                    {
                        "question": "Is the free plan really free?",
                        "answer": text("""
                            <p>Yes: ten links, 1,000 clicks a month, 50 MB and three people,
                            without a card and without an end date. It is the plan we expect small
                            teams to stay on.</p>
                        """),
                    },
                    {
                        "question": "Who owns the links when somebody leaves?",
                        "answer": text("""
                            <p>The workspace does. Take the person out, and everything they made
                            keeps working and stays in the list.</p>
                        """),
                    },
                    {
                        "question": "Can we move our existing links?",
                        "answer": text("""
                            <p>Create them through the API from a spreadsheet; our guide to <a
                            href="/blog/moving-your-links/">moving links without breaking one</a>
                            has the few lines that it takes.</p>
                        """),
                    },
                ],
            },
        },
        {
            "type": "call_to_action",
            "value": {
                "title": "Put up your first sign",
                "text": "Two minutes from here to a link that your whole team can use.",
                "primary": {
                    "label": "Start free",
                    "page": None,
                    "address": "/signup/",
                },
                "secondary": {
                    "label": "See the plans",
                    "page": None,
                    "address": "/pricing/",
                },
            },
        },
    ],
}
