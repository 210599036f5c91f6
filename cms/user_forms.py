"""Forms and views for the users of the website's administration."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from wagtail.admin.views.account import AccountView, BaseSettingsPanel, NameEmailSettingsPanel
from wagtail.users.forms import UserCreationForm, UserEditForm
from wagtail.users.models import UserProfile
from wagtail.users.views.users import UserViewSet

from cms import user_signals

User = get_user_model()

_PROVEN_ELSEWHERE = {"name_email", "password"}


class NewEditorForm(UserCreationForm):
    first_name = None
    last_name = None
    name = forms.CharField(max_length=120)

    # They choose a password, or ask for a code by mail, where everybody signs in.
    password_enabled = False

    class Meta(UserCreationForm.Meta):
        fields: ClassVar[set[str]] = {"email", "name", "is_superuser", "groups"}

    def save(self, commit: bool = True) -> Any:
        self.instance.set_unusable_password()
        return super().save(commit)


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
        if goes and (words := user_signals.refusal(self.instance)):
            raise ValidationError(words)
        return is_active

    def save(self, commit: bool = True) -> Any:
        user = super().save(commit)
        if self.initial.get("is_active") and not user.is_active:
            user_signals.user_deactivated.send(sender=type(user), user=user)
        return user

    def _clean_username(self) -> None:
        """The address does not change here, and may be another user's who has not proved it."""


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
