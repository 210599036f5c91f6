"""The blog and its first three articles."""

# ruff: noqa: RUF001  typographic apostrophes are meant

from datetime import date
from textwrap import dedent

from cms.seed import text

INDEX = {
    "title": "Blog",
    "slug": "blog",
    "show_in_menus": True,
    "search_description": text("""
        Notes on links that last, files that arrive, and counting things once.
    """),
    "headline": "Notes from the roadside",
    "intro": "On links that last, files that arrive, and counting things once.",
}

LINKS_THAT_LAST = {
    "title": "A link is a promise, so choose its words as if they were printed",
    "slug": "links-that-last",
    "date": date(2026, 11, 3),
    "author_name": "Mara Lindqvist",
    "summary": text("""
        Most links die of reorganisation, not of old age. Four habits that let an address on a
        poster survive the website it was made for.
    """),
    "artwork": "links",
    "body": [
        {
            "type": "prose",
            "value": text("""
                <p>Somewhere near you hangs a poster with an address that leads nowhere. It was
                right when it was printed. Then the campaign ended, the pages moved to a new
                system, and somebody tidied up. Nobody broke the link on purpose; there was simply
                nobody whose job it was to keep it.</p>
                <p>An address that leaves your screen is a promise to a stranger: <i>come back to
                this, and you will find what I said</i>. Here is what helps us keep it.</p>
                <h2>Name the thing, not the place</h2>
                <p>A path like <code>/2026/q4/landing-v3-final</code> describes your filing system
                on one afternoon. <code>/spring-tour</code> describes what the reader wants.
                Folders change every year, tours only every spring. If a word would make sense on
                the phone, it makes sense on a poster.</p>
                <h2>Keep the address apart from the page</h2>
                <p>The page behind a link has a life of its own: a form closes, a shop moves, a
                PDF gets a second edition. When the printed address is a short link of yours, you
                change one destination and every copy of it in the world is right again, including
                those in drawers that you have never seen.</p>
            """),
        },
        {
            "type": "quote",
            "value": {
                "text": "What you print is the name. Where it leads is a setting.",
                "source": "",
            },
        },
        {
            "type": "prose",
            "value": text("""
                <h2>Let the team own it</h2>
                <p>The saddest dead links belong to people who left. An address made in somebody’s
                private account goes when the account goes. Make links where the whole team can
                find them, and leaving becomes a matter of a farewell cake.</p>
                <h2>Look at it twice a year</h2>
                <p>Sort your links by clicks. Those at the top deserve a check that the page
                behind them is still the best answer. Those at the bottom with a handful of clicks
                each month are the ones on the posters: leave them alone. A link with ten visitors
                a month has ten people who were promised something.</p>
                <ol>
                <li>Read the address aloud. If you have to spell it, rename it before it is
                printed.</li>
                <li>Point it at the page that will be there next year, not at today’s
                announcement.</li>
                <li>Write down in one line what it is for.</li>
                </ol>
                <p>None of this needs a tool. It gets easier when the list, the destinations and
                the numbers are in one place, which is why we built <a href="/">Signpost</a>.</p>
            """),
        },
    ],
}

