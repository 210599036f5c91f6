"""Codes by mail, to sign in or to prove an address: one at a time for each, whoever asks, how often ever.

Asking again within a code's life sends the same one, a few times at most; so a stranger who asks and
asks neither fills a mailbox nor makes worthless what lies in it. Wrong tries are counted with the
code: a few for each client, many for all, and no new session makes new ones. A device that has signed
in before has tries of its own. A code is good once.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from allauth.account import app_settings
from allauth.account.adapter import get_adapter
from allauth.account.forms import ConfirmLoginCodeForm
from allauth.account.internal.stagekit import unstash_login
from allauth.core import context
from allauth.core.internal.cryptokit import compare_user_code, generate_user_code
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone

from events import limits
from events.limits import address_key
from identity.addresses import of_typed
from identity.attempts import devices
from identity.models import MailedCode

SIGN_IN, SIGN_UP = "sign-in", "sign-up"  # what a code is for
MAILS = 3  # of one code
TRIES = limits.Rate(5, settings.ACCOUNT_LOGIN_BY_CODE_TIMEOUT)  # of each client, for each address
ALL_TRIES = 1_000  # of all clients, for each code; it has 8 letters: 1 in 25 million that one fits
_PROOFS = "3/h"  # mails with a code to an address that nobody has an account for
_LIFE = timedelta(seconds=settings.ACCOUNT_LOGIN_BY_CODE_TIMEOUT)
_ASKING = "account_request_login_code"  # the view whose form says for whom


def recipient(request: HttpRequest) -> str:
    """Whose code this request is about, "" where it is about none."""
    if request.user.is_authenticated:  # asked for again: a code of its own, at once
        return ""
    match = request.resolver_match
    if match is not None and match.url_name == _ASKING:
        return of_typed(request.POST.get("email", ""))
    login = unstash_login(request, peek=True)
    return of_typed(login.email or "") if login else ""


@transaction.atomic
def current(email: str, *, new: str, purpose: str = SIGN_IN, now: datetime | None = None) -> str:
    """The code that is alive for this address; `new` where there is none."""
    now = now or timezone.now()
    with connection.cursor() as cursor:  # two who ask at the same moment get the same one
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 9))", [purpose + email])
    MailedCode.objects.filter(made_at__lt=now - 2 * _LIFE).delete()
    alive = MailedCode.objects.filter(
        email=email, purpose=purpose, made_at__gt=now - _LIFE, wrong__lt=ALL_TRIES
    ).first()
    if alive is None:
        MailedCode.of(email, new, purpose=purpose, made_at=now).save()
        return new
    return alive.code


def may_mail(email: str, *, code: str) -> bool:
    """Whether this code may be mailed once more; it counts as mailed then.

    Never to anybody else than whom it was made for.
    """
    email = of_typed(email)
    rows = MailedCode.objects.filter(mark=MailedCode.mark_of(code))
    if rows.exclude(email=email).exists():
        return False
    if not rows.exists():  # made on another way than by asking for it
        MailedCode.of(email, code).save()
    return bool(rows.filter(mails__lt=MAILS).update(mails=F("mails") + 1))


def send(email: str, *, template: str) -> None:
    """Mail a code that proves an address without signing in; check() takes it."""
    email = of_typed(email)
    adapter = get_adapter()
    new = generate_user_code(**app_settings.LOGIN_BY_CODE_FORMAT)
    code = current(email, new=new, purpose=SIGN_UP)
    if may_mail(email, code=code) and not limits.take(_PROOFS, f"code:{devices.mark(email)}").over:
        adapter.send_mail(template, email, {"code": code})


def check(request: HttpRequest, email: str, *, code: str) -> bool:
    """Whether this is the code that send() has mailed; it is used up with that.

    Raises ValidationError where this client has tried too often.
    """
    email = of_typed(email)
    _refuse_too_many(request, email)
    oldest = timezone.now() - _LIFE
    alive = MailedCode.objects.filter(email=email, purpose=SIGN_UP, made_at__gt=oldest).first()
    expected = alive.code if alive else ""
    if compare_user_code(actual=code, expected=expected):
        return use(email, code=expected)
    _wrong(request, email, expected)
    return False


class ConfirmCodeForm(ConfirmLoginCodeForm):
    """allauth's form, which counts wrong tries with the code instead of with the session."""

    def clean_code(self) -> str:
        request: HttpRequest = context.request
        email = recipient(request)
        _refuse_too_many(request, email)
        try:
            code: str = super().clean_code()
        except ValidationError:
            _wrong(request, email, self.expected_code or "")
            raise
        if not use(email, code=self.expected_code, known_device=_is_known(request, email)):
            raise ValidationError("This code is no longer good. Please ask for a new one.")
        return code


def use(email: str, *, code: str, known_device: bool = False, now: datetime | None = None) -> bool:
    """Use the code up; False for one that was used already, or that too many have guessed at."""
    oldest = (now or timezone.now()) - 2 * _LIFE
    mark = MailedCode.mark_of(code)
    rows = MailedCode.objects.filter(email=email, mark=mark, made_at__gt=oldest)
    if not known_device:
        rows = rows.filter(wrong__lt=ALL_TRIES)
    used, _ = rows.delete()
    return bool(used)


def _refuse_too_many(request: HttpRequest, email: str) -> None:
    tries = _tries(request, email)
    if tries and limits.look(TRIES, tries).over:
        raise ValidationError("Too many wrong codes. Wait some minutes, then ask for a new one.")


def _wrong(request: HttpRequest, email: str, expected: str) -> None:
    if tries := _tries(request, email):
        limits.take(TRIES, tries)
    mark = MailedCode.mark_of(expected)
    MailedCode.objects.filter(email=email, mark=mark).update(wrong=F("wrong") + 1)


def _tries(request: HttpRequest, email: str) -> str:
    """This client's bucket; "" where nobody knows who it is: all of those count with the code alone."""
    who = address_key(request.META)
    if _is_known(request, email) and (device := devices.of(request)):
        who = f"device:{device.name}"
    return f"code:{devices.mark(email)}:{who}" if who else ""


def _is_known(request: HttpRequest, email: str) -> bool:
    device = devices.of(request)
    return bool(device and device.knows(email))
