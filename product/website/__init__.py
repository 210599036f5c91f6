"""What Signpost's website says before an editor has touched it."""

from cms.seed import Website
from product.website import articles, home, legal, pricing


def website() -> Website:
    """All of it."""
    return Website(
        home=home.PAGE,
        pricing=pricing.PAGE,
        blog=articles.INDEX,
        articles=articles.ARTICLES,
        pages=legal.pages(),
    )
