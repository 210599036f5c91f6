"""A part that stands on a page in two places, rendered once: in every template without a load.

    {% twice "components/side_nav.html" %}

An include without `with`, for places that see the same context. What it says the first time is said again.
"""

from __future__ import annotations

from typing import Any

from django import template
from django.template.base import Parser, Token
from django.template.context import Context

register = template.Library()


class Twice(template.Node):
    def __init__(self, name: str) -> None:
        self._name = name

    def render(self, context: Context) -> Any:
        # What is kept there ends with the page.
        here: Any = context.render_context
        kept: dict[str, Any] = here.setdefault(Twice, {})
        if self._name not in kept:
            assert context.template is not None  # noqa: S101 - one is being rendered
            part = context.template.engine.get_template(self._name)
            with context.push():
                kept[self._name] = part.render(context)
        return kept[self._name]


@register.tag
def twice(parser: Parser, token: Token) -> Twice:
    """Raises TemplateSyntaxError for anything but one name in quotes."""
    match token.split_contents():
        case [_, name] if len(name) > 2 and name[0] in "\"'" and name[0] == name[-1]:
            return Twice(name[1:-1])
    raise template.TemplateSyntaxError('{% twice "a/template.html" %} takes one name in quotes.')
