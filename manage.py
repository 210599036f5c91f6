#!/usr/bin/env python
"""Django's command line for this project; `bin/dev` and `bin/test` call it with the environment set."""

import gc
import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "plg_site.settings")
    gc.disable()  # a sixth of the time to import the project goes into collecting nothing
    from plg_site import unneeded

    unneeded.leave_out()
    import django
    from django.core.exceptions import ImproperlyConfigured

    try:
        django.setup()
    except ImproperlyConfigured as error:  # an operator's first meeting with the project: in words
        sys.exit(str(error))
    gc.freeze()
    gc.enable()
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
