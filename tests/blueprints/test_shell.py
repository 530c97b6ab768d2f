"""The shell of every page, and the macros that pages share."""

from collections.abc import Callable
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask, render_template_string
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from wtforms import BooleanField, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from forum.blueprints.support import Form
from forum.domain.accounts import Account, PlatformRole, Theme
from forum.domain.groups import GroupRole
from forum.domain.labels import Ceiling, Status, Tlp
from forum.domain.notices import Notice, NoticeKind
from forum.domain.organisations import StakeholderType
from forum.extensions import db
from forum.services.attribution import Byline
from tests.builders import Builder
from tests.support import count_statements

ClientOf = Callable[[Account | None], FlaskClient]


def page(client: FlaskClient, path: str = "/") -> BeautifulSoup:
    return BeautifulSoup(client.get(path).data, "html.parser")


def links(soup: BeautifulSoup, label: str) -> list[str]:
    nav = soup.find("nav", attrs={"aria-label": label})
    return [" ".join(a.get_text().split()) for a in nav.find_all("a")] if nav else []


def test_a_visitor_gets_the_public_navigation(client: FlaskClient) -> None:
    """Home, groups, consultations, strategy, and a way in; nothing by role."""
    soup = page(client)
    assert links(soup, "Main") == ["Home", "Groups", "Consultations", "Strategy"]
    assert links(soup, "Me") == []
    assert soup.find("a", href="/accounts/sign-in")


def test_roles_add_their_own_links(build: Builder, client_of: ClientOf) -> None:
    """A moderator has Moderate, the secretariat its desk, everyone signed in Notices and the Me menu."""
    group = build.group()
    moderator = build.member(group, role=GroupRole.MODERATOR)
    assert "Moderate" in links(page(client_of(moderator)), "Main")
    secretariat = build.account(platform_role=PlatformRole.SECRETARIAT)
    assert "Secretariat" in links(page(client_of(secretariat)), "Main")
    member = links(page(client_of(build.member(group))), "Main")
    assert "Notices" in member
    assert not {"Moderate", "Secretariat"} & set(member)


def test_signing_out_is_a_post_with_a_token(build: Builder, client_of: ClientOf) -> None:
    """The Me menu signs out by a form that carries the CSRF token."""
    form = page(client_of(build.account())).find("form", action="/accounts/sign-out")
    assert form["method"] == "post"
    assert form.find("input", attrs={"name": "csrf_token"})["value"]


def test_counts_stand_beside_the_links(session: Session, build: Builder, client_of: ClientOf) -> None:
    """Notices shows the unread, Moderate what waits."""
    group = build.group()
    moderator = build.member(group, role=GroupRole.MODERATOR)
    build.thread(group, build.member(group), status=Status.PENDING)
    session.add(Notice(account_id=moderator.id, kind=NoticeKind.HELD, key="held-1", created_at=build.clock()))
    session.commit()
    found = links(page(client_of(moderator)), "Main")
    assert "Moderate 1 waiting" in found
    assert "Notices 1 unread" in found


def test_navigation_costs_no_statement_for_visitors_and_one_for_people(
    app: Flask, build: Builder, client_of: ClientOf
) -> None:
    """An error page, which needs nothing itself, shows what the shell costs."""
    person = build.member(build.group(), role=GroupRole.MODERATOR)
    visitor, signed_in = client_of(None), client_of(person)
    with count_statements(db.engine) as seen:
        visitor.get("/nothing-here")
    assert seen == []
    with count_statements(db.engine) as seen:
        signed_in.get("/nothing-here")
    assert sum("FROM notice" in statement for statement in seen) == 1
    assert len(seen) == 3, "session, rights, counts"


@pytest.mark.parametrize(
    ("theme", "attribute", "sheet"),
    [
        (Theme.AUTO, None, "(prefers-color-scheme: dark)"),
        (Theme.DARK, "dark", None),
        (Theme.LIGHT, "light", False),
    ],
)
def test_the_theme_is_chosen_by_the_server(
    build: Builder, client_of: ClientOf, theme: Theme, attribute: str | None, sheet: str | bool | None
) -> None:
    """As the device says by a media query; always or never by the person's choice."""
    soup = page(client_of(build.account(theme=theme)))
    assert soup.html.get("data-bs-theme") == attribute
    dark = soup.find("link", href=lambda href: href and "/dark.css" in href)
    assert (dark is None) == (sheet is False)
    if dark:
        assert dark.get("media") == sheet


def test_every_page_says_where_to_turn(client: FlaskClient) -> None:
    """The footer: no place to report, emergency, helpline, hotlines."""
    care = page(client).find("section", class_="duty-of-care").get_text()
    for words in ("not a place to report", "Never send", "112", "116 111", "INHOPE"):
        assert words in care


def test_a_demonstration_says_so(app: Flask, client: FlaskClient) -> None:
    """The banner stands on every page of a demonstration, errors too, and on no other."""
    words = "Demonstration, not a service of the Commission"
    assert words not in client.get("/").text
    app.config["DEMONSTRATION"] = True
    assert words in client.get("/").text
    assert words in client.get("/nothing-here").text


