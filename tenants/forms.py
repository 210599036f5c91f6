"""Forms of the workspace's own pages."""

from __future__ import annotations

from django import forms

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


class WorkspaceNameForm(forms.ModelForm):
    class Meta:
        model = Tenant
        fields = ["name"]
        labels = {"name": "Workspace name"}


class NewWorkspaceForm(forms.Form):
    name = forms.CharField(label="Workspace name", max_length=80)
