"""Forms of the workspace's own pages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.utils import timezone

from identity.addresses import cleaned
from tenants import addresses, zones
from tenants.models import Membership, Role, Tenant
from tenants.permissions import May, roles_that_may
from tenants.scopes import Scope

_GIVEN = [(Role.MEMBER.value, "Member"), (Role.ADMIN.value, "Admin")]


class InviteForm(forms.Form):
    email = forms.EmailField(label="Email of your colleague")
    role = forms.ChoiceField(
        label="Role",
        choices=_GIVEN,
        help_text="Admins invite people, make API keys and see to billing.",
    )

    def clean_email(self) -> str:
        return cleaned(self.cleaned_data["email"])


class RoleForm(forms.Form):
    """Admin or member; an owner may also step down. Nobody is made an owner by it."""

    role = forms.ChoiceField(label="Role")

    def __init__(self, *args: Any, membership: Membership, **kwargs: Any) -> None:
        kwargs |= {"initial": {"role": membership.role}, "auto_id": f"role_{membership.pk}_%s"}
        super().__init__(*args, **kwargs)
        is_owner = membership.role == Role.OWNER
        own = [(Role.OWNER.value, "Owner")] if is_owner else []
        field = self.fields["role"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101
        field.choices = [*own, *_GIVEN]
        field.label = f"Role of {membership.user}"

    def chosen(self) -> Role:
        return Role(self.cleaned_data["role"])


class OfferForm(forms.Form):
    """To whom the workspace is offered."""

    to = forms.ModelChoiceField(
        label="New owner", queryset=Membership.objects.none(), empty_label="Choose a member"
    )
    stays = forms.BooleanField(label="I stay an owner, too", required=False)

    def __init__(self, *args: Any, tenant: Tenant, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["to"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101
        rows = Membership.objects.for_tenant(tenant).exclude(role=Role.OWNER)
        field.queryset = rows.select_related("user", "tenant").order_by("joined_at")
        field.label_from_instance = _who  # type: ignore[method-assign,assignment]


def _who(membership: Membership) -> str:
    user = membership.user
    return f"{user.name} ({user.email})" if user.name else user.email


class OpenDoorForm(forms.Form):
    """A domain that a member has proved."""

    # No choice field: why another domain cannot be opened is said by `doors`.
    domain = forms.CharField(label="Domain", max_length=253)

    def __init__(self, *args: Any, domains: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.domains = domains
        choices = [(domain, domain) for domain in domains]
        self.fields["domain"].widget = forms.Select(choices=choices)


class ApiKeyForm(forms.Form):
    name = forms.CharField(
        label="Name of the key",
        max_length=80,
        help_text="Where it will be used, such as “website”.",
    )
    scopes = forms.MultipleChoiceField(
        label="What it may do",
        choices=Scope.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one."},
        validators=[MaxLengthValidator(len(Scope.choices))],
    )
    days = forms.TypedChoiceField(
        label="Works for",
        choices=[
            ("30", "30 days"),
            ("90", "90 days"),
            ("365", "a year"),
            ("", "as long as it is kept"),
        ],
        coerce=int,
        empty_value=None,
        required=False,
        initial="365",
        help_text="Owners get a mail before its last day.",
    )

    def expires_at(self) -> datetime | None:
        days: int | None = self.cleaned_data["days"]
        return timezone.now() + timedelta(days=days) if days else None


class HolderForm(forms.Form):
    """Who shall hold a key, of those who may."""

    to = forms.ModelChoiceField(
        label="Hand over to", queryset=Membership.objects.none(), empty_label="Choose a member"
    )

    def __init__(
        self, *args: Any, tenant: Tenant, besides: Membership | None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        rows = Membership.objects.for_tenant(tenant).filter(role__in=roles_that_may(May.MAKE_KEYS))
        if besides is not None:
            rows = rows.exclude(pk=besides.pk)
        field = self.fields["to"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101
        field.queryset = rows.select_related("user", "tenant").order_by("joined_at")
        field.label_from_instance = _who  # type: ignore[method-assign,assignment]


class KeysFirstForm(HolderForm):
    """What becomes of somebody's keys when they go: `to` nobody means that they end."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["to"]
        field.label, field.required = "Their API keys", False
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101
        field.empty_label = "end now"


class WorkspaceForm(forms.ModelForm):
    time_zone = forms.ChoiceField(
        label="Time zone",
        choices=zones.choices,
        help_text="Where your days begin: usage is shown by day in it. Billing periods stay as they are.",
    )

    class Meta:
        model = Tenant
        fields = ["name", "time_zone"]
        labels = {"name": "Workspace name"}


class AddressForm(forms.Form):
    slug = forms.CharField(
        label="Address",
        max_length=addresses.SLUG_MAX_LENGTH,
        widget=forms.TextInput({"autocapitalize": "none", "spellcheck": "false"}),
    )

    def clean_slug(self) -> str:
        slug: str = self.cleaned_data["slug"].strip().lower()
        addresses.validate_slug(slug)
        return slug


class DeleteForm(forms.Form):
    """Nobody deletes a workspace by a slip of the hand: its name has to be typed."""

    name = forms.CharField(
        label="Name of the workspace", widget=forms.TextInput({"autocomplete": "off"})
    )

    def __init__(self, *args: Any, tenant: Tenant, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.tenant = tenant
        self.fields["name"].help_text = "Type it as it stands above."

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if name.strip() != self.tenant.name.strip():
            raise ValidationError("This is not the name of this workspace.")
        return name


class NewWorkspaceForm(forms.Form):
    name = forms.CharField(label="Workspace name", max_length=80)