class EveryField(Form):
    name = StringField("Name", [InputRequired()])
    text = TextAreaField("Text")
    kind = SelectField("Kind", choices=[SelectChoice("a", "A")])
    choice = RadioField(
        "Choice", choices=[SelectChoice("x", "X"), SelectChoice("y", "Y")], validators=[InputRequired()]
    )
    agree = BooleanField("I agree")
    hidden = HiddenField()


def render(app: Flask, source: str, **values: Any) -> BeautifulSoup:
    with app.test_request_context("/", method="POST", data=values.pop("data", None)):
        form = EveryField()
        if "validate" in values:
            form.validate()
        return BeautifulSoup(render_template_string(source, form=form, **values), "html.parser")


FORM = """{% from "_macros.html" import form_errors, form_field %}{{ form_errors(form) }}
{% for f in (form.name, form.text, form.kind, form.choice, form.agree, form.hidden) %}
{{ form_field(f, help="Some help") }}{% endfor %}"""


def test_a_field_is_tied_to_its_label_help_and_error(app: Flask) -> None:
    """Every control has a label; help and error are its description; the summary leads to it."""
    soup = render(app, FORM, validate=True)
    name = soup.find(id="name")
    described = name["aria-describedby"].split()
    assert [soup.find(id=part).get_text(strip=True) for part in described] == [
        "Some help",
        "This is needed.",
    ]
    assert name["aria-invalid"] == "true"
    for control in ("name", "text", "kind", "choice-0", "choice-1", "agree"):
        assert soup.find("label", attrs={"for": control}), control
    summary = soup.find(class_="error-summary")
    assert summary["role"] == "alert"
    assert {a["href"] for a in summary.find_all("a")} >= {"#name", "#choice-0"}
    assert all(soup.find(id=a["href"][1:]) for a in summary.find_all("a"))


def test_what_is_typed_is_escaped(app: Flask) -> None:
    """A value comes back as text."""
    soup = render(app, FORM, validate=True, data={"name": '"><script>x</script>'})
    assert soup.find("script") is None
    assert soup.find(id="name")["value"] == '"><script>x</script>'


BYLINE = """{% from "_macros.html" import byline %}{{ byline(author) }}"""


@pytest.mark.parametrize(
    ("author", "words", "addresses"),
    [
        (Byline(), "Author not recorded", []),
        (Byline(alias="Company A"), "Company A", []),
        (
            Byline(
                name="Ada Example",
                person_id="abc",
                organisation="Example Messenger",
                organisation_slug="example-messenger",
                stakeholder_type=StakeholderType.COMPANY,
                country="BE",
            ),
            "Ada Example, Example Messenger · Company or business · Belgium",
            ["/people/abc/", "/organisations/example-messenger/"],
        ),
        (
            Byline(stakeholder_type=StakeholderType.NGO, country="FR"),
            "Non-governmental organisation · France",
            [],
        ),
        (
            Byline(organisation="Example Body", organisation_slug="body"),
            "Example Body",
            ["/organisations/body/"],
        ),
    ],
    ids=["not recorded", "alias", "everything", "type only", "organisation only"],
)
def test_a_byline_shows_what_it_holds(app: Flask, author: Byline, words: str, addresses: list[str]) -> None:
    """Name, organisation, type and country as far as the presenter gave them."""
    soup = render(app, BYLINE, author=author)
    assert " ".join(soup.get_text().split()) == words
    assert [a["href"] for a in soup.find_all("a")] == addresses


def test_the_six_facts_keep_their_order(app: Flask, build: Builder) -> None:
    """Who, for whom, readable by, shown as, date and state, cite."""
    source = """{% from "_macros.html" import six_facts %}
    {{ six_facts(author, "A body", tlp, "12 people", "organisation", at, status, "/posts/x") }}"""
    soup = render(
        app, source, author=Byline(alias="NGO B"), tlp=Tlp.AMBER, at=build.clock(), status=Status.PUBLISHED
    )
    facts = {dt.get_text(): " ".join(dt.find_next("dd").get_text().split()) for dt in soup.find_all("dt")}
    assert facts == {
        "Who": "NGO B",
        "For whom": "A body",
        "Readable by": "12 people TLP:AMBER",
        "Shown as": "Organisation",
        "Date and state": "2 Mar 2026, 10:00 Published",
        "Cite": "Lasting address",
    }


def test_the_group_frame_shows_outsiders_no_inner_pages(build: Builder, client_of: ClientOf) -> None:
    """Of a closed, listed group: overview and members; members get every page."""
    group = build.group(Ceiling.MEMBERS)
    inside = page(client_of(build.member(group)), f"/groups/{group.slug}/")
    assert links(inside, "In this group") == [
        "Overview",
        "Papers",
        "Discussions",
        "Consultations",
        "Meetings and decisions",
        "Members",
        "Terms and rules",
    ]
    outside = page(client_of(build.account()), f"/groups/{group.slug}/")
    assert links(outside, "In this group") == ["Overview", "Members"]
