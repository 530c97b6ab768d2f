"""Shortcuts for tests that attach files to drafts."""

import hashlib
import io

from flask import Flask
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.attachments import Attachment
from forum.domain.uploads import kind_of
from forum.services.drafts import Draft
from forum.services.storage import FolderStorage, new_key
from forum.services.uploads import Upload, add_attachment
from tests.builders import Builder


def storage_of(app: Flask) -> FolderStorage:
    """The application's storage."""
    storage = app.extensions["forum_storage"]
    assert isinstance(storage, FolderStorage)
    return storage


def attach(
    app: Flask, session: Session, build: Builder, author: Account, draft: Draft, data: bytes, name: str
) -> Attachment:
    """Send a file to a draft as its author."""
    key = new_key()
    storage_of(app).put(key, io.BytesIO(data))
    upload = Upload(name, kind_of(name), len(data), hashlib.sha256(data).hexdigest(), key)
    attachment = add_attachment(
        session, build.actor(author), draft.version.public_id, upload, now=build.clock()
    )
    session.commit()
    return attachment
