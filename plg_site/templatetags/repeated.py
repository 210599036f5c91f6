"""Parts that need not be rendered again: in every template without a load.

    {% twice "components/side_nav.html" %}
    {% unfilled form %} … its fields … {% endunfilled %}

`twice` is an include without `with`, for two places of a page that see the same context: what it says the
first time is said again. `unfilled` keeps the fields of a form that nobody has filled in yet, which are the
same for everybody; nothing else may stand inside, so no token.
"""

from __future__ import annotations

from typing import Any

from django import template
from django.template.base import FilterExpression, NodeList, Parser, Token
from django.template.context import Context
from django.utils.translation import get_language

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


class Unfilled(template.Node):
    def __init__(self, form: FilterExpression, inside: NodeList) -> None:
        self._form, self._inside = form, inside
        self._kept: dict[tuple[object, ...], Any] = {}  # by language and kind of form: a few

    def render(self, context: Context) -> Any:
        form = self._form.resolve(context)
        if form.is_bound or form.initial:
            return self._inside.render(context)
        key = (get_language(), type(form), form.prefix)
        if key not in self._kept:
            self._kept[key] = self._inside.render(context)
        return self._kept[key]


@register.tag
def unfilled(parser: Parser, token: Token) -> Unfilled:
    """Raises TemplateSyntaxError for anything but one form."""
    match token.split_contents():
        case [_, form]:
            inside = parser.parse(("endunfilled",))
            parser.delete_first_token()
            return Unfilled(parser.compile_filter(form), inside)
    raise template.TemplateSyntaxError("{% unfilled form %} takes one form.")


@register.tag
def twice(parser: Parser, token: Token) -> Twice:
    """Raises TemplateSyntaxError for anything but one name in quotes."""
    match token.split_contents():
        case [_, name] if len(name) > 2 and name[0] in "\"'" and name[0] == name[-1]:
            return Twice(name[1:-1])
    raise template.TemplateSyntaxError('{% twice "a/template.html" %} takes one name in quotes.')
