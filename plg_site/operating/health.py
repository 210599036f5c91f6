from django.http import HttpRequest, HttpResponse


def healthz(request: HttpRequest) -> HttpResponse:
    """This process answers. Asks no database, so a probe does not restart a web that only waits."""
    return HttpResponse("ok", content_type="text/plain")
