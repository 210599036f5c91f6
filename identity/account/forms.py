"""Forms of one's own account."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError

from identity import zones
from identity.addresses import of_typed
from identity.models import User


class ProfileForm(forms.ModelForm):
    class Meta:
        model = User
        fields: ClassVar[list[str]] = ["name", "time_zone"]
        labels: ClassVar[dict[str, str]] = {"name": "Your name", "time_zone": "Time zone"}
        help_texts: ClassVar[dict[str, str]] = {
            "name": "As your colleagues see it.",
            "time_zone": "Of the times on these pages. A workspace has a time zone of its own.",
        }
        widgets: ClassVar[dict[str, Any]] = {
            "name": forms.TextInput({"autocomplete": "name"}),
            "time_zone": forms.Select(choices=zones.choices()),
        }

    def clean_name(self) -> str:
        name = " ".join(self.cleaned_data["name"].split())
        if not name:
            raise ValidationError("Tell us a name; it may be short.")
        return name


class CloseForm(forms.Form):
    email = forms.CharField(
        label="Your main address",
        max_length=254,
        help_text="Type it, so that this does not happen by mistake.",
        widget=forms.EmailInput({"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_email(self) -> str:
        email = of_typed(self.cleaned_data["email"])
        if email != self.user.email:
            raise ValidationError("This is not your main address.")
        return email
