"""Where each rule comes from: Stripe's documentation, another project's records, or a guess.

A rule is a function that decides an amount, a state or an order of events. It carries one of the
decorators here, so that `python -m stripe_simulator.assumptions` and a test can list what is assumed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeVar

Kind = Literal["documented", "recorded", "assumed"]
_Rule = TypeVar("_Rule", bound=Callable[..., object])


@dataclass(frozen=True)
class Source:
    """`what` names the page (documented), the project (recorded), or what was guessed (assumed)."""

    kind: Kind
    what: str
    rule: str


_SOURCES: list[Source] = []


def documented(page: str) -> Callable[[_Rule], _Rule]:
    """By a page of docs.stripe.com, named by its path."""
    return _register("documented", page)


def recorded(project: str) -> Callable[[_Rule], _Rule]:
    """By logs, invoices or worked examples that were written down from real accounts."""
    return _register("recorded", project)


def assumed(what: str) -> Callable[[_Rule], _Rule]:
    """By nobody: what is assumed, in words that someone with a test account can check."""
    return _register("assumed", what)


def _register(kind: Kind, what: str) -> Callable[[_Rule], _Rule]:
    def keep(rule: _Rule) -> _Rule:
        module = rule.__module__.removeprefix("stripe_simulator.")
        _SOURCES.append(Source(kind, what, f"{module}.{rule.__qualname__}"))
        return rule

    return keep


def sources(kind: Kind | None = None) -> list[Source]:
    """All that were registered, by rule; import `stripe_simulator.server` first to have all."""
    found = [one for one in _SOURCES if kind in (None, one.kind)]
    return sorted(found, key=lambda one: (one.rule, one.what))


def table() -> str:
    """What is assumed, as the rows of a Markdown table."""
    rows = [f"| `{one.rule}` | {one.what} |" for one in sources("assumed")]
    return "\n".join(["| rule | assumed |", "| --- | --- |", *rows])
