"""No word of a closed group reaches anybody outside, by any route, header, file, search, feed or mail."""

import pytest
import sqlalchemy as sa

from forum.domain.base import Base
from forum.services.login_sessions import start_session
from forum.services.sealing import organisation_key
from tests.attacks import canaries
from tests.attacks.addresses import addresses
from tests.attacks.conftest import Attack
from tests.attacks.crawling import canaries_in, follow, links_of
from tests.attacks.entitled import entitled
from tests.attacks.world import PERSONAS
from tests.support import body_of, submit

TRIES = {
    "title": "A new title", "name": "A new name", "body": "Words of a stranger.", "text": "Words.",
    "reason": "A reason in a whole sentence.", "answer": "An answer in a whole sentence.",
    "explanation": "An explanation.", "action": "approve", "step": "save", "rule": "civil", "q": "zqv*",
    "group": "unlisted", "group_id": "unlisted", "status": "published", "tlp": "CLEAR", "role": "moderator",
    "is_admin": "1", "language": "en", "confirm": "y", "disposition": "noted", "message": "Let me in.",
}  # fmt: skip
"""What a stranger would fill into any form, privileges included."""


def test_every_table_with_words_has_a_row_in_the_closed_world(attack: Attack) -> None:
    """A new table is noticed: without a row, nobody would look for its words."""
    assert attack.missing == [], (
        f"{', '.join(attack.missing)}: tables that hold words of people, without a row in the closed world. "
        "Add one in tests/attacks/world.py: _write_more(), or say in canaries.py that no words stand there"
    )
    assert attack.count > 1000


def leaks(attack: Attack, persona: str, path: str, words: set[str]) -> list[str]:
    """Give the words that this one must not be told at this address."""
    return sorted(words - entitled(attack.world, persona, path, attack.rows)) if words else []


@pytest.mark.parametrize("persona", PERSONAS)
def test_no_route_tells_a_word(attack: Attack, persona: str, record_property) -> None:  # type: ignore[no-untyped-def]
    """Every address of the URL map, with the ids of the closed groups, and where it leads."""
    client, caller = attack.client_of(persona), attack.caller_of(persona)
    told, asked = {}, addresses(attack.app, attack.values())
    for endpoint, path in asked:
        for answer in follow(caller if path.startswith("/api/") else client, path):
            if words := leaks(attack, persona, path, canaries_in(answer)):
                told[path] = (endpoint, words)
    record_property("addresses", len(asked))
    assert told == {}


@pytest.mark.parametrize("persona", PERSONAS)
def test_no_page_that_is_linked_tells_a_word(attack: Attack, persona: str) -> None:
    """Everything that can be reached by links from the front page, with filters and facets two deep."""
    client = attack.client_of(persona)
    seen: set[str] = set()
    waiting = {"/", "/search?q=zqv*", "/feeds/moderation.atom", "/moderation/transparency.csv"}
    told = {}
    while waiting and len(seen) < 250:
        path = min(waiting, key=len)
        waiting.discard(path)
        seen.add(path)
        answers = follow(client, path)
        for answer in answers:
            if words := leaks(attack, persona, path, canaries_in(answer)):
                told[path] = words
        if path.count("=") < 3:
            waiting |= links_of(answers) - seen
    assert told == {}


