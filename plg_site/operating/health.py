from django.http import HttpRequest, HttpResponse

from plg_site.web import probes


def healthz(request: HttpRequest) -> HttpResponse:
    """This process answers. Asks no database, so a probe does not restart a web that only waits."""
    return HttpResponse("ok", content_type="text/plain")


def probe(request: HttpRequest) -> HttpResponse:
    """/livez and /readyz, where they are not answered in front of Django already."""
    said = probes.answer(request.path)
    return HttpResponse(said.body, status=said.status, content_type=said.content_type)
