"""The WSGI entry: `wsgi:app`."""

import gc

# What is made while starting stays; looking through it for garbage costs a tenth of the start.
gc.disable()

from forum import create_app  # noqa: E402

app = create_app()

gc.freeze()
gc.enable()
