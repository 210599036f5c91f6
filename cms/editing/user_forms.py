"""Forms and views for the users of the website's administration."""

from __future__ import annotations

from typing import Any, ClassVar

from allauth.account.models import EmailAddress
from django import forms
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db.models import Q
from wagtail.admin.views.account import AccountView, BaseSettingsPanel, NameEmailSettingsPanel
from wagtail.users.forms import UserCreationForm, UserEditForm
from wagtail.users.models import UserProfile
from wagtail.users.views.users import UserViewSet

from cms.editing import user_signals

User = get_user_model()

NOT_VERIFIED = "They have not verified their address yet, so they cannot be given a role."
_PROVEN_ELSEWHERE = {"name_email", "password"}


class NewEditorForm(UserCreationForm):
    """Invites somebody who has no account: their rights begin when they open the link in the mail."""

    first_name = None
    last_name = None
    name = forms.CharField(max_length=120)

    # They choose a password, or ask for a code by mail, where everybody signs in.
    password_enabled = False

    class Meta(UserCreationForm.Meta):
        fields: ClassVar[set[str]] = {"email", "name", "is_superuser", "groups"}

    def clean_email(self) -> str:
        email: str = User._meta.get_field("email").to_python(self.cleaned_data["email"])
        if EmailAddress.objects.filter(email=email, verified=True).exists():
            raise forms.ValidationError(
                "They have an account here. Find them in the list and give them the role there."
            )
        if _invited(email):
            raise forms.ValidationError(
                "They are invited already. If the mail is lost, they can sign in with a mailed code."
            )
        return email

    def _clean_username(self) -> None:
        """Whoever signed up with the address and has not proved it is not in the way."""

    def save(self, commit: bool = True) -> Any:
        self.instance.set_unusable_password()
        user = super().save(commit)
        if commit:
            EmailAddress.objects.create(
                user=user, email=user.email, primary=True
            ).send_confirmation()
        return user


class EditorForm(UserEditForm):
    first_name = None
    last_name = None
    name = forms.CharField(max_length=120)
    password_enabled = False

    # An address is changed by its owner, who proves the new one.
    email = forms.EmailField(disabled=True, required=False)

    class Meta(UserEditForm.Meta):
        fields: ClassVar[set[str]] = {"email", "name", "is_active", "is_superuser", "groups"}

    def clean_is_active(self) -> bool:
        is_active = bool(self.cleaned_data["is_active"])
        goes = not is_active and self.initial.get("is_active")
        if goes and (words := user_signals.refusal([self.instance])):
            raise ValidationError(words)
        return is_active

    def save(self, commit: bool = True) -> Any:
        user = super().save(commit)
        if self.initial.get("is_active") and not user.is_active:
            user_signals.user_deactivated.send(sender=type(user), user=user)
        return user

    def _clean_username(self) -> None:
        """The address does not change here, and may be another user's who has not proved it."""

    def clean(self) -> dict[str, Any]:
        """Rights are given to people who have proved who they are; taking them is always possible."""
        said: dict[str, Any] = super().clean() or self.cleaned_data
        has = set(self.instance.groups.all())
        more = set(said.get("groups") or ()) - has
        if not self.instance.is_superuser and said.get("is_superuser"):
            more.add("administrator")
        if more and not self.instance.has_verified_email:
            raise forms.ValidationError(NOT_VERIFIED)
        return said


def _invited(email: str) -> bool:
    """Whether somebody with rights waits for the proof of this address."""
    rows = User.objects.filter(email=email)
    return rows.filter(Q(groups__isnull=False) | Q(is_superuser=True)).exists()


class NameForm(forms.ModelForm):
    class Meta:
        model = User
        fields: ClassVar[list[str]] = ["name"]


class NamePanel(NameEmailSettingsPanel):
    form_class = NameForm
    title = "Name"


class EditorAccountView(AccountView):
    """An editor's own account: name, picture, notifications. Address and password change where
    everybody changes them, because both need a proof."""

    def get_panels(self) -> list[BaseSettingsPanel]:
        panels = [panel for panel in super().get_panels() if panel.name not in _PROVEN_ELSEWHERE]
        profile = UserProfile.get_for_user(self.request.user)
        return [NamePanel(self.request, self.request.user, profile), *panels]


class EditorUserViewSet(UserViewSet):
    create_template_name = "cms/users/create.html"
    edit_template_name = "cms/users/edit.html"

    def get_form_class(self, for_update: bool = False) -> type[forms.ModelForm]:
        return EditorForm if for_update else NewEditorForm
