"""The editor's form: a draft may say anything, what is published can be sent."""

from __future__ import annotations

from typing import Any

from django.forms.utils import ErrorList
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.blocks.stream_block import StreamBlockValidationError

from outbound import letters


class LetterForm(WagtailAdminModelForm):
    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean()
        if "action-publish" not in self.data:
            return cleaned
        kind = self.instance.declared
        if kind is None:
            self.add_error(None, f"No app sends a letter “{self.instance.kind}” any more.")
            return cleaned
        if "body" not in cleaned:
            return cleaned
        content = letters.from_raw(
            cleaned.get("subject", ""),
            cleaned.get("preheader", ""),
            cleaned["body"].get_prep_value(),
        )
        wrong = letters.problems(kind, content)
        for part, sentence in wrong:
            if part != "body":
                self.add_error(part if part in cleaned else None, sentence)
        if of_body := [sentence for part, sentence in wrong if part == "body"]:
            # The error that the widget of blocks knows how to show.
            said = StreamBlockValidationError(non_block_errors=ErrorList(of_body))
            self.add_error("body", said)
        return cleaned
