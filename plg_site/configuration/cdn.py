"""What keeps copies of the public pages in front of the web processes, and is told when they change.

In the form of Wagtail's setting WAGTAILFRONTENDCACHE; docs/deploy/cdn.md.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from plg_site.configuration import env

_NONE, _HTTP, _CLOUDFRONT, _CLOUDFLARE = "none", "http", "cloudfront", "cloudflare"
_WAGTAIL = "wagtail.contrib.frontend_cache.backends"


def backends() -> dict[str, dict[str, Any]]:
    """Who is told; {} for nobody. What is wrong or missing is noted (env)."""
    kind = env.one_of("CDN", _NONE, (_NONE, _HTTP, _CLOUDFRONT, _CLOUDFLARE))
    urls = env.names("CDN_PURGE_URLS")
    distribution = env.text("CDN_DISTRIBUTION", "")
    zone, token = env.text("CDN_ZONE", ""), env.text("CDN_TOKEN", "")
    if kind == _HTTP and _are_places(urls):
        return {kind: {"BACKEND": "cms.releases.http_cache.HTTPCache", "LOCATIONS": urls}}
    if kind == _CLOUDFRONT and _is_given("CDN_DISTRIBUTION", distribution, kind):
        backend = f"{_WAGTAIL}.CloudfrontBackend"
        return {kind: {"BACKEND": backend, "DISTRIBUTION_ID": distribution}}
    if kind == _CLOUDFLARE and all(
        [_is_given("CDN_ZONE", zone, kind), _is_given("CDN_TOKEN", token, kind)]
    ):
        backend = f"{_WAGTAIL}.CloudflareBackend"
        return {kind: {"BACKEND": backend, "ZONEID": zone, "BEARER_TOKEN": token}}
    return {}


def _are_places(urls: list[str]) -> bool:
    wrong = [url for url in urls if urlsplit(url).scheme not in ("http", "https")]
    if wrong or not urls:
        env.note_wrong(
            "CDN_PURGE_URLS must be addresses like http://10.0.0.5:6081 where CDN is http"
        )
        return False
    return True


def _is_given(name: str, value: str, kind: str) -> bool:
    if not value:
        env.note_wrong(f"{name} is not set, and CDN is {kind}")
    return bool(value)
