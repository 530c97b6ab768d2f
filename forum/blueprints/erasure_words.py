"""The words of an erasure: what each kind is, and what becomes of it."""

from flask_babel import lazy_gettext

from forum.domain.erasures import ErasureState, TextsChoice

CHOICES = {
    TextsChoice.TERMS: lazy_gettext("as the terms of each group say"),
    TextsChoice.WITHDRAWN: lazy_gettext("withdraw all of it, because the law obliges to it"),
}

STATES = {
    ErasureState.ASKED: lazy_gettext("waits for a decision"),
    ErasureState.TAKEN_BACK: lazy_gettext("taken back"),
    ErasureState.REFUSED: lazy_gettext("refused"),
    ErasureState.DONE: lazy_gettext("done"),
}

DELETED = (
    ("sessions", lazy_gettext("Sessions")),
    ("tokens", lazy_gettext("Access tokens and mailed links")),
    ("factors", lazy_gettext("Second factors and linked identities")),
    ("notices", lazy_gettext("Notices")),
    ("preferences", lazy_gettext("Choices of mail, absences, taken cases, keys of forms")),
    ("searches", lazy_gettext("Saved searches and their alerts")),
    ("exports", lazy_gettext("Files of searches: the person's own, and those of others that name them")),
    ("read_state", lazy_gettext("Read markers")),
    ("notes", lazy_gettext("Notes on discussions")),
    ("requests", lazy_gettext("Requests and invitations, also those to the same address")),
    ("declarations", lazy_gettext("Declarations of interests")),
    ("drafts", lazy_gettext("Drafts that nobody else writes, with their files")),
    ("held", lazy_gettext("Texts that wait for a moderator: withdrawn unread")),
    (
        "withdrawn",
        lazy_gettext("Texts for no organisation: withdrawn, with their files; a note keeps their place"),
    ),
)
"""Kinds that go, in the order of the preview."""

CHANGED = (
    ("roles", lazy_gettext("Roles in groups and places on lists of readers: ended")),
    ("mandates", lazy_gettext("Mandates: ended, without the person's title")),
    ("late_requests", lazy_gettext("Requests to answer late: without name and message")),
    ("reports", lazy_gettext("Reports sent without an account: without name and address")),
    ("kept", lazy_gettext("Texts for no organisation that stay, under “Former member”")),
    (
        "of_bodies",
        lazy_gettext("Texts for an organisation, or with others: they stay theirs, under “Former member”"),
    ),
)
"""Kinds that stay without a name."""
