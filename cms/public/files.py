"""What is derived from a file of the website follows the file, whoever saves it.

Wagtail's forms look after hash, size and renditions themselves; an importer or an API that saves the
row does not. A document's hash is its ETag: an empty or old one answers 304 after a change.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.db.models import Model
from django.db.models.signals import post_save, pre_save
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from wagtail.documents import get_document_model
from wagtail.documents.models import AbstractDocument
from wagtail.documents.views.serve import serve
from wagtail.images.models import AbstractImage
from wagtail.utils.file import hash_filelike


def connect() -> None:
    """Called once, when apps are ready."""
    pre_save.connect(_measure, dispatch_uid="cms.files")
    post_save.connect(_forget_old_sizes, dispatch_uid="cms.files")


def document(request: HttpRequest, document_id: str, document_filename: str) -> HttpResponseBase:
    """Wagtail's view, for documents from before they all had a hash as well."""
    without = get_document_model().objects.filter(pk=document_id, file_hash="").first()
    if without:
        without.get_file_hash()
    answer: HttpResponseBase = serve(request, document_id, document_filename)
    return answer


def _measure(sender: type[Model], instance: Any, raw: bool = False, **_: Any) -> None:
    if raw or not issubclass(sender, AbstractDocument | AbstractImage) or not instance.file:
        return
    is_new_file = not instance.file._committed
    if is_new_file or not instance.file_hash:
        with suppress(OSError), instance.open_file() as file:  # an old row's file may be lost
            instance.file_hash = hash_filelike(file)
            instance.file_size = instance.file.size
    instance._has_new_file = is_new_file and instance.pk is not None


def _forget_old_sizes(sender: type[Model], instance: Any, **_: Any) -> None:
    """They show the picture before."""
    if issubclass(sender, AbstractImage) and getattr(instance, "_has_new_file", False):
        instance._has_new_file = False
        for rendition in instance.renditions.all():
            rendition.delete()
