"""What privacy and terms say of links and files."""

from typing import Any

from cms.seed import LegalWords, legal_pages, text

WORDS = LegalWords(
    name="Signpost",
    content="its links and files",
    happened="links made, files stored, people invited",
    readers=text("""
        <h2>When you follow a short link</h2>
        <p>We record that the link was followed, when, and a random number from a
        cookie that lets us tell one browser from two. The team behind the link sees counts, not
        people. A browser that asks not to be followed gets no number. The page you arrive at has
        its own rules.</p>
    """),
    workspace_for="short links and shared files",
    stays="Existing links keep redirecting and files stay downloadable.",
)


def pages() -> list[dict[str, Any]]:
    """Privacy and terms."""
    return legal_pages(WORDS)
