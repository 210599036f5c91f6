"""What goes with a user, a person or a workspace without anybody asking, and why that is right."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import models

from identity.models import Person, User
from tenants.models import Tenant

WITH_A_USER = {
    "account.EmailAddress.user": "an address is nobody's then, and may be somebody's again",
    "wagtailusers.UserProfile.user": "settings of an editor",
    "mfa.Authenticator.user": "locks of a door that is gone",
    "allauth_idp_oidc.Client.owner": "ours have no owner (identity.oidc.clients)",
    "allauth_idp_oidc.Token.user": "access ends with the account",
    "identity.DerivedSession.user": "ended before, by closing.sign_out_who_goes",
    "identity.Beginning.user": "when and from where an account began that is gone",
    "identity.Grant.user": "access ends with the account",
    "identity.Merge.merged": "undoing it would bring back nobody",
    "identity.SignIn.user": "a line in a list of their own",
    "identity.MailChoice.user": "their own wish",
    "tenants.Membership.user": "given back before, with audit and seat, by leaving.leave_all",
    "tenants.OwnershipOffer.to": "nobody is left to accept",
    "tenants.OwnershipOffer.by": "nobody is left who offers",
    "tenants.SignupAttempt.user": "the token of a form that was sent long ago",
    "tenants.Import.owner": "what waits is removed before, by leaving.leave_all",
    "wagtailadmin.FormState.user": "a form that they had half filled in",
    "wagtailcore.Comment.user": "a remark at a draft of the website",
    "wagtailcore.CommentReply.user": "the same",
    "wagtailadmin.EditingSession.user": "who has a page open at this moment",
    "wagtailcore.PageSubscription.user": "their own wish",
    "wagtailcore.APIToken.user": "access ends with the account",
}
WITH_A_PERSON = {
    "identity.PersonAlias.person": "a browser that is nobody's then",
    "identity.PersonIdentifier.person": "a name that is nobody's then",
    "identity.PersonMerge.kept": "with one of the two there is nothing to take apart",
    "identity.PersonMerge.merged": "the same",
}


def cascades(model: type[models.Model]) -> set[str]:
    """app.Model.field of every relation that goes with a row of `model`, many-to-many left out."""
    found = set()
    for other in apps.get_models(include_auto_created=False):
        for field in other._meta.get_fields():
            remote = getattr(field, "remote_field", None)
            if (
                getattr(field, "concrete", False)
                and remote is not None
                and remote.model is model
                and getattr(remote, "on_delete", None) is models.CASCADE
            ):
                found.add(f"{other._meta.label}.{field.name}")
    return found


def test_of_everything_that_goes_with_a_user_somebody_has_said_why():
    assert cascades(User) == set(WITH_A_USER)


def test_of_everything_that_goes_with_a_person_somebody_has_said_why():
    assert cascades(Person) == set(WITH_A_PERSON)


def test_a_workspace_is_never_deleted_as_a_row_but_purged_step_by_step():
    """`tenants.life.purge` goes over all that refers to it; its receipt keeps the row for good."""
    from tenants.models import PurgeReceipt

    protected = PurgeReceipt._meta.get_field("tenant").remote_field.on_delete
    assert protected is models.PROTECT
    assert all(name.split(".")[0] in OF_WORKSPACES for name in cascades(Tenant))


OF_WORKSPACES = {"tenants", "tenant_domains", "metering", "billing", "product", "stub_product"}


@pytest.mark.parametrize("model", [User, Person, Tenant])
def test_no_page_of_django_admin_deletes_them(model):
    assert not apps.is_installed("django.contrib.admin"), f"decide what deletes a {model.__name__}"
