from tests.events.log import events_database, log  # noqa: F401 (fixtures)
