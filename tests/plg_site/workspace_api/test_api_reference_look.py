"""The API reference in a real Chromium: axe, no sideways scrolling, at desk and phone, light and dark."""

from __future__ import annotations

import pytest
from django.conf import settings

from tests.tenants.domains.test_look import (  # noqa: F401 - fixtures
    CHROMIUM,
    chromium,
    look,
    tab,
)
from tests.tenants.domains.test_sign_in import port  # noqa: F401 - fixture

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed; see bin/test"),
]
SIZES = [(1440, "light"), (390, "dark")]  # it is long: both were looked at in both colours


@pytest.mark.thorough
@pytest.mark.parametrize("tab", SIZES, indirect=True, ids=str)
def test_the_reference_is_read_on_a_desk_and_on_a_phone(committed, tab):  # noqa: F811
    tab.goto(f"{settings.SITE_URL}/docs/api/")
    look(tab, "api-reference")
    wide = tab.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wide <= 0
    tab.get_by_role("link", name="Ask a meter", exact=True).first.click()
    assert tab.url.endswith("#query_meter")
