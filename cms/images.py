"""Images of the website. Our own models, so that a field can be added later without moving rows."""

from typing import ClassVar

from django.db import models
from wagtail.images.models import AbstractImage, AbstractRendition, Image


class SiteImage(AbstractImage):
    """An uploaded image."""

    admin_form_fields = Image.admin_form_fields


class SiteRendition(AbstractRendition):
    """One size of an image, made when a page first shows it."""

    image = models.ForeignKey(SiteImage, on_delete=models.CASCADE, related_name="renditions")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["image", "filter_spec", "focal_point_key"], name="cms_rendition_once"
            )
        ]
