"""What people type about links and files."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from product import codes, targets
from product.files import in_bytes
from product.models import CODE_MAX_LENGTH, Link

_PLAIN = {"autocapitalize": "none", "autocomplete": "off", "spellcheck": "false"}


class TargetField(forms.CharField):
    """An address; "example.com/page" is read as "https://example.com/page"."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput(
            {**_PLAIN, "inputmode": "url", "placeholder": "https://example.com/a-long-page"}
        )
        super().__init__(label="Where should it lead?", widget=widget, **kwargs)

    def to_python(self, value: Any) -> str:
        text = super().to_python(value) or ""
        looks_like_a_host = "." in text.partition("/")[0] and ":" not in text.partition("/")[0]
        return f"https://{text}" if looks_like_a_host else text

    def clean(self, value: Any) -> str:
        """The address as it is kept: with the host that browsers make of it."""
        text = super().clean(value)
        return targets.validate_target(text) if text else text


class CodeField(forms.CharField):
    """The last part of the short address; empty for a random one."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            label="Short name",
            required=False,
            widget=forms.TextInput({**_PLAIN, "placeholder": "summer-sale"}),
            **kwargs,
        )

    def validate(self, value: str) -> None:
        super().validate(value)
        if value:
            codes.validate_code(value)


class QuickLinkForm(forms.Form):
    """The form on the home page: an address, and a name if they like."""

    target_url = TargetField()
    code = CodeField()


class LinkForm(QuickLinkForm):
    """A new link with everything about it."""

    code = CodeField(
        help_text=f"{codes.SHORTEST} to {CODE_MAX_LENGTH} letters, digits, hyphens. "
        "Leave it empty and we make one up."
    )
    title = forms.CharField(
        label="Title",
        required=False,
        max_length=120,
        help_text="For your own list; visitors do not see it.",
    )


class EditLinkForm(forms.Form):
    """Where a link leads from now on. The code stays: it is printed on posters."""

    target_url = TargetField()
    title = LinkForm.base_fields["title"]

    def __init__(self, *args: Any, link: Link, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if link.file_id:
            del self.fields["target_url"]


class UploadForm(forms.Form):
    """One file."""

    file = forms.FileField(label="File", allow_empty_file=True)

    def __init__(self, *args: Any, max_bytes: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].help_text = f"Up to {in_bytes(max_bytes)}. You can drop it here, too."
        self.fields["file"].widget.attrs["data-max-bytes"] = str(max_bytes)
        self.fields["file"].error_messages["required"] = "Choose a file first."


def code_taken(code: str) -> ValidationError:
    """The words for a code that another link has."""
    return ValidationError(
        f"“{code}” is in use by another link. Please choose another.", code="taken"
    )
