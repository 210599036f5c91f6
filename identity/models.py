"""User (a login) and Person (a human, known or anonymous)."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.utils import timezone
from django.utils.crypto import salted_hmac
from uuid_utils.compat import uuid7

from identity import addresses, zones
from identity.names import ONE_LINE, NameField
from identity.security import sealing
from identity.security.models import MailChoice, SignIn
from identity.standing import Standing

__all__ = [
    "Beginning",
    "DerivedSession",
    "Grant",
    "MailChoice",
    "MailedCode",
    "Merge",
    "Person",
    "PersonAlias",
    "SignIn",
    "SigningKey",
    "User",
]

_CODES = "identity.mailed-code"


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
    # An IANA name: in which times are shown on the pages of one's own account.
    time_zone = models.CharField(
        max_length=64, default="UTC", db_default="UTC", validators=[zones.validate_time_zone]
    )
    # Part of what every session is checked against: one more ends all that there are.
    sign_in_generation = models.PositiveIntegerField(default=0, db_default=0, editable=False)

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

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=ONE_LINE, name="person_name_is_one_line"),
            addresses.constraint("person_email_is_normal"),
        ]

    def __str__(self) -> str:
        return self.name or self.email or f"anonymous {self.id}"


class PersonAlias(models.Model):
    """Binds a browser's anonymous id to the person that it turned out to be."""

    anonymous_id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="aliases")
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.anonymous_id} is {self.person_id}"


class SigningKey(models.Model):
    """A key of our OpenID Connect provider, sealed (`oidc.keys`)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    sealed = models.TextField()
    created_at = models.DateTimeField(default=timezone.now)
    not_before = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"key of {self.created_at:%Y-%m-%d}"


class DerivedSession(models.Model):
    """A session at a client of this program (a workspace's own domain), and the site's sign-in
    (`sid`) that it came from: they end together."""

    session_key = models.CharField(primary_key=True, max_length=40)
    sid = models.CharField(max_length=36, blank=True, db_index=True)
    client_id = models.CharField(max_length=100, db_index=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.user} at {self.client_id}"


class Beginning(models.Model):
    """A sign-up: with which address it began, when and from where; and what its person said about it
    once the address was proved."""

    user = models.OneToOneField(
        User, primary_key=True, on_delete=models.CASCADE, related_name="beginning"
    )
    email = addresses.AddressField()
    at = models.DateTimeField(default=timezone.now)
    client_address = models.GenericIPAddressField(null=True)
    things: tuple[str, ...] = ()  # the names of what was begun, in the request that began it
    # The address was proved by somebody else than who had begun: all that had been given out ended.
    ended_at = models.DateTimeField(null=True)
    # The person has yet to be asked what of it they keep.
    to_ask = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [addresses.constraint("beginning_email_is_normal")]

    def __str__(self) -> str:
        return f"{self.email} at {self.at:%Y-%m-%d %H:%M}"


class Merge(models.Model):
    """Two sign-ups that were joined, or one that was thrown away by who had proved its address. For
    some days it can be undone, so nobody is deleted before."""

    THROWN_AWAY = "thrown_away"  # in `moved`: instead of what was moved, what went

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kept = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="joined")
    merged = models.OneToOneField(User, on_delete=models.CASCADE, related_name="joined_into")
    at = models.DateTimeField(default=timezone.now)
    # What was moved, by whoever moved it (receivers of `users_merged`), to be moved back.
    moved = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"{self.merged_id} into {self.kept_id}"

    @property
    def is_thrown_away(self) -> bool:
        """Whether nothing was joined."""
        return self.THROWN_AWAY in self.moved


class MailedCode(models.Model):
    """A code that is alive (identity.mailed_codes), how often it was mailed, how often got wrong.

    Asking again sends the same one, so it must be had once more: it is sealed, and found by its mark.
    """

    email = addresses.AddressField(db_index=True)
    purpose = models.CharField(max_length=10, default="sign-in")
    mark = models.CharField(max_length=64, db_index=True)
    sealed = models.TextField()
    made_at = models.DateTimeField(default=timezone.now, db_index=True)
    mails = models.PositiveIntegerField(default=0)
    wrong = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [addresses.constraint("mailed_code_email_is_normal")]

    def __str__(self) -> str:
        return f"{self.email} at {self.made_at:%H:%M}"

    @classmethod
    def of(cls, email: str, code: str, **fields: Any) -> MailedCode:
        """A new row, not saved."""
        sealed = sealing.seal(code, about=_CODES)
        return cls(email=email, mark=cls.mark_of(code), sealed=sealed, **fields)

    @staticmethod
    def mark_of(code: str) -> str:
        """What a code is found by; nobody without SECRET_KEY can try codes against it."""
        return salted_hmac(_CODES, code, algorithm="sha256").hexdigest()

    @property
    def code(self) -> str:
        """Raises sealing.NotOpened where SECRET_KEY has changed since."""
        return sealing.open_sealed(self.sealed, about=_CODES)


class Grant(models.Model):
    """What a client was given, and the site's session it came from: they end together.

    `id` is the name that allauth gives it, in the data of its code, its tokens and what follows them.
    """

    id = models.CharField(primary_key=True, max_length=36)
    client_id = models.CharField(max_length=100, db_index=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    session_key = models.CharField(max_length=40, db_index=True)
    sid = models.CharField(max_length=36, db_index=True)
    signed_in_at = models.DateTimeField()  # when the person proved who they are: `auth_time`
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    def __str__(self) -> str:
        return f"{self.user} at {self.client_id}"
