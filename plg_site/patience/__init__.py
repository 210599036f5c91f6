"""Our gunicorn worker: a thread is only for a request that has arrived, and nobody is waited for long."""
