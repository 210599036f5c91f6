"""A letter as it will look, with the examples of its variables, for frames in the administration."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.html import format_html

from outbound import letters
from outbound.letters import Content, LetterKind

# What stands in a letter: no script, nothing from elsewhere. The editors' frame shows it.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; base-uri 'none'"
_IN_THE_DARK = "@media (prefers-color-scheme: dark)"
_NEVER, _ALWAYS = "@media not all", "@media all"


def page(
    kind: LetterKind | None, content: Content, *, language: str, mode: str = "light"
) -> HttpResponse:
    """`mode`: "light" or "dark", whatever the reader's own scheme is, or "text". What cannot be shown
    says why."""
    if kind is None:
        return _said("No app sends this letter any more.")
    try:
        if wrong := letters.problems(kind, content):
            raise letters.Wrong(wrong[0][1])
        letter, _ = letters.render(kind, content, kind.examples(), language=language)
    except letters.Wrong as error:
        return _said(str(error))
    if mode == "text":
        return _answer(f"{letter.subject}\n\n{letter.text}", as_text=True)
    return _answer(in_scheme(letter.html, dark=mode == "dark"))


def in_scheme(html: str, *, dark: bool) -> str:
    """The letter as it looks in one scheme, on any device."""
    scheme = "dark" if dark else "light"
    fixed = html.replace(_IN_THE_DARK, _ALWAYS if dark else _NEVER)
    return fixed.replace('content="light dark"', f'content="{scheme}"')


def _said(sentence: str) -> HttpResponse:
    return _answer(
        format_html(
            '<!doctype html><html lang="en"><title>Preview</title><main><h1>Not to be shown yet</h1>'
            "<p>{}</p></main></html>",
            sentence,
        )
    )


def _answer(page: str, *, as_text: bool = False) -> HttpResponse:
    kind = "text/plain" if as_text else "text/html"
    response = HttpResponse(page, content_type=f"{kind}; charset=utf-8")
    response["Content-Security-Policy"] = POLICY
    return response
