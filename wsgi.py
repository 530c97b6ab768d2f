"""The WSGI entry: `wsgi:app`."""

from forum import create_app

app = create_app()
