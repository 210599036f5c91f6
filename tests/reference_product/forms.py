"""What people type."""

from django import forms

from tests.reference_product.models import NAME_MAX_LENGTH


class ThingForm(forms.Form):
    """A new thing."""

    name = forms.CharField(label="Name", max_length=NAME_MAX_LENGTH)
