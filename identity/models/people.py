"""User (a login) and Person (a human, known or anonymous)."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.indexes import GinIndex
from django.db import connection, models
from django.utils import timezone
from django.utils.crypto import salted_hmac
from uuid_utils.compat import uuid7

from identity import addresses, phones, zones
from identity.names import ONE_LINE, NameField
from identity.standing import Standing


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """A new user. Without a password they sign in with a mailed code. Raises NotAnAddress."""
        user = self.model(email=addresses.normal(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


# Wagtail's image model has a manager without types.
class User(Standing, AbstractBaseUser, PermissionsMixin):  # type: ignore[django-manager-missing]
    """The login of a known person.

    `email` is not unique here: until an address is verified nobody owns it, and refusing a second
    sign-up would tell a stranger who is a customer. allauth keeps *verified* addresses unique.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = addresses.AddressField("email address", db_index=True)
    name = NameField(max_length=120, blank=True)
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(default=timezone.now)
    # Which version of the terms this person agreed to at sign-up; "": there were none to agree to.
    terms_version = models.CharField(max_length=60, blank=True, default="", db_default="")
    terms_agreed_at = models.DateTimeField(null=True, blank=True)
    # In which times are shown on the pages of one's own account; as the person's, when they say so.
    time_zone = models.CharField(
        max_length=64, default="UTC", db_default="UTC", validators=[zones.validate_time_zone]
    )
    # Part of what every session is checked against: one more ends all that there are.
    sign_in_generation = models.PositiveIntegerField(default=0, db_default=0, editable=False)

    # The browser whose history was joined to this user's person, in the request that did so.
    bound_browser: uuid.UUID | None = None

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=ONE_LINE, name="user_name_is_one_line"),
            addresses.constraint("user_email_is_normal"),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def agree(self, version: str) -> None:
        """Note what the sign-up page asked to agree to; does not save."""
        self.terms_version, self.terms_agreed_at = version, timezone.now() if version else None

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name.split(" ")[0] if self.name else self.email.split("@")[0]

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """Django's, and from the first "sign out everywhere" on one that ends with each of them."""
        if not self.sign_in_generation:
            return super()._get_session_auth_hash(secret=secret)  # type: ignore[misc]
        said = f"{self.password}:{self.sign_in_generation}"
        return salted_hmac(
            "identity.User.sessions", said, secret=secret, algorithm="sha256"
        ).hexdigest()

    # Wagtail's admin reads these two names.
    @property
    def first_name(self) -> str:
        return self.get_short_name()

    @property
    def last_name(self) -> str:
        return self.name.partition(" ")[2]

    @property
    def has_verified_email(self) -> bool:
        """Whether this user has proved that the address is theirs."""
        from allauth.account.models import EmailAddress

        return EmailAddress.objects.filter(user=self, email=self.email, verified=True).exists()

    # Rights over the website and over the installation are given to an address. They count only while
    # it is proved: whoever signs up with an administrator's address gets nothing by it.

    @property
    def is_working_staff(self) -> bool:
        """Whether the staff pages are open to this user."""
        return self.is_active and self.is_staff and self.has_verified_email

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return super().has_perm(perm, obj) and self.has_verified_email

    def has_module_perms(self, app_label: str) -> bool:
        return super().has_module_perms(app_label) and self.has_verified_email

    def get_all_permissions(self, obj: Any = None) -> set[str]:
        found = super().get_all_permissions(obj)
        return found if found and self.has_verified_email else set()


class Person(models.Model):
    """A human, known (with a user) or anonymous (with a browser's id). Tenant tables hold its id."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.OneToOneField(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="person"
    )
    email = addresses.AddressField(blank=True)
    name = NameField(max_length=120, blank=True)
    attributes = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    # When they proved that `email` is theirs, for somebody without a login; a user's is allauth's.
    email_proved_at = models.DateTimeField(null=True, blank=True)
    # The one that this turned out to be (`PersonMerge` says how, and until when).
    merged_into = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="absorbed"
    )

    class From(models.TextChoices):
        """How something is known."""

        GIVEN = "given", "They said so."
        BROWSER = "browser", "Their browser said so."
        IMPORT = "import", "It was imported."

    # By what a person is reached, and how each is known (`identity.reached`); "": not known.
    time_zone = models.CharField(
        max_length=64, blank=True, default="", db_default="", validators=[zones.validate_time_zone]
    )
    time_zone_from = models.CharField(
        max_length=10, choices=From.choices, blank=True, default="", db_default=""
    )
    locale = models.CharField(max_length=20, blank=True, default="", db_default="")
    locale_from = models.CharField(
        max_length=10, choices=From.choices, blank=True, default="", db_default=""
    )
    phone = models.CharField(max_length=16, blank=True, default="", db_default="")  # E.164
    phone_from = models.CharField(
        max_length=10, choices=From.choices, blank=True, default="", db_default=""
    )

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=ONE_LINE, name="person_name_is_one_line"),
            addresses.constraint("person_email_is_normal"),
            phones.constraint("person_phone_is_e164"),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["email"], opclasses=["varchar_pattern_ops"], name="person_by_address"
            ),
            GinIndex(fields=["attributes"], opclasses=["jsonb_path_ops"], name="person_attributes"),
        ]
        # What staff may do with a person besides looking; given by group in the CMS.
        permissions: ClassVar = [
            ("merge_person", "Can join two persons and take them apart"),
            ("export_person", "Can export everything known of a person"),
            ("erase_person", "Can forget a person"),
        ]

    def __str__(self) -> str:
        return self.name or self.email or f"anonymous {self.id}"


class PersonAliasQuerySet(models.QuerySet["PersonAlias"]):
    """Whose browsers there are."""

    def bind(self, anonymous_id: uuid.UUID, person: Person) -> bool:
        """Whether the browser was nobody's yet; one statement, as everybody who signs up waits for it."""
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO identity_personalias (anonymous_id, person_id, created_at)"
                " VALUES (%s, %s, %s) ON CONFLICT (anonymous_id) DO NOTHING",
                [anonymous_id, person.pk, timezone.now()],
            )
            return bool(cursor.rowcount)


class PersonAlias(models.Model):
    """Binds a browser's anonymous id to the person that it turned out to be.

    Somebody signed in there, or (`told_at`) a server of ours said so: then the earliest that was said
    counts, in whatever order it came.
    """

    anonymous_id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="aliases")
    created_at = models.DateTimeField(default=timezone.now)
    # As events have it, where that is no UUID (`people.subjects.browser`).
    said = models.CharField(max_length=200, blank=True, default="", db_default="")
    told_at = models.DateTimeField(null=True, blank=True)
    told_by = models.UUIDField(null=True, blank=True)  # the event

    objects = PersonAliasQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.anonymous_id} is {self.person_id}"
