"""Every letter that leaves is declared, and can be sent as the platform comes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import allauth
import pytest

from outbound import letters, topics
from outbound.letters import LetterKind, Type
from outbound.letters.declared import WrongDeclaration, read
from plg_site.devstack.options import ROOT

VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta"}
EVERY = [kind for kind in letters.every() if not kind.key.startswith("tests.")]


class WellFormed(HTMLParser):
    """Raises where an element is closed that is not open, or left open."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.words: dict[str, str] = {}
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs), f"<{tag}> says something twice"
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open:
            self.words[self.open[-1]] = self.words.get(self.open[-1], "") + data


def test_there_are_all_that_we_know_of():
    keys = {kind.key for kind in EVERY}
    assert len(keys) >= 65
    assert keys >= {
        "identity.login_code", "tenants.invitation", "metering.quota_alert", "billing.payment_failed",
        "cms.build_failed", "outbound.letter_unusable",
    }  # fmt: skip


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.key)
def test_its_first_words_can_be_sent(kind: LetterKind, settings):
    settings.BRAND = settings.BRAND.__class__(name="Bookshelf", line="books", sender="Bookshelf")
    assert letters.problems(kind, kind.content) == []
    assert topics.get(kind.topic) in topics._registered.values(), "its topic is registered"
    assert kind.label
    assert kind.when
    letter, shown = letters.render(kind, kind.content, kind.examples())
    assert letter.subject
    assert "Signpost" not in letter.text + letter.html + letter.subject
    for name in kind.required:
        for value in _shown(kind, name):
            assert value in letter.text
    for name, variable in kind.own.items():
        if variable.type is Type.CODE and name in kind.needs:
            assert str(variable.example) not in shown
    parsed = WellFormed(re.sub(r"<!--.*?-->", "", letter.html, flags=re.DOTALL))
    [html] = [attributes for tag, attributes in parsed.seen if tag == "html"]
    assert html["lang"] == "en"
    assert parsed.words["title"] == letter.subject
    assert [tag for tag, _ in parsed.seen].count("h1") == 1
    assert all("alt" in attributes for tag, attributes in parsed.seen if tag == "img")
    tables = [attributes for tag, attributes in parsed.seen if tag == "table"]
    assert all(attributes.get("role") == "presentation" for attributes in tables)
    links = [attributes.get("href") or "" for tag, attributes in parsed.seen if tag == "a"]
    assert all(link.startswith(("http://", "https://", "mailto:")) for link in links)
    assert not {tag for tag, _ in parsed.seen} & {"script", "iframe", "form", "img"}
    assert 'name="color-scheme" content="light dark"' in letter.html
    assert "@media (prefers-color-scheme: dark)" in letter.html


def _shown(kind: LetterKind, name: str) -> Iterator[str]:
    example = kind.variables[name].example
    yield from [example] if isinstance(example, str) else example


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.key)
def test_without_what_may_be_missing_it_can_be_sent_too(kind: LetterKind):
    given = {
        name: variable.example for name, variable in kind.own.items() if variable.fallback is None
    }
    letter, _ = letters.render(kind, kind.content, given)
    assert "{{" not in letter.text + letter.html + letter.subject


def test_whatever_allauth_mails_has_a_letter():
    """A later version of it that mails something new is seen here, not by whoever would get it."""
    folder = Path(allauth.__file__).parent / "templates"
    names = {
        path.name.removesuffix("_subject.txt")
        for app in ("account", "mfa")
        for path in folder.glob(f"{app}/email/*_subject.txt")
    }
    assert len(names) > 15
    assert names - {kind.key.removeprefix("identity.") for kind in EVERY} == set()


def test_every_letter_is_sent_by_somebody():
    """By its name in the code; allauth's by its templates."""
    code = "\n".join(
        path.read_text()
        for app in ("billing", "cms", "identity", "metering", "outbound", "tenants")
        for path in ROOT.glob(f"{app}/**/*.py")
    )
    unsaid = {
        kind.key
        for kind in EVERY
        if f'"{kind.key}"' not in code and f'"{kind.key.partition(".")[2]}"' not in code
    }
    of_allauth = {key for key in unsaid if key.startswith("identity.")}
    assert unsaid - of_allauth == set()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('[letters.x]\nlabel="x"\nwhen="x"\ntopic="x"\nsubject="x"\nbody=[{ poem="x" }]', "poem"),
        ('[letters.x]\nlabel="x"\nwhen="x"\ntopic="x"\nsubject="x"\nuses=["nmae"]\nbody=[]', "nmae"),
        ('[variables.x]\ntype="picture"\nsays="x"\nexample="x"', "picture"),
        ('[letters.x]\nlabel="x"\n', "subject"),
    ],
)  # fmt: skip
def test_a_file_that_declares_what_cannot_be_is_refused(tmp_path: Path, text: str, why: str):
    (tmp_path / "letters.toml").write_text(text)
    with pytest.raises(WrongDeclaration, match=why):
        read(tmp_path / "letters.toml", app="x")
