"""What visitors get: pages, redirects, the feed, the content API, files."""

from cms.public.agreements import version as terms_version
from cms.public.head import answers_head

__all__ = [
    "answers_head",
    "terms_version",
]
