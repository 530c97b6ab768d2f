"""A shortcut for tests that need a consultation."""

from typing import Any

from forum.domain.accounts import Account
from forum.domain.attribution import Authorship, SubjectKind
from forum.domain.consultations import Consultation, ConsultationState
from forum.domain.groups import Group
from forum.domain.labels import Status
from forum.services.labels import relabel
from tests.builders import Builder


def consultation(
    build: Builder, group: Group, creator: Account | None = None, **columns: Any
) -> Consultation:
    """An open consultation of a group; commits."""
    columns = {
        "title": "What should be measured?",
        "html": "<p>Say what.</p>",
        "source": "Say what.",
        "text": "Say what.",
        "state": ConsultationState.OPEN,
        "status": Status.PUBLISHED,
        "tlp": group.default_tlp,
        "created_by_id": creator.id if creator else None,
        "created_at": build.clock(),
        "audience": "",
        "own": "",
    } | columns
    row = Consultation(group_id=group.id, **columns)
    build.session.add(row)
    build.session.flush()
    if creator is not None:
        key = f"account:{creator.id}"
        build.session.add(
            Authorship(subject_kind=SubjectKind.CONSULTATION, subject_id=row.id, writer_key=key)
        )
    relabel(build.session, group, row, now=build.clock())
    build.session.commit()
    return row
