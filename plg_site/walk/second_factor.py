"""Answering "one more step" as the demo's staff: with a code of the secret that everybody knows."""

from __future__ import annotations

import time

from allauth.mfa import app_settings

from identity import security
from plg_site.walk.browser import Browser, WrongAnswer

PATH = "/account/security/authenticate/"


def show_second_factor(browser: Browser) -> None:
    """Type a code that was not used yet. Another walker may have used up those of this half minute."""
    if PATH not in str(browser.page.url):
        raise WrongAnswer(f"No second factor was asked for, but {browser.page.url}.")
    for codes in (security.demo_codes, _later_codes):
        for code in codes():
            browser.submit(browser.page.form(field="code"), {"code": code})
            if PATH not in str(browser.page.url):
                return
    browser.page.must_say("a code that fits")  # says what the page says instead


def _later_codes() -> list[str]:
    time.sleep(app_settings.TOTP_PERIOD)
    return security.demo_codes()[:1]
