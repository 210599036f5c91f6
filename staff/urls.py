from django.urls import path

from staff.pages import event_names, log, pressure, search, sources, trail
from staff.pages.people import listing, merging, person, privacy, timeline

urlpatterns = [
    path("search/", search.search, name="staff_search"),
    path("log/", log.log, name="staff_log"),
    path("pressure/", pressure.pressure, name="staff_pressure"),
    path("pressure/by-hand/", pressure.set_by_hand, name="staff_pressure_by_hand"),
    path("pressure/by-hand/end/", pressure.end_by_hand, name="staff_pressure_end"),
    path("sources/", sources.sources, name="staff_sources"),
    path("sources/new/", sources.create, name="staff_sources_create"),
    path("sources/<uuid:pk>/end/", sources.end, name="staff_source_end"),
    path("event-names/", event_names.event_names, name="staff_event_names"),
    path("event-names/<int:name_id>/", event_names.event_name, name="staff_event_name"),
    path(
        "event-names/<int:name_id>/decision/", event_names.decide, name="staff_event_name_decision"
    ),
    path("trail/", trail.looks, name="staff_trail"),
    path("people/", listing.people, name="staff_people"),
    path("people/<uuid:pk>/", person.person, name="staff_person"),
    path("people/<uuid:pk>/timeline/", timeline.of_person, name="staff_timeline"),
    path("people/<uuid:pk>/merge/", merging.merge, name="staff_merge"),
    path("people/<uuid:pk>/export/", privacy.export, name="staff_export_person"),
    path("people/<uuid:pk>/forget/", privacy.erase, name="staff_erase"),
    path("people/merges/<uuid:pk>/undo/", merging.undo, name="staff_merge_undo"),
    path("people/forgotten/", privacy.erasures, name="staff_erasures"),
    path("people/forgotten/<uuid:pk>/", privacy.erasure, name="staff_erasure"),
]
