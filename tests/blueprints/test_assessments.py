"""The pages of assessments: the form of a seat, the matrix with its reasons, dissent, report, countries."""

import io
from collections.abc import Callable

import docx
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from forum.domain.accounts import Account
from forum.domain.assessments import AnnexedStatement, Assessment, Unit
from forum.domain.groups import Group, GroupRole
from forum.domain.labels import Ceiling
from forum.domain.papers import Paper, Purpose
from forum.extensions import db
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.services.staging import assessed, catalogue, chair_of, go_on, procedure, seated
from tests.support import count_statements, deliver, errors_in, look_again, submit

ClientOf = Callable[[Account | None], FlaskClient]
KEY = "assessments/solutions/"


@pytest.fixture
def group(build: Builder) -> Group:
    return build.group(Ceiling.PUBLIC, rules=[{"key": "civil", "text": "Argue with the point."}])


@pytest.fixture
def chair(build: Builder, group: Group) -> Account:
    return chair_of(build, group)


@pytest.fixture
def base(build: Builder, group: Group, chair: Account) -> str:
    """The address of the group, whose first round is open."""
    catalogue(build, group)
    procedure(build, group)
    go_on(build, group, chair)
    go_on(build, group, chair)
    return f"/groups/{group.slug}/"


def page_of(number: int = 1, **changes: str) -> dict[str, str]:
    """What a page of the form sends: two criteria."""
    fields = {"rating": "4", "confidence": "medium", "reason": "It *works*.", "evidence": "/papers/x/v/1#p2"}
    typed = {f"{name}-{place}": value for name, value in fields.items() for place in (1, 2)}
    return typed | changes


def hidden(page: str, name: str) -> str:
    """A hidden field of a page."""
    part = page.split(f'name="{name}"')[1].split(">")[0]
    return part.split('value="')[1].split('"')[0]


def test_a_seat_writes_previews_and_submits(
    build: Builder, group: Group, base: str, client_of: ClientOf
) -> None:
    """Page by page; what the preview showed is what is submitted, and it can be changed until the end."""
    person, _ = seated(build, group, "Example Messenger")
    client = client_of(person)
    mine = f"{base}{KEY}mine/"
    assert "0 of 2 rated" in client.get(mine).text
    for number in (1, 2):
        page = client.get(f"{mine}pages/{number}").text
        assert "Blind: until the stage ends" in page
        sent = submit(
            client, f"{mine}pages/{number}", page_of() | {"seen": hidden(page, "seen"), "step": "next"}
        )
        assert sent.status_code == 303
    preview = client.get(f"{mine}preview").text
    assert "4 good" in preview
    assert "<em>works</em>" in preview
    data = {name: hidden(preview, name) for name in ("seen", "based_on", "label")}
    answer = submit(client, f"{mine}preview", data)
    assert answer.status_code == 303
    assert "It is submitted" in client.get(str(answer.location)).text
    look_again(build.session)
    row = build.session.scalars(sa.select(Assessment)).one()
    assert row.values["enclave/security"]["html"] == "<p>It <em>works</em>.</p>"


def test_what_is_missing_stands_above_the_button(
    build: Builder, group: Group, base: str, client_of: ClientOf
) -> None:
    """And pressing it all the same is refused with the first of it."""
    person, _ = seated(build, group)
    client = client_of(person)
    page = client.get(f"{base}{KEY}mine/preview").text
    assert "It cannot be submitted yet" in page
    assert ">Submit<" not in page
    data = {name: hidden(page, name) for name in ("seen", "based_on", "label")}
    refused = submit(client, f"{base}{KEY}mine/preview", data)
    assert (refused.status_code, "choose a rating" in errors_in(refused)) == (422, True)


def test_a_colleague_of_the_seat_is_not_overwritten(
    build: Builder, group: Group, base: str, client_of: ClientOf
) -> None:
    """Who saves second sees both, with what was typed still there; saving again decides."""
    person, seat = seated(build, group)
    alternate = build.member(group, seat=seat, is_alternate=True)
    first, second = client_of(person), client_of(alternate)
    path = f"{base}{KEY}mine/pages/1"
    page = second.get(path).text
    submit(first, path, page_of(reason="") | {"seen": hidden(page, "seen"), "reason-1": "Theirs."})
    late = submit(second, path, page_of() | {"seen": hidden(page, "seen"), "reason-1": "Mine."})
    assert late.status_code == 409
    assert "Theirs." in late.text
    assert "Mine." in late.text
    again = submit(second, path, page_of() | {"seen": hidden(late.text, "seen"), "reason-1": "Mine."})
    assert again.status_code == 303
    assert "Mine." in first.get(path).text


