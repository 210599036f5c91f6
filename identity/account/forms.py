"""Forms of one's own account."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError

from identity import locales, phones, reached, zones
from identity.addresses import of_typed
from identity.models import Person, User
from identity.persons import person_of


class ProfileForm(forms.ModelForm):
    class Meta:
        model = User
        fields: ClassVar[list[str]] = ["name", "time_zone"]  # and what is the person's, below
        labels: ClassVar[dict[str, str]] = {"name": "Your name", "time_zone": "Time zone"}
        help_texts: ClassVar[dict[str, str]] = {
            "name": "As your colleagues see it.",
            "time_zone": "Of the times on these pages, and of what we send you: no news at your night. "
            "A workspace has a time zone of its own.",
        }
        widgets: ClassVar[dict[str, Any]] = {
            "name": forms.TextInput({"autocomplete": "name"}),
            "time_zone": forms.Select(choices=zones.choices()),
        }

    locale = forms.ChoiceField(
        label="Language", required=False, choices=[("", "Not said"), *locales.choices()],
        help_text="In which you like to read what we send.",
    )  # fmt: skip
    phone = forms.CharField(
        label="Mobile phone", required=False, max_length=40,
        widget=forms.TextInput({"type": "tel", "autocomplete": "tel"}),
        help_text="With its country, like +49 151 23456789. We send nothing to it unless you ask for it.",
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = Person.objects.filter(user=self.instance).first()  # to look makes none
        if self.person:
            self.initial["locale"], self.initial["phone"] = self.person.locale, self.person.phone
            self.initial["time_zone"] = self.person.time_zone or self.initial["time_zone"]

    def clean_phone(self) -> str:
        return phones.cleaned(self.cleaned_data["phone"])

    def save(self, commit: bool = True) -> User:
        """What was changed is given from now on; what was left as it stood stays what it was."""
        user: User = super().save(commit)
        said = {
            name: self.cleaned_data[name] for name in reached.FIELDS if name in self.changed_data
        }
        if said:
            reached.learn(person_of(user), source=reached.From.GIVEN, **said)
        return user

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
