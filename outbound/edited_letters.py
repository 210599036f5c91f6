"""Letters as editors have written them: the same blocks as those in the code, with drafts and revisions.

What is live in the row is what leaves; Wagtail keeps drafts and what was before in its revisions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import connection, models
from django.db.models.functions import Cast
from django.http import HttpRequest, HttpResponse
from wagtail import blocks
from wagtail.fields import StreamField
from wagtail.models import DraftStateMixin, PreviewableMixin, RevisionMixin

from outbound import letter_preview, letters
from outbound.letters import Content, LetterKind

PREVIEWS = [("light", "Light"), ("dark", "Dark"), ("text", "As text")]


def _only_with() -> blocks.CharBlock:
    return blocks.CharBlock(
        required=False,
        max_length=60,
        label="Only with",
        help_text="A variable: while it is empty, this is left out.",
    )


class Heading(blocks.StructBlock):
    text = blocks.CharBlock(max_length=150)
    only_with = _only_with()


class Paragraph(blocks.StructBlock):
    text = blocks.TextBlock(max_length=2_000, rows=3)
    only_with = _only_with()


class Link(blocks.StructBlock):
    text = blocks.CharBlock(max_length=80)
    url = blocks.CharBlock(
        max_length=300, label="Address", help_text="The name of a variable, or https://…"
    )
    only_with = _only_with()


class Shows(blocks.StructBlock):
    variable = blocks.CharBlock(max_length=60)
    only_with = _only_with()


class Divider(blocks.StructBlock):
    only_with = _only_with()


BLOCKS: list[tuple[str, blocks.Block]] = [
    ("heading", Heading(icon="title", label="Heading")),
    ("paragraph", Paragraph(icon="pilcrow", label="Paragraph")),
    ("note", Paragraph(icon="info-circle", label="Small print")),
    ("button", Link(icon="link-external", label="Button")),
    ("link", Link(icon="link", label="Link")),
    ("code", Shows(icon="key", label="Code")),
    ("sentences", Shows(icon="bars", label="Sentences of a variable")),
    ("items", Shows(icon="list-ul", label="List of a variable")),
    ("verbatim", Shows(icon="code", label="Text as it is")),
    ("divider", Divider(icon="horizontalrule", label="Line across")),
]


_IS_EDITED = """
    SELECT EXISTS (SELECT FROM outbound_editedletter WHERE kind = %s AND language = ANY(%s) AND live)
"""


class EditedLetters(models.QuerySet["EditedLetter"]):
    def for_tenant(self, tenant: Any) -> Self:
        return self.none()  # they are the installation's

    def as_stored(self) -> Self:
        """With blocks whose kind is gone, which a StreamField loses without a word."""
        return self.annotate(stored=Cast("body", output_field=models.JSONField()))

    def in_force(self, kind: str, *, language: str) -> EditedLetter | None:
        """In this language, the language without its country, or the installation's."""
        wanted = list(dict.fromkeys([language, language.partition("-")[0], settings.LANGUAGE_CODE]))
        if not _is_edited(kind, wanted):  # nearly all
            return None
        live = self.as_stored().filter(kind=kind, language__in=wanted, live=True)
        rows = {row.language: row for row in live}
        return next((rows[each] for each in wanted if each in rows), None)


def _is_edited(kind: str, languages: Sequence[str]) -> bool:
    """Asked of every mail: to put the question above together costs more than to answer it."""
    with connection.cursor() as cursor:
        cursor.execute(_IS_EDITED, [kind, list(languages)])
        return bool(cursor.fetchone()[0])


class EditedLetter(PreviewableMixin, DraftStateMixin, RevisionMixin, models.Model):
    """The words of one kind of letter in one language. Not live: those in the code are in force."""

    stands_on_no_page: ClassVar = True  # publishing one builds no website

    kind = models.CharField(max_length=60, editable=False)
    language = models.CharField(max_length=12, editable=False)
    subject = models.CharField(max_length=200)
    preheader = models.CharField(
        max_length=200, blank=True, help_text="Stands beside the subject in lists of mails."
    )
    body = StreamField(BLOCKS)

    objects: ClassVar[Any] = EditedLetters.as_manager()

    class Meta:
        verbose_name = "letter"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "language"], name="one_letter_a_language")
        ]

    def __str__(self) -> str:
        label = self.declared.label if self.declared else self.kind
        return f"{label} ({self.language})"

    @property
    def declared(self) -> LetterKind | None:
        """None when no app declares it any more."""
        try:
            return letters.get(self.kind)
        except letters.UnknownKind:
            return None

    @property
    def content(self) -> Content:
        raw = getattr(self, "stored", None)
        return letters.from_raw(
            self.subject, self.preheader, self.body.raw_data if raw is None else raw
        )

    def problems(self) -> list[tuple[str, str]]:
        """Why it cannot be sent: part and sentence."""
        if self.declared is None:
            return [("body", f"No app sends a letter “{self.kind}” any more.")]
        return letters.problems(self.declared, self.content)

    def publish(self, revision: Any, *args: Any, **more: Any) -> Any:
        """Raises ValidationError, in words, for what could not be sent."""
        if wrong := revision.as_object().problems():
            raise ValidationError([sentence for _, sentence in wrong])
        return super().publish(revision, *args, **more)

    preview_modes = PREVIEWS

    def serve_preview(self, request: HttpRequest, mode_name: str) -> HttpResponse:
        return letter_preview.page(
            self.declared, self.content, language=self.language, mode=mode_name
        )
