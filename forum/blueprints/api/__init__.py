"""The JSON API: parse -> service -> JSON, one file a noun; support.py has what they share."""

from forum.blueprints.api import (
    audit,
    comments,
    consultations,
    groups,
    me,
    moderation,
    openapi,
    papers,
    posts,
    procedures,
    search,
    statements,
    threads,
    transparency,
)
from forum.blueprints.api.openapi import blueprint as docs
from forum.blueprints.api.support import blueprint

__all__ = [
    "audit",
    "blueprint",
    "comments",
    "consultations",
    "docs",
    "groups",
    "me",
    "moderation",
    "openapi",
    "papers",
    "posts",
    "procedures",
    "search",
    "statements",
    "threads",
    "transparency",
]
