"""Forms of the workspace's own pages."""

from __future__ import annotations

from django import forms

from tenants import zones
from tenants.models import Role, Tenant


class InviteForm(forms.Form):
    email = forms.EmailField(label="Email of your colleague")
    role = forms.ChoiceField(
        label="Role",
        choices=[(Role.MEMBER.value, "Member"), (Role.ADMIN.value, "Admin")],
        help_text="Admins invite people, make API keys and see billing.",
    )


class ApiKeyForm(forms.Form):
    name = forms.CharField(
        label="Name of the key",
        max_length=80,
        help_text="Where it will be used, such as “website”.",
    )


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


class NewWorkspaceForm(forms.Form):
    name = forms.CharField(label="Workspace name", max_length=80)