@pytest.mark.parametrize("path", ["mine/", "mine/pages/1", "mine/preview", "statement", "edit"])
def test_whoever_may_not_is_told_so(
    build: Builder, group: Group, base: str, client_of: ClientOf, path: str
) -> None:
    """Somebody with an account and no seat; a visitor is asked to sign in."""
    assert client_of(build.account()).get(f"{base}{KEY}{path}").status_code == 403
    assert client_of(None).get(f"{base}{KEY}{path}").status_code == 302


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("mine/pages/9", 404),
        ("rounds/1/", 404),
        ("rounds/2/", 404),
        ("rounds/1/report.pdf", 404),
        ("rounds/1/enclave/privacy/", 404),
        ("countries/KE/", 404),
        ("statement", 422),
        ("edit", 200),
    ],
)
def test_what_is_not_there_yet(
    build: Builder, group: Group, chair: Account, base: str, client_of: ClientOf, path: str, status: int
) -> None:
    """Of an open round nothing can be read; the form that changes the catalogue opens, and refuses."""
    build.member(group, chair, seat=build.seat(group, build.organisation()))
    assert client_of(chair).get(f"{base}{KEY}{path}").status_code == status


def test_the_matrix_opens_the_reasons(
    build: Builder, group: Group, chair: Account, base: str, client_of: ClientOf
) -> None:
    """In words and numbers; each cell leads to every seat's rating, reason, confidence and evidence."""
    for name, rating in (("Quarry Guild", "1"), ("Harbour Board", "5"), ("Meadow Trust", "5")):
        assessed(build, seated(build, group, name)[0], group, rating)
    go_on(build, group, chair)
    client = client_of(None)
    page = client.get(f"{base}{KEY}rounds/1/").text
    assert "median 5 very good, from 1 to 5, far apart, 1 seat dissents" in page
    assert "Device-related" in page
    assert "Discussion<" in page
    reasons = client.get(f"{base}{KEY}rounds/1/enclave/privacy/").text
    for words in ("Quarry Guild", "1 very poor", "5 very good", "confidence: high", "Report of 2025"):
        assert words in reasons
    assert client.get(f"{base}{KEY}rounds/1/enclave/nothing/").status_code == 404


def test_the_matrix_costs_the_same_for_many_seats(
    build: Builder, group: Group, chair: Account, base: str, client_of: ClientOf
) -> None:
    """And the reasons of a cell."""
    assessed(build, seated(build, group)[0], group)
    go_on(build, group, chair)
    client = client_of(None)

    def count() -> list[int]:
        costs = []
        for path in ("rounds/1/", "rounds/1/enclave/privacy/", ""):
            client.get(f"{base}{KEY}{path}")
            with count_statements(db.engine) as seen:
                client.get(f"{base}{KEY}{path}")
            costs.append(len(seen))
        return costs

    few = count()
    row = build.session.scalars(sa.select(Assessment)).one()
    for number in range(6):
        seat = build.seat(group, build.organisation())
        copy = {
            column.name: getattr(row, column.name)
            for column in Assessment.__table__.columns
            if column.name not in {"id", "public_id", "writer_key", "seat_id", "organisation_id"}
        }
        build.session.add(
            Assessment(
                **copy,
                writer_key=f"seat:{number + 900}",
                seat_id=seat.id,
                organisation_id=seat.organisation_id,
            )
        )
    build.session.commit()
    assert count() == few
    assert "7 seats gave an assessment" in client.get(f"{base}{KEY}rounds/1/").text


def test_the_report_has_the_matrix_the_reasons_and_the_dissent(
    app: Flask, build: Builder, group: Group, chair: Account, base: str, client_of: ClientOf
) -> None:
    """As DOCX and as PDF, for whoever reads the matrix; a seat annexes once."""
    person, _ = seated(build, group, "Quarry Guild")
    assessed(build, person, group, "2")
    go_on(build, group, chair)
    client = client_of(person)
    data = {"stance": "dissent", "body": "We do **not** agree.", "seat": _seat(client, base)}
    assert submit(client, f"{base}{KEY}statement", data).status_code == 303
    again = submit(client, f"{base}{KEY}statement", data)
    assert (again.status_code, "already" in errors_in(again)) == (422, True)
    assert "Dissents" in client_of(None).get(f"{base}{KEY}").text
    file = client_of(None).get(f"{base}{KEY}rounds/1/report.docx")
    found = docx.Document(io.BytesIO(file.data))
    text = "\n".join(paragraph.text for paragraph in found.paragraphs)
    for words in ("Quarry Guild: 2 poor; confidence: high", "We do not agree.", "Report of 2025, page 3."):
        assert words in text
    cells = [cell.text for table in found.tables for row in table.rows for cell in row.cells]
    assert any("median 2 poor" in cell for cell in cells)
    assert client_of(None).get(f"{base}{KEY}rounds/1/report.pdf").data.startswith(b"%PDF")
    look_again(build.session)
    assert len(build.session.scalars(sa.select(AnnexedStatement)).all()) == 1


