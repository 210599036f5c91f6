from tests.object_store.fixtures import in_bucket, object_store, shared_bucket  # noqa: F401
