"""A small sum that costs a browser about a second and whoever posts by the thousand a lot of them.

The challenge is altcha's (https://altcha.org, version 1): find the number whose SHA-256 together with
the salt is the one that is given. It is signed, good for some minutes, and counts once. The page
solves it with a script of ours (static/js/proof.js), which sends nothing to anybody else.
"""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from functools import cache
from typing import Any

import altcha
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac

from events import limits

FIELD = "proof"  # of the form that carries the solution
ASKED = "prove"  # the code of the form's error that asks for one
LARGEST = 60_000  # numbers to try: half of them on average; a telephone tries some 100,000 a second
GOOD_FOR = timedelta(minutes=10)
_LONGEST = 2_000  # characters of a solution
_ONCE = "1/h"  # longer than a challenge is good for


def challenge() -> dict[str, Any]:
    """A new one, for the page: algorithm, challenge, salt, signature and maxNumber."""
    options = altcha.ChallengeOptionsV1(
        max_number=LARGEST, hmac_key=_key(), expires=timezone.now() + GOOD_FOR
    )
    said: dict[str, Any] = altcha.create_challenge_v1(options).to_dict()
    return said


def is_in(request: HttpRequest) -> bool:
    """Whether the form of this request brings a solution. It is used up with that, once a request."""
    known: bool | None = getattr(request, "_brings_proof", None)
    if known is None:
        known = _holds(request.POST.get(FIELD, ""))
        request._brings_proof = known  # type: ignore[attr-defined]
    return known


def _holds(solution: str) -> bool:
    if not solution or len(solution) > _LONGEST:
        return False
    try:
        fits, _ = altcha.verify_solution_v1(solution, _key(), check_expires=True)
    except Exception:  # whatever a stranger puts there
        return False
    return bool(fits) and not limits.take(_ONCE, f"proof:{_digest(solution)}").over


def _digest(solution: str) -> str:
    """Of what was solved, not of how it was written down: base64 and JSON have many spellings."""
    said = json.loads(base64.b64decode(solution))
    return salted_hmac(__name__, f"{said['challenge']}", algorithm="sha256").hexdigest()[:32]


@cache
def _key() -> str:
    return salted_hmac(__name__, "altcha", algorithm="sha256").hexdigest()
