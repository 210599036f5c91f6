"""Wagtail's views of one letter: edit, preview, history, compare, unpublish."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from wagtail.admin.panels import FieldPanel, HelpPanel, ObjectList
from wagtail.snippets.views.snippets import CreateView, DeleteView, IndexView, SnippetViewSet

from outbound.edited_letters import EditedLetter
from outbound.letter_pages.forms import LetterForm

VARIABLES = "outbound/letters/admin/variables.html"


class ToTheList(IndexView):
    """There is one list: that of all kinds, edited or not."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return redirect("letters")


class NoneByHand(CreateView):
    """A letter begins with the words in the code (`editing.begin`)."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return redirect("letters")


class NoneIsDeleted(DeleteView):
    """Going back to the words in the code keeps the history (`editing.go_back`)."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return redirect("letters")


class LettersViewSet(SnippetViewSet):
    model = EditedLetter
    icon = "mail"
    base_url_path = "letters/edited"
    admin_url_namespace = "outbound_letters"
    add_to_admin_menu = True
    menu_label = "Letters"
    menu_order = 700
    index_view_class = ToTheList
    add_view_class = NoneByHand
    delete_view_class = NoneIsDeleted
    copy_view_enabled = False
    edit_handler = ObjectList(
        [
            HelpPanel(template=VARIABLES, heading="What may stand in it"),
            FieldPanel("subject"),
            FieldPanel("preheader"),
            FieldPanel("body"),
        ],
        base_form_class=LetterForm,
    )