COUNT_ONCE = {
    "title": "Count it once: why your usage page and your invoice should share a number",
    "slug": "count-it-once",
    "date": date(2026, 10, 13),
    "author_name": "Tomas Okafor",
    "summary": text("""
        When the dashboard says 9,412 and the invoice says 9,580, both lose. How we count a click,
        and what we do when a limit is reached.
    """),
    "artwork": "usage",
    "body": [
        {
            "type": "prose",
            "value": text("""
                <p>Usage-based products have a habit of counting the same thing in three places.
                The dashboard counts for the charts, the limiter counts for the limits, and the
                invoice counts for the money. Each has its own rounding, its own clock and its own
                bugs. Sooner or later a customer holds two of the numbers next to each other, and
                you spend a week explaining the difference.</p>
                <h2>One fact, many readers</h2>
                <p>In Signpost, a followed link is written down once, as a fact: this link, this
                moment, this workspace. Nothing else increments anything. The usage page, the
                limit and the invoice line are three ways of adding up the same facts, so they
                cannot disagree; if one of them is ever wrong, we can add up again and see.</p>
                <h2>Late and twice are normal</h2>
                <p>Networks repeat themselves. A fact may arrive twice, or after lunch. Each one
                carries an identity and the time when it happened, so a repeat changes nothing and
                a late one lands in the month it belongs to. This is dull work, and it is the
                difference between a count and an estimate.</p>
            """),
        },
        {
            "type": "code",
            "value": {
                "caption": "Ask for your own numbers",
                "code": dedent("""\
                    curl https://acme.example.com/api/v1/usage \\
                      -H "Authorization: Bearer $SIGNPOST_KEY"
                """).strip(),
            },
        },
        {
            "type": "prose",
            "value": text("""
                <h2>A limit is a conversation</h2>
                <p>What should happen at click 1,001 of a plan with 1,000? The reader who clicked
                has done nothing wrong, and neither has the team whose link turned out to be
                popular. So the link leads where it should. We tell the team, in words and early,
                that they are above their plan, and leave the decision to them.</p>
                <p>Making new things is different: an eleventh link on a plan for ten is refused
                at once, with the reason, what is used, and the way on. A refusal that explains
                itself is a feature; a silent one is a support ticket.</p>
                <h2>What to ask any vendor</h2>
                <ul>
                <li>Is the number on the screen the number on the invoice?</li>
                <li>What happens to my readers when I reach a limit?</li>
                <li>How soon do I see what I have used?</li>
                </ul>
                <p>Ours: yes; nothing; within two seconds. The <a href="/pricing/">plans</a> say
                the rest.</p>
            """),
        },
    ],
}

MOVING_LINKS = {
    "title": "Moving your links without breaking one",
    "slug": "moving-your-links",
    "date": date(2026, 9, 22),
    "author_name": "Mara Lindqvist",
    "summary": text("""
        A spreadsheet, a few lines of script and an afternoon: how to bring links over from
        another shortener in an order that never leaves a reader standing.
    """),
    "artwork": "migrate",
    "body": [
        {
            "type": "prose",
            "value": text("""
                <p>Changing the shortener sounds like moving house, and mostly it is: decide what
                to take, pack, move, and only then give back the keys. The order matters more than
                the speed.</p>
                <h2>1. Make the list</h2>
                <p>Export what you have: short word, destination, clicks of the last year. Delete
                the rows without a click and without a poster. Most lists get
                much shorter here, and it feels good.</p>
                <h2>2. Create them through the API</h2>
                <p>Make an API key in your workspace (it is shown once, so keep it somewhere safe)
                and let a script read the spreadsheet. A word that is taken is
                refused with a clear answer, so the script may be run again after a hiccup.</p>
            """),
        },
        {
            "type": "code",
            "value": {
                "caption": "links.csv has two columns: code and target_url",
                "code": dedent("""\
                    import csv, os, httpx

                    api = httpx.Client(
                        base_url="https://acme.example.com/api/v1",
                        headers={"Authorization": f"Bearer {os.environ['SIGNPOST_KEY']}"},
                    )

                    with open("links.csv", newline="") as rows:
                        for row in csv.DictReader(rows):
                            answer = api.post("/links", json=row)
                            print(row["code"], answer.status_code)
                """).strip(),
            },
        },
        {
            "type": "prose",
            "value": text("""
                <h2>3. Let both run</h2>
                <p>Print and publish only new addresses from today on, and leave the old ones
                working. Once a week, look at which old links are still followed. The curve falls
                quickly, then stays flat: the flat part is paper.</p>
                <h2>4. Redirect the flat part</h2>
                <p>Point what is left at your new short links instead of at the pages. That is one
                more hop for the reader, and in exchange you never have to touch the old system
                again: from now on, destinations change in one place.</p>
                <h2>5. Tell the team</h2>
                <p>The only step people forget. Invite them, show them the list, and agree that
                words are claimed before they are printed. Three people fit into the <a
                href="/pricing/">free plan</a>, which is enough to try this with ten links before
                you bring a thousand.</p>
            """),
        },
    ],
}

ARTICLES = [MOVING_LINKS, COUNT_ONCE, LINKS_THAT_LAST]  # oldest first
