"""One form of an address, stored by rule of the database and compared exactly."""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path
from uuid import uuid4

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.conf import settings
from django.db import IntegrityError, connection, transaction

from identity import addresses
from identity.models import Person, User
from identity.proofs import claims
from tenants.models import Invitation, SignupAttempt

PACKAGES = ["billing", "cms", "events", "identity", "metering", "plg_site", "product", "tenants"]


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("Ada@Example.COM", "ada@example.com"),
        (" ada@example.com ", "ada@example.com"),
        ("ada@Bücher.example", "ada@xn--bcher-kva.example"),
        ("ada@BU\N{COMBINING DIAERESIS}CHER.example", "ada@xn--bcher-kva.example"),
        ("ada@\N{FULLWIDTH LATIN SMALL LETTER E}xample.com", "ada@example.com"),
        ("ada@exampl\u0131.com", "ada@xn--exampl-u9a.com"),
        ("ada@xn--bcher-kva.example", "ada@xn--bcher-kva.example"),
    ],
)
def test_an_address_has_one_form(typed, stored):
    assert addresses.normal(typed) == stored
    assert addresses.normal(stored) == stored


@pytest.mark.parametrize(
    "typed",
    ["", "ada", "@example.com", "ada@", "ad\u0131@example.com", "a b@example.com", "a@\ud800"],
)
def test_what_has_no_such_form_is_no_address(typed):
    with pytest.raises(addresses.NotAnAddress):
        addresses.normal(typed)


STORE = {
    User: "UPDATE identity_user SET email = %s",
    Person: "UPDATE identity_person SET email = %s",
    EmailAddress: "UPDATE account_emailaddress SET email = %s",
    Invitation: """
        INSERT INTO tenants_invitation
            (id, tenant_id, email, role, token_hash, created_at, expires_at)
        SELECT gen_random_uuid(), id, %s, 'member', 'x', now(), now() FROM tenants_tenant LIMIT 1
    """,
    SignupAttempt: """
        INSERT INTO tenants_signupattempt (token, email, created_at)
        VALUES (gen_random_uuid(), %s, now())
    """,
}


@pytest.mark.parametrize("model", STORE)
@pytest.mark.parametrize("email", ["Ada@example.com", "ada@bücher.example", "a da@example.com"])
def test_the_database_refuses_every_other_form(db, model, email):
    refused = pytest.raises(IntegrityError, match="is_normal")
    with connection.cursor() as cursor, refused, transaction.atomic():
        cursor.execute(STORE[model], [email])


def test_every_address_of_ours_is_such_a_field():
    """A model that gets an address later has the form, the look-up and the constraint, too."""
    from django.db.models import EmailField

    ours = ("identity", "tenants", "tenant_domains", "metering", "billing", "events", "cms")
    for model in apps.get_models():
        if model._meta.app_label not in ours:
            continue
        for field in model._meta.get_fields():
            if isinstance(field, EmailField):
                assert isinstance(field, addresses.AddressField), f"{model.__name__}.{field.name}"
                conditions = [str(getattr(c, "condition", "")) for c in model._meta.constraints]
                assert any(addresses.STORED in each for each in conditions), model.__name__


def test_addresses_are_not_folded_when_they_are_looked_up():
    with pytest.raises(TypeError, match="exactly"):
        User.objects.filter(email__iexact="ada@example.com")
    with pytest.raises(TypeError, match="exactly"):
        Invitation.objects.filter(email__iexact="ada@example.com")


@pytest.mark.parametrize("package", PACKAGES)
def test_no_look_up_of_ours_folds_letters(package):
    """Neither does one of allauth's table, where no field of ours can refuse it."""
    for path in (Path(settings.BASE_DIR) / package).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [node.arg] if isinstance(node, ast.keyword) and node.arg else []
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                names.append(node.value if node.value.isidentifier() else "")
            for name in names:
                assert not name.endswith(("__iexact", "__istartswith")), f"{path}:{name}"


class TestTheMigration:
    """What was stored before there was one form."""

    @pytest.fixture
    def before(self, db):
        """The tables without their constraints; the test's rollback brings them back."""
        with connection.cursor() as cursor:
            for table, name in (
                ("identity_user", "user_email_is_normal"),
                ("identity_person", "person_email_is_normal"),
                ("account_emailaddress", "emailaddress_is_normal"),
            ):
                cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")

    def run(self) -> None:
        migration = import_module("identity.migrations.0003_normal_addresses")
        migration.normalise(apps, None)

    def store(self, user: User, email: str, *, verified: bool, primary: bool = False) -> int:
        row = EmailAddress.objects.create(
            user=user, email=f"{uuid4().hex}@x.example", verified=verified, primary=primary
        )
        EmailAddress.objects.filter(pk=row.pk).update(email=email)
        return row.pk

    def test_it_writes_each_in_its_form(self, before):
        user = User.objects.create_user("x@example.org")
        pk = self.store(user, "Ada@Bücher.example", verified=True, primary=True)
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE identity_user SET email = 'Ada@Bücher.example' WHERE id = %s", [user.pk]
            )
        self.run()
        user.refresh_from_db()
        assert user.email == "ada@xn--bcher-kva.example"
        assert EmailAddress.objects.get(pk=pk).email == user.email
        assert user.has_verified_email

    def test_of_two_owners_the_first_keeps_it(self, before, people):
        later = self.store(people.outsider, "Owner@Acme.example", verified=True)
        self.run()
        assert claims.proved("owner@acme.example").user == people.acme_owner
        assert not EmailAddress.objects.get(pk=later).verified

    def test_two_forms_of_one_person_become_one(self, before, people):
        self.store(people.outsider, "Outsider@Example.com", verified=False)
        self.run()
        row = EmailAddress.objects.get(user=people.outsider)
        assert (row.email, row.verified, row.primary) == ("outsider@example.com", True, True)

    def test_what_has_no_form_is_written_out_and_proves_nothing(self, before, people):
        pk = self.store(people.outsider, "ad\u0131@example.com", verified=True)
        self.run()
        row = EmailAddress.objects.get(pk=pk)
        assert (row.email, row.verified) == ("ad_131_@example.com", False)
