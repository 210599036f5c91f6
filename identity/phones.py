"""Phone numbers in one form: E.164, "+" and at most fifteen digits."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError
from django.db import models

E164 = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)


def normal(text: str) -> str:
    """What somebody typed, with its country in front ("+49 151 …", "0049 151 …"); "" for what is none.

    The numbering plan of the country is asked (`phonenumbers`, which knows them all).
    """
    import phonenumbers  # takes memory that most processes do not need

    typed = text.strip()[:40]
    typed = f"+{typed[2:]}" if typed.startswith("00") else typed
    if not typed.startswith("+"):
        return ""
    try:
        number = phonenumbers.parse(typed)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_valid_number(number):
        return ""
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def cleaned(text: str) -> str:
    """For forms: the number, or "" for nothing. Raises ValidationError."""
    if not text.strip():
        return ""
    found = normal(text)
    if not found:
        raise ValidationError(
            "That is no phone number. Write it with its country: +49 151 23456789."
        )
    return found


def constraint(name: str) -> models.CheckConstraint:
    """A row has a number in its one form, or none."""
    return models.CheckConstraint(
        condition=models.Q(phone="") | models.Q(phone__regex=r"^\+[1-9][0-9]{6,14}$"), name=name
    )
