"""One way to write a mail address down, so that equal means equal.

Small letters, and the domain in ASCII (IDNA 2008 with the mapping of UTS 46). Addresses are stored like
this, a constraint of the database holds them to it, and they are compared exactly. Letting the database
fold letters would make a second rule: in SQL, a dotless i is an i in capitals, and somebody else's
domain would be taken for one's own.
"""

from __future__ import annotations

from typing import Any

import idna
from django.core.exceptions import ValidationError
from django.db import models

# Printable ASCII without space and capitals.
STORED = r"^[!-@[-~]*$"


class NotAnAddress(ValueError):
    """The text cannot be written as an address; the message says why."""


def normal(email: str) -> str:
    """The address as it is stored. Raises NotAnAddress; whether it exists nobody asks here."""
    local, at, domain = email.strip().rpartition("@")
    if not at or not local or not domain:
        raise NotAnAddress("An address has a name, an @ and a domain.")
    if not local.isascii() or not local.isprintable() or " " in local:
        raise NotAnAddress("Before the @, only plain letters, digits and signs can be used.")
    return f"{local.lower()}@{normal_domain(domain)}"


def of_typed(text: str) -> str:
    """The address that somebody typed, as it would be stored; "" where it is none."""
    try:
        return normal(text)
    except NotAnAddress:
        return ""


def normal_domain(domain: str) -> str:
    """What stands behind the @, as it is stored. Raises NotAnAddress."""
    domain = domain.strip()
    if domain.isascii():
        if not domain.isprintable() or " " in domain:
            raise NotAnAddress(f"“{domain}” is not a domain.")
        return domain.lower()
    try:
        return idna.encode(domain, uts46=True, transitional=False).decode().lower()
    except (idna.IDNAError, UnicodeError) as error:
        raise NotAnAddress(f"“{domain}” is not a domain.") from error


def cleaned(email: str) -> str:
    """For forms: as `normal`, but raises ValidationError."""
    try:
        return normal(email)
    except NotAnAddress as error:
        raise ValidationError(str(error), code="not_an_address") from error


def constraint(name: str) -> models.CheckConstraint:
    """What the database asks of the column `email`."""
    return models.CheckConstraint(condition=models.Q(email__regex=STORED), name=name)


class AddressField(models.EmailField):
    """An address, stored and looked up in its normal form.

    What has none is looked up as it is and not found; storing it breaks the constraint.
    """

    def to_python(self, value: Any) -> Any:
        return _or_as_it_is(super().to_python(value))

    def get_prep_value(self, value: Any) -> Any:
        return _or_as_it_is(super().get_prep_value(value))

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = _or_as_it_is(getattr(model_instance, self.attname))
        setattr(model_instance, self.attname, value)
        return value


@AddressField.register_lookup
class NoFolding(models.lookups.IExact):
    """There is one rule for equal addresses, and this is not it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise TypeError("Addresses are stored in one form: compare them exactly.")


def _or_as_it_is(value: Any) -> Any:
    if not isinstance(value, str) or not value:
        return value
    try:
        return normal(value)
    except NotAnAddress:
        return value
