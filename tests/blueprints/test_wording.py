"""Values in words."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import pytest
from flask import Flask

from forum.blueprints import wording
from forum.domain.attribution import Attribution, ShownAs
from forum.domain.groups import GroupRole, HoldingRule, SeatKind, WhoMayWrite
from forum.domain.labels import Ceiling, Status, Tlp
from forum.domain.organisations import StakeholderType
from forum.policy import Actor

AT = datetime(2026, 7, 1, 22, 30, 59, tzinfo=UTC)


def as_reader(app: Flask, zone: str) -> Any:
    from flask import g

    context = app.test_request_context("/")
    context.push()
    g.actor = Actor(account_id=1, time_zone=zone)
    return context


@pytest.mark.parametrize(
    ("zone", "options", "iso", "words"),
    [
        ("Europe/Brussels", {}, "2026-07-01T22:30Z", "2 Jul 2026, 00:30"),
        ("Europe/Brussels", {"zone": True}, "2026-07-01T22:30Z", "2 Jul 2026, 00:30 CEST"),
        ("Europe/Lisbon", {}, "2026-07-01T22:30Z", "1 Jul 2026, 23:30"),
        ("Europe/Brussels", {"day": True}, "2026-07-02", "2 Jul 2026"),
        ("Nowhere/At-All", {}, "2026-07-01T22:30Z", "1 Jul 2026, 22:30"),
    ],
)
def test_a_moment_is_told_in_the_readers_zone(
    app: Flask, zone: str, options: dict[str, bool], iso: str, words: str
) -> None:
    """The machine's time is UTC, the reader's their own; an unknown zone reads as UTC."""
    context = as_reader(app, zone)
    try:
        assert wording.moment(AT, **options) == (iso, words)
    finally:
        context.pop()


@pytest.mark.parametrize(
    ("value", "words"),
    [("2020-07-24", "24 July 2020"), ("2014-01", "January 2014"), ("2019", "2019")],
)
def test_a_date_is_as_precise_as_its_source(app: Flask, value: str, words: str) -> None:
    """No month or day is made up."""
    with app.test_request_context("/"):
        assert wording.partial_date(value) == words


@pytest.mark.parametrize(
    ("words_of", "values"),
    [
        (wording.type_name, StakeholderType),
        (wording.tlp_words, Tlp),
        (wording.ceiling_words, Ceiling),
        (wording.status_name, Status),
        (wording.shown_as_name, ShownAs),
        (wording.role_name, GroupRole),
        (wording.seat_kind_name, SeatKind),
        (wording.holding_sentence, HoldingRule),
        (wording.attribution_words, Attribution),
        (wording.who_writes, WhoMayWrite),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_every_value_has_words_of_its_own(app: Flask, words_of: Any, values: type[StrEnum]) -> None:
    """None is missing, no two are the same."""
    with app.test_request_context("/"):
        words = [words_of(value) for value in values]
    assert len(set(words)) == len(words)
    assert all(words)


def test_codes_become_names(app: Flask) -> None:
    """Countries and languages in the reader's language; an unknown code stays what it is."""
    with app.test_request_context("/"):
        assert wording.country_name("FR") == "France"
        assert wording.country_name("QQ") == "QQ"
        assert wording.country_name(None) == ""
        assert wording.language_name("el") == "Greek"
        assert wording.own_language_name("el") == "ελληνικά"


@pytest.mark.parametrize(
    ("name", "is_latin"),
    [
        ("Aġenzija Eżempju għat-Tfal", True),
        ("Muster-Meldestelle 24", True),
        ("Μαρία Παραδείγματος", False),
        ("Пример", False),
        ("Example Παράδειγμα", False),
        ("", True),
    ],
)
def test_only_other_scripts_need_a_latin_form(name: str, is_latin: bool) -> None:
    """Accents do not count."""
    assert wording.is_in_latin_letters(name) is is_latin
