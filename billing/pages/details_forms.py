"""Forms of the page for whom the invoices are, and who gets them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django import forms

from billing.paying import tax_ids
from billing.paying.countries import COUNTRIES
from billing.paying.details import LONGEST, Details


def _text(label: str, autocomplete: str, *, required: bool = False) -> forms.CharField:
    widget = forms.TextInput(attrs={"autocomplete": autocomplete})
    return forms.CharField(label=label, max_length=LONGEST, required=required, widget=widget)


class DetailsForm(forms.Form):
    """Name and address; `details.Details` says what is wrong with them."""

    name = _text("Company or name", "organization", required=True)
    line1 = _text("Street and number", "address-line1", required=True)
    line2 = _text("Building, floor, department", "address-line2")
    postal_code = _text("Postal code", "postal-code")
    city = _text("Town", "address-level2", required=True)
    state = _text("State or province", "address-level1")
    country = forms.ChoiceField(
        label="Country",
        choices=[("", "Choose a country"), *sorted(COUNTRIES.items(), key=lambda one: one[1])],
        widget=forms.Select(attrs={"autocomplete": "country"}),
    )

    @classmethod
    def showing(cls, details: Details) -> DetailsForm:
        return cls(initial=asdict(details))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for field, words in self.details.problems().items():
            if field not in self.errors:
                self.add_error(field, words)
        return cleaned

    @property
    def details(self) -> Details:
        return Details.read({key: str(value) for key, value in self.cleaned_data.items()})


class TaxIdForm(forms.Form):
    """What kind of number, and the number."""

    kind = forms.ChoiceField(
        label="Kind of tax ID", choices=[("", "Choose a kind"), *tax_ids.TYPES.items()]
    )
    value = forms.CharField(label="Number", max_length=40)


class ContactForm(forms.Form):
    """An address that shall get mails about money."""

    email = forms.EmailField(label="Mail address", max_length=254)
