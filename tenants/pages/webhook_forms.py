"""Forms of the pages of webhooks."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator

from outbound import webhooks
from tenants.webhooks import offered

_MOST_EVENTS = 500  # kinds of events; a product has some dozens


class EndpointForm(forms.Form):
    url = forms.CharField(
        label="Address",
        max_length=500,
        widget=forms.URLInput(attrs={"placeholder": "https://"}),
        help_text="Begins with https:// and can be reached from the internet.",
    )
    description = forms.CharField(label="What it is for", max_length=100, required=False)
    names = forms.MultipleChoiceField(
        label="Events",
        widget=forms.CheckboxSelectMultiple(),
        choices=(),
        validators=[MaxLengthValidator(_MOST_EVENTS)],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["names"]
        assert isinstance(field, forms.MultipleChoiceField)  # noqa: S101
        field.choices = [(name, name) for name in offered()]

    def clean_url(self) -> str:
        url = str(self.cleaned_data["url"]).strip()
        try:
            webhooks.check_url(url)
        except webhooks.NotAllowed as refused:
            raise ValidationError(str(refused)) from None
        return url