def _seat(client: FlaskClient, base: str) -> str:
    page = client.get(f"{base}{KEY}statement").text
    return page.split('<option value="')[1].split('"')[0] if "<option" in page else ""


def test_the_recommendation_begins_as_a_draft_of_the_group(
    build: Builder, group: Group, chair: Account, base: str, client_of: ClientOf
) -> None:
    """With the matrix in it; only by who writes what the group owns."""
    person, _ = seated(build, group)
    assessed(build, person, group)
    go_on(build, group, chair)
    path = f"{base}{KEY}rounds/1/recommendation"
    assert submit(client_of(person), path).status_code == 403
    rapporteur = build.member(group, role=GroupRole.RAPPORTEUR)
    answer = submit(client_of(rapporteur), path)
    assert answer.status_code == 303
    assert "median 3 fair" in client_of(rapporteur).get(str(answer.location)).text
    look_again(build.session)
    paper = build.session.scalars(sa.select(Paper)).one()
    assert paper.purpose is Purpose.GROUP_DRAFT


def test_criteria_are_edited_until_a_round_opens(
    build: Builder, group: Group, chair: Account, client_of: ClientOf
) -> None:
    """By chair, rapporteur and secretariat; a line that cannot be read keeps what was typed."""
    row = catalogue(build, group)
    procedure(build, group)
    path = f"/groups/{group.slug}/{KEY}edit"
    rapporteur = build.member(group, role=GroupRole.RAPPORTEUR)
    client = client_of(rapporteur)
    page = client.get(path).text
    typed = {
        "title": "Tools",
        "summary": "",
        "parts": "near | Near",
        "solutions": "lamp | near | Lamp | Gives light.",
        "criteria": "light | Light | How bright?",
        "scale": "dim\nbright",
        "based_on": hidden(page, "based_on"),
    }
    wrong = submit(client, path, typed | {"criteria": "Light!"})
    assert (wrong.status_code, "Line 1" in errors_in(wrong), "Light!" in wrong.text) == (422, True, True)
    assert submit(client, path, typed).status_code == 303
    assert submit(client, path, typed | {"title": "Again"}).status_code == 409
    look_again(build.session)
    assert (row.title, row.criteria[0]["key"], row.is_edited) == ("Tools", "light", True)
    go_on(build, group, chair)
    go_on(build, group, chair)
    fixed = submit(client, path, typed | {"based_on": str(row.lock_version)})
    assert (fixed.status_code, "stays as it is" in errors_in(fixed)) == (422, True)


def test_a_country_is_described_by_the_same_form(build: Builder, group: Group, client_of: ClientOf) -> None:
    """Phases with evidence and a label; the table of countries, and the history when it is described anew."""
    one = [{"key": "phase", "title": "Phase", "question": ""}]
    scale = ["first phase", "second phase", "third phase", "fourth phase"]
    catalogue(build, group, title="Model", unit=Unit.COUNTRY, criteria=one, scale=scale)
    person, _ = seated(build, group, "Example Ministry")
    client, base = client_of(person), f"/groups/{group.slug}/"
    assert "No country is described yet" in client.get(f"{base}{KEY}").text
    assert 'name="country"' in client.get(f"{base}{KEY}mine/").text
    for phase in ("1", "2"):
        for number in (1, 2):
            path = f"{base}{KEY}mine/pages/{number}?country=KE"
            seen = hidden(client.get(path).text, "seen")
            typed = {"rating-1": phase, "reason-1": "A body met.", "evidence-1": "Minutes.", "seen": seen}
            assert submit(client, path, typed).status_code == 303
        page = client.get(f"{base}{KEY}mine/preview?country=KE").text
        data = {name: hidden(page, name) for name in ("seen", "based_on")} | {"label": "CLEAR"}
        sent = submit(client, f"{base}{KEY}mine/preview?country=KE", data)
        assert str(sent.location).endswith("/countries/KE/")
    visitor = client_of(None)
    assert "second phase" in visitor.get(f"{base}{KEY}").text
    history = visitor.get(f"{base}{KEY}countries/KE/").text
    assert "was first phase" in history
    assert history.count("Example Ministry") == 2
    assert visitor.get(f"{base}{KEY}countries/PT/").status_code == 404


