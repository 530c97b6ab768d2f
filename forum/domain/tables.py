"""All tables in one place, so that metadata is complete wherever it is needed."""

from forum.domain import (
    accounts,
    answers,
    attachments,
    attribution,
    audit,
    comments,
    consultations,
    groups,
    moderation,
    notices,
    organisations,
    outbox,
    papers,
    questionnaires,
    records,
    saved_searches,
    signatures,
    statements,
    suspensions,
    threads,
    unsealing,
)
from forum.domain.base import Base

__all__ = [
    "accounts",
    "answers",
    "attachments",
    "attribution",
    "audit",
    "comments",
    "consultations",
    "groups",
    "metadata",
    "moderation",
    "notices",
    "organisations",
    "outbox",
    "papers",
    "questionnaires",
    "records",
    "saved_searches",
    "signatures",
    "statements",
    "suspensions",
    "threads",
    "unsealing",
]

metadata = Base.metadata