@pytest.mark.parametrize("persona", PERSONAS)
def test_no_search_tells_a_word(attack: Attack, persona: str) -> None:
    """A canary of each field of each kind, alone, as a beginning, in a field, by page and API."""
    client, caller = attack.client_of(persona), attack.caller_of(persona)
    told = {}
    for kind in ("thread", "post", "paper_version", "answer", "attachment_page", "consultation"):
        table = Base.metadata.tables[kind]
        first = canaries.key_of(table)
        ids = attack.world.session.scalars(sa.select(first).where(canaries.chosen(table, attack.rows))).all()
        for column in canaries.text_columns(table):
            word = canaries.word(kind, column.name, ids[len(ids) // 2])
            for question in (word, f"{word[:-1]}*", f'"{word}"', f"title:{word}", f"x OR {word}"):
                for answer in (
                    client.get("/search", query_string={"q": question}),
                    caller.get("/api/v1/search", query_string={"q": question}),
                ):
                    found = {w for w in canaries_in(answer) if w not in question.casefold()}
                    if leaks(attack, persona, "/search", found):
                        told[question] = found
    assert told == {}


@pytest.mark.parametrize("persona", PERSONAS)
def test_no_form_tells_or_changes_anything(attack: Attack, persona: str) -> None:
    """Every address that takes a form or a call, with ids of the closed groups and more fields than it has.

    People managers may change accounts and bodies; nobody outside changes a row of a closed group.
    """
    client, caller = attack.client_of(persona), attack.caller_of(persona)
    before = rows_as_they_are(attack)
    told = {}
    for method in ("POST", "PATCH", "PUT", "DELETE"):
        for endpoint, path in addresses(attack.app, attack.values(1), method):
            if (
                endpoint.startswith("administration.")
                or "sign_out" in endpoint
                or "revoke_sessions" in endpoint
            ):
                continue
            if path.startswith("/api/"):
                answer = caller.open(path, method=method, json={"text": "Words.", "title": "A title"})
            else:
                answer = submit(client, path, TRIES)
            if words := leaks(attack, persona, path, canaries_in(answer)):
                told[path] = words
    assert told == {}
    assert changes(before, rows_as_they_are(attack)) == {}


THEIR_OWN = {"access_request", "notice", "read_marker"}
"""What outsiders may change of their own: they may ask for a seat, and read an old notice."""

Rows = dict[str, dict[object, tuple[object, ...]]]


def rows_as_they_are(attack: Attack) -> Rows:
    """Give every row of the closed groups by its table and key."""
    session = attack.world.session
    session.rollback()
    member = attack.world.insiders.people["member"].id
    rows = canaries.rows_of(session, [group.id for group in attack.world.groups], [member])
    session.expire_all()
    of_their_body = organisation_key(attack.world.silent.id)  # whom the colleague speaks for, by a mandate
    return {
        name: {
            row[0]: tuple(row)
            for row in session.execute(
                sa.select(canaries.key_of(table), *table.columns).where(
                    canaries.key_of(table).in_(rows[name])
                )
            )
            if name != "answer_draft" or row.writer_key != of_their_body
        }
        for name, table in Base.metadata.tables.items()
        if name in rows and name not in THEIR_OWN
    }


def changes(before: Rows, after: Rows) -> dict[str, list[object]]:
    """Give what is new, gone or different, by table."""
    found = {
        name: sorted(
            (
                key
                for key in before[name].keys() | after[name].keys()
                if before[name].get(key) != after[name].get(key)
            ),
            key=str,
        )
        for name in before
    }
    return {name: keys for name, keys in found.items() if keys}


@pytest.mark.parametrize("persona", PERSONAS)
def test_no_mail_tells_a_word(attack: Attack, persona: str) -> None:
    """Nothing that was sent to anybody outside, in subject, headers or either half."""
    account = attack.world.outside[persona]
    address = account.email if account else None
    told = [
        (mail["Subject"], words)
        for mail in attack.mails
        if address and address in str(mail["To"])
        if (words := leaks(attack, persona, "mail", canaries.found_in(mail.as_string() + body_of(mail))))
    ]
    assert told == []
    assert len(attack.mails) > 10, "the insiders were told"


def test_an_insider_is_told_the_words(attack: Attack) -> None:
    """The same look finds them where they may be read: it is not blind."""
    world = attack.world
    client = attack.app.test_client()
    world.session.rollback()  # the snapshot that it reads by is older than what the others wrote
    with client.session_transaction() as cookie:
        cookie["_user_id"] = start_session(
            world.session,
            world.insiders.people["member"],
            now=world.build.clock(),
            hours=12,
            has_second_factor=True,
        )
        cookie["_fresh"] = True
    world.session.commit()
    told: set[str] = set()
    for _endpoint, path in addresses(attack.app, attack.values()):
        if not path.startswith(("/api/", "/moderation/")) and "/paper." not in path:
            told |= {word for answer in follow(client, path) for word in canaries_in(answer)}
    assert len(told) > 300