@pytest.mark.parametrize("path", ["/eu-internet-forum/", "/weprotect/"])
def test_the_procedures_of_an_initiative_show_where_they_stand(
    build: Builder, client_of: ClientOf, path: str
) -> None:
    """Of a closed group that is listed its name alone."""
    number = 7 if "forum" in path else 8
    open_one = build.group(Ceiling.PUBLIC, initiative=number, title="Open works")
    closed = build.group(Ceiling.MEMBERS, initiative=number, title="Closed works")
    for one in (open_one, closed):
        catalogue(build, one, title=f"Of {one.title}")
        procedure(build, one)
    page = client_of(None).get(path).text
    assert "Stage 1 of 5" in page
    assert "Of Open works" in page
    assert "Closed works" in page
    assert "Of Closed works" not in page


def test_an_assessment_can_be_flagged_removed_and_restored(
    app: Flask,
    build: Builder,
    group: Group,
    chair: Account,
    base: str,
    client_of: ClientOf,
    clock: StoppedClock,
) -> None:
    """Once the group reads it: the seat's holders are told with the reason; removed, it counts in no cell."""
    person, seat = seated(build, group, "Quarry Guild")
    alternate = build.member(group, seat=seat, is_alternate=True)
    other, _ = seated(build, group)
    moderator = client_of(build.member(group, role=GroupRole.MODERATOR))
    row = assessed(build, person, group, "1")
    assessed(build, other, group, "5")
    link = f"/assessments/{row.public_id}"
    reader = client_of(other)
    assert {reader.get(f"{link}{more}").status_code for more in ("", "/flag")} == {404}
    assert moderator.get(f"/moderation/cases/assessment/{row.public_id}").status_code == 404
    assert str(client_of(person).get(link).location).endswith("/mine/")
    look_again(build.session)
    go_on(build, group, chair)
    assert str(reader.get(link).location).endswith("/rounds/1/")
    flag = {"reason": "off_topic", "explanation": "It is about something else."}
    flagged = submit(reader, f"{link}/flag", flag)
    assert flagged.status_code == 303, errors_in(flagged)
    assert "Technical solutions" in moderator.get("/moderation/").text
    case = f"/moderation/cases/assessment/{row.public_id}"
    assert "Because of what" in moderator.get(case).text
    decision = {"action": "hide", "rule": "civil", "reason": "It does not argue with the point at all."}
    hidden_now = submit(moderator, case, decision)
    assert hidden_now.status_code == 303, errors_in(hidden_now)
    assert "1 seat gave an assessment" in reader.get(f"{base}{KEY}rounds/1/").text
    assert "Technical solutions" in client_of(person).get("/me/contributions").text
    clock.advance(minutes=5)
    told = {str(mail["To"]) for mail in deliver(app, clock) if "removed from view" in str(mail["Subject"])}
    assert told == {f"{one.name} <{one.email}>" for one in (person, alternate)}
    assert "removed from view" in client_of(person).get("/notifications/").text
    assert moderator.get("/moderation/log").status_code == 200
    look_again(build.session)
    seen = hidden(moderator.get(case).text, "seen")
    back = {"action": "restore", "reason": "It was no rule after all.", "seen": seen}
    restored = submit(moderator, case, back)
    assert restored.status_code == 303, errors_in(restored)
    assert "2 seats gave an assessment" in reader.get(f"{base}{KEY}rounds/1/").text


def test_the_form_keeps_a_draft_while_it_is_written(
    build: Builder, group: Group, base: str, client_of: ClientOf, clock: StoppedClock
) -> None:
    """The script saves as the button does; what a colleague saved meanwhile is not overwritten unseen."""
    member, seat = seated(build, group, "Example Drafter")
    alternate = build.member(group, seat=seat, is_alternate=True)
    mine, theirs = client_of(member), client_of(alternate)
    path = f"{base}{KEY}mine/pages/1"
    seen = hidden(mine.get(path).text, "seen")
    told = submit(mine, path, page_of() | {"seen": seen, "step": "autosave"}).json
    assert told is not None
    assert (told["conflicts"], told["fields"]["seen"] != seen) == ([], True)
    assert "It *works*." in mine.get(path).text
    late = submit(theirs, path, page_of(**{"reason-1": "Mine."}) | {"seen": seen, "step": "autosave"}).json
    assert late is not None
    assert (late["conflicts"], late["fields"]) == (["seen"], {})
    assert "Mine." not in mine.get(path).text
    look_again(build.session)
    clock.advance(days=400)
    build.session.rollback()
    wrong = submit(client_of(member), path, page_of() | {"seen": seen, "step": "autosave"})
    assert wrong.status_code == 422
    assert wrong.json is not None
    assert wrong.json["errors"]
