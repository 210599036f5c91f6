"""Ending what lets somebody act as a user, all of it and at once.

Sessions end with the password: each carries a hash of it, so a password that nobody can use makes all
of them nobody's, those of other browsers and on workspaces' own domains included.
"""

from __future__ import annotations

from django.apps import apps
from django.db import transaction
from django.db.models import Model, QuerySet

from identity import standing
from identity.models import User
from identity.signals import credentials_ended
from identity.signing_in import sign_ins

# By app and model, where the app is installed: what signs in, and what was given out.
_SIGN_IN_WITH = (("mfa", "Authenticator"),)
_GIVEN_OUT = (("wagtailcore", "APIToken"),)


@transaction.atomic
def end(user: User) -> None:
    """Password, passkeys, sessions, tokens; through `credentials_ended` also API keys and offers."""
    now = User.objects.select_for_update(no_key=True)  # who gives something out waits, or we do
    user.refresh_from_db(from_queryset=now, fields=standing.PARTS)
    user.set_unusable_password()
    user.save(update_fields=["password"])
    _delete(_SIGN_IN_WITH, user)
    end_given_out(user)


@transaction.atomic
def end_given_out(user: User) -> None:
    """Sessions and tokens; the password stays as it is."""
    sign_ins.end_all(user)
    _delete(_GIVEN_OUT, user)
    credentials_ended.send(sender=User, user=user)


def _delete(models: tuple[tuple[str, str], ...], user: User) -> None:
    for app, name in models:
        if app in apps.app_configs:
            _rows(app, name, user).delete()


def _rows(app: str, name: str, user: User) -> QuerySet[Model]:
    model: type[Model] = apps.get_model(app, name)
    return model._default_manager.filter(user=user)
