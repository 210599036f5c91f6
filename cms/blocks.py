"""The pieces that editors compose pages from. One template each, in `templates/cms/blocks/`."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.functional import cached_property
from wagtail import blocks
from wagtail.images.blocks import ImageBlock

PLAIN = ["bold", "italic", "link"]
PROSE = ["h2", "h3", "bold", "italic", "link", "ol", "ul", "code", "blockquote", "hr"]

ARTWORK = [
    ("links", "Short links"),
    ("files", "Shared files"),
    ("usage", "Usage chart"),
    ("team", "Team"),
    ("migrate", "Moving over"),
]
ICONS = [
    ("link", "Link"),
    ("file", "File"),
    ("gauge", "Gauge"),
    ("users", "People"),
    ("key", "Key"),
    ("lock", "Lock"),
    ("zap", "Bolt"),
    ("chart", "Chart"),
    ("code", "Code"),
    ("shield-check", "Shield"),
    ("route", "Route"),
    ("clock", "Clock"),
    ("globe", "Globe"),
    ("card", "Card"),
    ("check", "Check"),
]


def validate_address(value: str) -> None:
    """An address on this site ("/signup/", "#faq") or an absolute one; never a javascript: one."""
    if not value.startswith(("/", "#", "https://", "http://", "mailto:")) or value.startswith("//"):
        raise ValidationError("Start with / for a page of this site, or with https://.")


class LinkValue(blocks.StructValue):
    @cached_property
    def href(self) -> str:
        """Where the link leads: the chosen page wins over the typed address. "" when that page is
        not public any more."""
        page = self.get("page")
        if page is None:
            return self.get("address") or ""
        return (page.url or "") if page.live else ""


class LinkBlock(blocks.StructBlock):
    """A labelled link to a page of the site or to an address."""

    label = blocks.CharBlock(max_length=60)
    page = blocks.PageChooserBlock(required=False)
    address = blocks.CharBlock(
        required=False,
        max_length=300,
        validators=[validate_address],
        help_text="Used when no page is chosen, for example /signup/",
    )

    class Meta:
        value_class = LinkValue
        icon = "link"

    def get_api_representation(self, value: Any, context: Any = None) -> dict[str, str]:
        return {"label": value["label"], "href": value.href}


class FeatureBlock(blocks.StructBlock):
    icon = blocks.ChoiceBlock(choices=ICONS)
    title = blocks.CharBlock(max_length=80)
    text = blocks.TextBlock(max_length=300)


class FeatureGridBlock(blocks.StructBlock):
    eyebrow = blocks.CharBlock(required=False, max_length=40)
    title = blocks.CharBlock(max_length=120)
    intro = blocks.TextBlock(required=False)
    features = blocks.ListBlock(FeatureBlock(), min_num=1, max_num=9)

    class Meta:
        icon = "grip"
        template = "cms/blocks/feature_grid.html"
        group = "Sections"


class StepBlock(blocks.StructBlock):
    title = blocks.CharBlock(max_length=80)
    text = blocks.TextBlock(max_length=300)


class StepsBlock(blocks.StructBlock):
    eyebrow = blocks.CharBlock(required=False, max_length=40)
    title = blocks.CharBlock(max_length=120)
    steps = blocks.ListBlock(StepBlock(), min_num=2, max_num=5)

    class Meta:
        icon = "list-ol"
        template = "cms/blocks/steps.html"
        group = "Sections"


class FactBlock(blocks.StructBlock):
    figure = blocks.CharBlock(
        max_length=20, help_text="A number with its unit: 302 ms, $0, 10 links"
    )
    text = blocks.CharBlock(max_length=120)


class FactsBlock(blocks.StructBlock):
    title = blocks.CharBlock(required=False, max_length=120)
    facts = blocks.ListBlock(FactBlock(), min_num=2, max_num=4)

    class Meta:
        icon = "pick"
        template = "cms/blocks/facts.html"
        group = "Sections"


class ImageTextValue(blocks.StructValue):
    @property
    def artwork_template(self) -> str:
        """The drawing is made of the product's own components, so it follows light and dark."""
        return f"cms/art/{self.get('artwork')}.html"


class ImageTextBlock(blocks.StructBlock):
    eyebrow = blocks.CharBlock(required=False, max_length=40)
    title = blocks.CharBlock(max_length=120)
    text = blocks.RichTextBlock(features=[*PLAIN, "ul"])
    image = ImageBlock(required=False)
    artwork = blocks.ChoiceBlock(
        choices=ARTWORK, required=False, help_text="A drawing of ours, where no image is chosen"
    )
    picture_first = blocks.BooleanBlock(required=False)
    link = LinkBlock(required=False)

    class Meta:
        icon = "image"
        value_class = ImageTextValue
        template = "cms/blocks/image_text.html"
        group = "Sections"


class QuestionBlock(blocks.StructBlock):
    question = blocks.CharBlock(max_length=160)
    answer = blocks.RichTextBlock(features=PLAIN)

    class Meta:
        icon = "help"


class FaqBlock(blocks.StructBlock):
    title = blocks.CharBlock(max_length=120, default="Questions")
    questions = blocks.ListBlock(QuestionBlock(), min_num=1)

    class Meta:
        icon = "help"
        template = "cms/blocks/faq.html"
        group = "Sections"


class CallToActionBlock(blocks.StructBlock):
    title = blocks.CharBlock(max_length=120)
    text = blocks.TextBlock(required=False)
    primary = LinkBlock()
    secondary = LinkBlock(required=False)

    class Meta:
        icon = "pick"
        template = "cms/blocks/call_to_action.html"
        group = "Sections"


class PullQuoteBlock(blocks.StructBlock):
    text = blocks.TextBlock()
    source = blocks.CharBlock(required=False, max_length=120)

    class Meta:
        icon = "openquote"
        template = "cms/blocks/pull_quote.html"


class CodeBlock(blocks.StructBlock):
    caption = blocks.CharBlock(required=False, max_length=120)
    code = blocks.TextBlock()

    class Meta:
        icon = "code"
        template = "cms/blocks/code.html"


class FigureBlock(blocks.StructBlock):
    image = ImageBlock()
    caption = blocks.CharBlock(required=False, max_length=200)

    class Meta:
        icon = "image"
        template = "cms/blocks/figure.html"


def _sections() -> list[tuple[str, blocks.Block]]:
    return [
        ("feature_grid", FeatureGridBlock()),
        ("steps", StepsBlock()),
        ("facts", FactsBlock()),
        ("image_text", ImageTextBlock()),
        ("faq", FaqBlock()),
        ("call_to_action", CallToActionBlock()),
    ]


SECTIONS = _sections()
ARTICLE_BODY = [
    ("prose", blocks.RichTextBlock(features=PROSE, template="cms/blocks/prose.html")),
    ("quote", PullQuoteBlock()),
    ("code", CodeBlock()),
    ("figure", FigureBlock()),
    ("call_to_action", CallToActionBlock()),
]
PRICING_BODY = [("faq", FaqBlock()), ("call_to_action", CallToActionBlock())]
