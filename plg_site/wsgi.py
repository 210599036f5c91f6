import os

from django.core.wsgi import get_wsgi_application

from plg_site import unneeded

unneeded.leave_out()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "plg_site.settings")
_django = get_wsgi_application()

from django.conf import settings  # noqa: E402  importable only once Django is set up

from plg_site.configuration.safety import refuse_unsafe  # noqa: E402
from plg_site.web import probes, readiness  # noqa: E402
from plg_site.web.client_address import ClientAddress  # noqa: E402
from plg_site.web.seen import Seen  # noqa: E402
from tenants.hosts import AnswersEarly  # noqa: E402
from tenants.pooler import refuse_to_mix  # noqa: E402

refuse_unsafe()
refuse_to_mix()
readiness.begin()
application = probes.Probes(
    ClientAddress(
        Seen(AnswersEarly(_django)), trusted=settings.TRUSTED_PROXIES, scheme=settings.PUBLIC_SCHEME
    )
)
