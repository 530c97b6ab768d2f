"""Searching: what is found is what may be read, and nothing tells of the rest."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.attachments import Attachment, AttachmentPage, AttachmentState
from forum.domain.attribution import Attribution
from forum.domain.groups import Group, GroupRole
from forum.domain.labels import Ceiling, Status, Tlp
from forum.domain.organisations import FormerName, StakeholderType
from forum.domain.papers import PaperVersion
from forum.domain.threads import Post, Thread
from forum.errors import Invalid
from forum.extensions import db, search_engine
from forum.policy import ANONYMOUS, Actor
from forum.search.protocol import Add, SearchEngine
from forum.search.query import Filters
from forum.services.indexing import all_documents
from forum.services.labels import relabel, relabel_all
from forum.services.search import MAX_PAGES, SearchPage, View, search
from forum.services.search_filters import read_filters
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.support import count_statements, deliver

Find = Callable[..., SearchPage]


@pytest.fixture
def engine(app: Flask) -> SearchEngine:
    found: SearchEngine = search_engine(app)
    return found


@pytest.fixture
def find(app: Flask, session: Session, engine: SearchEngine, clock: StoppedClock) -> Find:
    """Index what waits, then search as somebody (a visitor by default)."""

    def run(text: str, actor: Actor = ANONYMOUS, **options: Any) -> SearchPage:
        deliver(app, clock)
        session.expire_all()
        return search(session, actor, engine, text=text, **options)

    return run


def titles(page: SearchPage) -> list[str]:
    return [hit.title for hit in page.hits]


def marked(page: SearchPage) -> list[str]:
    """The words that the first passage marks."""
    return [text for text, is_hit in page.hits[0].passage if is_hit]


def everything_told(page: SearchPage) -> str:
    """All that a page says, without what the search itself was."""
    return repr(replace(page, text="", words="", understood="", filters=Filters()))


# --- what is found --------------------------------------------------------------------------------


def test_a_result_says_all_that_the_page_shows(build: Builder, find: Find) -> None:
    """Title, group, author, date, label, the passage with its hits, and a lasting address."""
    group = build.group(Ceiling.PUBLIC)
    body = build.organisation("Example Messenger")
    author = build.account("Open Example", name_is_public=True)
    thread = build.thread(group, author, title="On lanterns", text="A lantern burns.", organisation=body)
    page = find("lantern")
    (hit,) = page.hits
    assert (hit.kind, hit.title, hit.is_reply) == ("post", "On lanterns", False)
    assert (hit.group_slug, hit.group_title) == (group.slug, group.short_title)
    assert hit.byline is not None
    assert (hit.byline.name, hit.byline.organisation) == ("Open Example", "Example Messenger")
    assert (hit.tlp, hit.status) == (Tlp.CLEAR, Status.PUBLISHED)
    assert marked(page) == ["lantern"]
    assert hit.title_segments == (("On ", False), ("lanterns", True))
    assert hit.url == hit.cite == f"/posts/{hit.public_id}"
    assert hit.container_url == f"/groups/{group.slug}/threads/{thread.public_id}/"
    assert page.readable_groups == 1


def test_a_paper_opens_at_the_paragraph_of_its_passage(session: Session, build: Builder, find: Find) -> None:
    """With the number of the paragraph; what stands in the summary has none."""
    text = "About harbours.\n\nAbout lanterns in them."
    version = build.paper(build.group(Ceiling.PUBLIC), title="Harbours", text=text)
    version.paragraphs = [[1, "p1", "paragraph", 0, 15, "x"], [2, "p2", "paragraph", 17, 40, "y"]]
    version.abstract = "All about candles."
    session.commit()
    (hit,) = find("lanterns").hits
    assert (hit.paragraph, hit.version) == (2, 1)
    assert hit.url.endswith("/versions/1#p2")
    assert hit.cite.endswith("/v/1#p2")
    (hit,) = find("candles").hits
    assert hit.paragraph is None
    assert hit.url.endswith("/versions/1")


def test_an_attachment_opens_at_the_page_of_its_passage(session: Session, build: Builder, find: Find) -> None:
    """The second page of two."""
    version = build.paper(build.group(Ceiling.PUBLIC), text="See the annex.")
    attachment = attach(session, build, version, "Nothing here.", "A lantern.")
    (hit,) = find("lantern").hits
    assert (hit.kind, hit.page) == ("attachment", 2)
    assert hit.url == f"/attachments/{attachment.public_id}/pages/2"


def attach(session: Session, build: Builder, version: PaperVersion, *pages: str) -> Attachment:
    attachment = Attachment(
        paper_id=version.paper_id,
        group_id=version.group_id,
        filename="annex.pdf",
        state=AttachmentState.TEXT_ONLY,
        tlp=version.tlp,
        audience="",
        own="",
        created_at=build.clock(),
    )
    session.add(attachment)
    session.flush()
    session.add_all(
        AttachmentPage(attachment_id=attachment.id, number=n, text=text) for n, text in enumerate(pages, 1)
    )
    relabel(session, session.get_one(Group, version.group_id), version, now=build.clock())
    session.commit()
    return attachment


def test_a_superseded_version_leads_on(session: Session, build: Builder, find: Find) -> None:
    """To the newest that the reader may read, and it comes after that."""
    group = build.group(Ceiling.PUBLIC)
    first = build.paper(group, text="The lantern rule.")
    second = add_version(session, build, first, number=2, text="The lantern rule, mended.")
    page = find("lantern")
    assert [(hit.version, hit.newer and hit.newer.number) for hit in page.hits] == [(2, None), (1, 2)]
    assert [hit.version for hit in find("lantern versions:current").hits] == [2]
    second.tlp = Tlp.RED
    relabel(session, group, second, now=build.clock())
    session.commit()
    page = find("lantern")
    assert [(hit.version, hit.newer) for hit in page.hits] == [(1, None)]
    member = build.actor(build.member(group))
    assert [hit.newer.number for hit in find("lantern", member).hits if hit.newer] == [2]


def add_version(session: Session, build: Builder, first: PaperVersion, **columns: Any) -> PaperVersion:
    names = ("paper_id", "group_id", "title", "source", "html", "content_hash", "render_version", "tlp")
    later = PaperVersion(
        **{name: getattr(first, name) for name in names} | columns,
        status=Status.PUBLISHED,
        audience="",
        own="",
        created_at=build.clock(),
        edited_at=build.clock(),
        published_at=build.clock(),
    )
    session.add(later)
    session.flush()
    relabel(session, session.get_one(Group, first.group_id), later, now=build.clock())
    session.commit()
    return later


def test_more_words_rank_higher_and_none_is_required(build: Builder, find: Find) -> None:
    """A sentence finds what holds most of it first."""
    group = build.group(Ceiling.PUBLIC)
    build.thread(group, title="One", text="A lantern stands in the harbour at night.")
    build.thread(group, title="Two", text="A lantern stands on a hill.")
    page = find("why does the lantern in the harbour burn at night")
    assert titles(page) == ["One", "Two"]
    assert page.total == 2


def test_newest_first_when_asked(build: Builder, find: Find, clock: StoppedClock) -> None:
    """By date instead of relevance."""
    group = build.group(Ceiling.PUBLIC)
    build.thread(group, title="Lantern", text="Lantern, lantern.")
    clock.advance(days=1)
    build.thread(group, title="Later", text="One lantern among many other words that mean nothing here.")
    assert titles(find("lantern")) == ["Lantern", "Later"]
    assert titles(find("lantern", sort="date")) == ["Later", "Lantern"]


def test_pages_are_bounded(build: Builder, find: Find) -> None:
    """A page beyond the last shows the last; the number of pages never exceeds the bound."""
    group = build.group(Ceiling.PUBLIC)
    for n in range(5):
        build.thread(group, title=f"Lantern {n}")
    page = find("lantern", per_page=2)
    assert (page.number, page.pages, len(page.hits), page.total) == (1, 3, 2, 5)
    last = find("lantern", per_page=2, page=10**6)
    assert (last.number, len(last.hits)) == (3, 1)
    assert find("lantern", per_page=2, page=-3).number == 1
    assert last.pages <= MAX_PAGES


def test_each_discussion_once_with_its_best_passage(build: Builder, find: Find) -> None:
    """Three passages in two discussions."""
    group = build.group(Ceiling.PUBLIC)
    thread = build.thread(group, title="Harbours", text="A lantern.")
    build.post(thread, text="Another lantern, and a lantern.")
    build.thread(group, title="Hills", text="A lantern on a hill.")
    page = find("lantern", view=View.CONTAINERS)
    assert sorted(titles(page)) == ["Harbours", "Hills"]
    assert sorted(page.gathered.values()) == [1, 2]
    assert page.total == 3


def test_nothing_asked_is_nothing_looked_for(build: Builder, find: Find) -> None:
    """An empty box finds nothing; a filter alone finds all of its kind."""
    build.thread(build.group(Ceiling.PUBLIC))
    page = find("   ")
    assert (page.is_asked, page.total, page.hits) == (False, 0, ())
    assert find("kind:post").total == 1


def test_too_long_a_query_is_refused(find: Find) -> None:
    """With how long it may be."""
    with pytest.raises(Invalid, match="200 characters"):
        find("x" * 201)


@pytest.mark.parametrize(
    "text",
    ['"', "(((", ")-(", "OR OR", "NEAR/9 x", "author:", "-", "*", "group:,", "a" * 200, "\x00\x07", "🦊"],
)
def test_bad_syntax_is_no_error(build: Builder, find: Find, text: str) -> None:
    """It is searched as words."""
    build.thread(build.group(Ceiling.PUBLIC))
    assert find(text).hits == ()


def test_misspelt_words_are_put_right(build: Builder, find: Find) -> None:
    """From what the visitor may read."""
    build.thread(build.group(Ceiling.PUBLIC), text="Encryption of lanterns.")
    assert find("encyrption").suggestion == "encryption"
    assert find("encryption").suggestion is None


def test_nothing_found_says_what_to_loosen(build: Builder, find: Find) -> None:
    """Each with what it would find."""
    build.thread(build.group(Ceiling.PUBLIC), text="A lantern in the harbour.")
    page = find("lantern kind:paper")
    assert [(wider.reason, wider.total) for wider in page.loosenings] == [("filter", 1)]
    page = find('"harbour lantern" -night')
    assert [(wider.reason, wider.text, wider.total) for wider in page.loosenings] == [
        ("phrases", "harbour lantern", 1)
    ]
    page = find('"harbour lantern" kind:paper lang:fr')
    assert [wider.reason for wider in page.loosenings] == ["everything"]


# --- filters --------------------------------------------------------------------------------------


@pytest.fixture
def harbour(build: Builder, session: Session) -> Group:
    """A community group with one thing of each sort."""
    group = build.group(Ceiling.COMMUNITY, slug="harbour", title="The Harbour Group", short_title="Harbour")
    ministry = build.organisation(
        "Ministry of Lamps", slug="ministry-of-lamps", type=StakeholderType.PUBLIC_AUTHORITY, country="FR",
        match_key="ministry of lamps",
    )  # fmt: skip
    session.add(FormerName(organisation_id=ministry.id, name="Candle Office", match_key="candle office"))
    session.commit()
    ada = build.account("Ada Lámpara", handle="ada-l")
    build.thread(group, ada, title="By Ada", text="A lantern.", organisation=ministry, language="en")
    company = build.organisation("Glow Works", slug="glow-works", match_key="glow works")
    thread = build.thread(group, build.account("Bo Candle"), title="By Bo", organisation=company, tlp=Tlp.RED)
    assert thread.tlp is Tlp.RED
    build.paper(group, title="A paper", text="A lantern.", language="fr")
    return group


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("author:ada", ["By Ada"]),
        ('author:"ada lampara"', ["By Ada"]),
        ("author:ada-l", ["By Ada"]),
        ("author:nobody", []),
        ("organisation:ministry-of-lamps", ["By Ada"]),
        ('organisation:"Ministry of Lamps"', ["By Ada"]),
        ("organisation:lamps", ["By Ada"]),
        ("organisation:nobody", []),
        ("group:harbour", ["A paper", "By Ada"]),
        ('group:"the harbour group" kind:post', ["By Ada"]),
        ("-group:harbour", []),
        ("kind:paper", ["A paper"]),
        ("kind:discussions", ["By Ada"]),
        ("kind:post,paper", ["A paper", "By Ada"]),
        ("-kind:paper", ["By Ada"]),
        ("lang:fr", ["A paper"]),
        ("type:authority", ["By Ada"]),
        ('type:"public authority"', ["By Ada"]),
        ("type:ngo", []),
        ("country:fr", ["By Ada"]),
        ("country:fra", ["By Ada"]),
        ("country:be", []),
        ("label:green", ["A paper", "By Ada"]),
        ("label:tlp:green", ["A paper", "By Ada"]),
        ("label:red", []),
        ("after:2026-03-02", ["A paper", "By Ada"]),
        ("after:2026-03-03", []),
        ("before:2026-03-03", ["A paper", "By Ada"]),
        ("before:2026-03", []),
        ("year:2026", ["A paper", "By Ada"]),
    ],
)
@pytest.mark.usefixtures("harbour")
def test_filters(build: Builder, find: Find, text: str, found: list[str]) -> None:
    """Typed, with names resolved."""
    assert sorted(titles(find(text, build.actor(build.account())))) == found


@pytest.mark.usefixtures("harbour")
def test_chosen_filters_are_typed_ones(build: Builder, find: Find) -> None:
    """The address of a facet and the words in the box give the same, and every one is a chip."""
    actor = build.actor(build.account())
    chosen = read_filters({"group": ["harbour"], "kind": ["-paper"], "after": ["2026"], "nonsense": ["x"]})
    typed = find("group:harbour -kind:paper after:2026", actor)
    page = find("", actor, filters=chosen)
    assert titles(page) == titles(typed) == ["By Ada"]
    assert page.filters == typed.filters
    assert [(chip.field, chip.value, chip.name, chip.is_negated) for chip in page.chips] == [
        ("group", "harbour", "Harbour", False),
        ("kind", "paper", None, True),
        ("after", "2026-01-01", None, False),
    ]
    assert [len(list(chip.rest.choices)) for chip in page.chips] == [1, 1, 2]


@pytest.mark.usefixtures("harbour")
def test_facets_count_exactly(build: Builder, find: Find) -> None:
    """A chosen one is counted without its own choice."""
    page = find("lantern kind:paper", build.actor(build.account()))
    facets = {facet.field: {v.value: (v.count, v.is_chosen) for v in facet.values} for facet in page.facets}
    assert facets["kind"] == {"paper": (1, True), "post": (1, False)}
    assert facets["group"] == {"harbour": (1, False)}
    assert facets["language"] == {"fr": (1, False)}


def test_a_former_name_finds_the_body(build: Builder, find: Find, harbour: Group) -> None:
    """As its present name does."""
    page = find('organisation:"Candle Office"', build.actor(build.member(harbour)))
    assert [chip.name for chip in page.chips] == ["Ministry of Lamps"]


@pytest.mark.usefixtures("harbour")
def test_organisations_are_found_by_name(find: Find) -> None:
    """The directory is public; a sentence that names none finds none."""
    assert [body.slug for body in find("lamps ministry").organisations] == ["ministry-of-lamps"]
    assert find("why does the light of lamps not reach us here").organisations == ()


# --- what is not told -----------------------------------------------------------------------------


@pytest.fixture
def open_group(build: Builder) -> Group:
    group = build.group(Ceiling.PUBLIC, slug="open")
    thread = build.thread(group, build.account(), title="Public lanterns", text="Seen by all.")
    build.post(thread, text="A lantern more.")
    return group


def close_something(build: Builder) -> Group:
    """A closed, unlisted group with everything that a search could tell of."""
    closed = build.group(Ceiling.MEMBERS, slug="closed-lanterns", title="Closed", is_listed=False)
    author = build.member(closed, build.account("Secret Person", handle="secret-person"))
    body = build.organisation("Quiet Body", slug="quiet-body", type=StakeholderType.NGO, country="MT")
    thread = build.thread(
        closed,
        author,
        title="Closed lantern",
        text="The xylograph lantern.",
        organisation=body,
        language="mt",
    )
    build.post(thread, author, text="Lantern xylograph again.", organisation=body)
    build.paper(closed, author, title="Closed paper", text="Lantern lantern lantern.", organisation=body)
    return closed


QUERIES = (
    "lantern", "xylograph", "xylogaph", "closed", "group:closed-lanterns", "author:secret-person",
    "organisation:quiet-body", "country:mt", "lang:mt", "type:ngo lantern", "-lantern", "kind:paper", "lant*",
    "lantern NEAR seen", '"xylograph lantern"', "lantern -xylograph", "label:red",
)  # fmt: skip


@pytest.mark.parametrize("view", list(View), ids=lambda view: view.value)
@pytest.mark.usefixtures("open_group")
def test_the_twins(build: Builder, find: Find, view: View) -> None:
    """Every answer is the same with and without closed content, but for the public name of a body."""
    outsider = build.actor(build.account())
    build.organisation("Quiet Body", slug="quiet-body-before")
    before = {
        (text, who.account_id): everything_told(find(text, who, view=view))
        for text in QUERIES
        for who in (ANONYMOUS, outsider)
    }
    close_something(build)
    for text in QUERIES:
        for who in (ANONYMOUS, outsider):
            page = find(text, who, view=view)
            chips = tuple(chip for chip in page.chips if chip.field != "organisation")
            told = everything_told(replace(page, chips=chips))
            if "organisation:" not in text:
                assert told == before[text, who.account_id], text
            assert page.total == 0 or "organisation:" not in text


@pytest.mark.usefixtures("open_group")
def test_a_member_finds_what_others_do_not(build: Builder, find: Find) -> None:
    """So that the twins above compare something."""
    closed = close_something(build)
    member = build.actor(build.member(closed))
    assert find("xylograph", member).total == 2
    assert find("xylogaph", member).suggestion == "xylograph"
    assert find("author:secret-person", member).total == 3


@pytest.mark.parametrize("status", [Status.PENDING, Status.REJECTED, Status.HIDDEN])
def test_what_is_held_is_found_by_nobody(build: Builder, find: Find, status: Status) -> None:
    """Neither by its author nor by a moderator."""
    group = build.group(Ceiling.PUBLIC)
    author, moderator = build.member(group), build.member(group, role=GroupRole.MODERATOR)
    build.post(build.thread(group), author, text="A lantern.", status=status)
    for actor in (ANONYMOUS, build.actor(author), build.actor(moderator)):
        assert find("lantern", actor).total == 0


def test_what_is_hidden_goes_when_the_worker_has_run(
    session: Session, build: Builder, find: Find, clock: StoppedClock
) -> None:
    """And before that nobody is shown it."""
    group = build.group(Ceiling.PUBLIC)
    thread = build.thread(group, text="A lantern.")
    assert find("lantern").total == 1
    opening = session.scalars(sa.select(Post).where(Post.thread_id == thread.id)).one()
    thread.status = opening.status = Status.HIDDEN
    relabel(session, group, thread, now=clock())
    session.commit()
    page = find("lantern")
    assert (page.total, page.hits, page.facets) == (0, (), ())


def test_relabelled_text_moves_to_its_new_readers(
    session: Session, build: Builder, find: Find, clock: StoppedClock
) -> None:
    """A public group that closes takes its texts along."""
    group = build.group(Ceiling.PUBLIC)
    member = build.actor(build.member(group))
    build.thread(group, text="A lantern.")
    assert find("lantern").total == 1
    group.ceiling = Ceiling.MEMBERS
    relabel_all(session, group, now=clock())
    session.commit()
    assert find("lantern").total == 0
    assert find("lantern", build.actor(build.account())).total == 0
    assert find("lantern", replace(member, clearances=member.clearances | {f"group:{group.id}"})).total == 1


def test_a_stale_index_cannot_leak(
    app: Flask, session: Session, build: Builder, engine: SearchEngine, clock: StoppedClock
) -> None:
    """A closed document put into the public index by hand is found by nobody, nor counted."""
    close_something(build)
    deliver(app, clock)
    engine.apply([Add(replace(document, audience="public")) for document in all_documents(session)])
    for view in (View.PASSAGES, View.CONTAINERS):
        page = search(session, ANONYMOUS, engine, text="lantern", view=view)
        assert (page.hits, page.facets) == ((), ())
        assert page.total == 0


def test_under_the_chatham_house_rule_filters_tell_nothing(build: Builder, find: Find) -> None:
    """No author, body, type or country finds a post; the result shows the alias and the day."""
    group = build.group(Ceiling.MEMBERS, attribution=Attribution.CHATHAM_HOUSE)
    member = build.actor(build.member(group))
    thread = build.thread(group)
    build.post(thread, text="A lantern.", alias="Company A", country="FR", language="fr")
    for text in ("country:fr", "lang:fr", "type:company", "author:company"):
        assert find(text, member).total == 0
    (hit,) = find("lantern", member).hits
    assert hit.byline is not None
    assert (hit.byline.alias, hit.byline.country, hit.shown_as) == ("Company A", None, None)
    assert hit.is_day_only
    assert (hit.at.hour, hit.at.minute) == (0, 0)


def test_strangers_do_not_find_people_by_name(build: Builder, find: Find) -> None:
    """In public text, who did not choose to be named cannot be filtered by; who chose can."""
    group = build.group(Ceiling.PUBLIC)
    shy = build.account("Shy Example")
    build.post(build.thread(group), shy, text="A lantern.")
    assert find("author:shy").total == 0
    open_ = build.account("Open Example", name_is_public=True)
    build.post(build.thread(group), open_, text="A lantern.")
    assert find("author:open").total == 1


def test_a_suspended_person_finds_what_visitors_find(build: Builder, find: Find, clock: StoppedClock) -> None:
    """Their clearances are a visitor's."""
    closed = close_something(build)
    account: Account = build.account(suspended_until=clock.time.replace(year=2030))
    build.member(closed, account)
    assert find("lantern", build.actor(account)).total == 0


# --- cost -----------------------------------------------------------------------------------------


def test_statements_do_not_grow_with_results(
    app: Flask, session: Session, build: Builder, engine: SearchEngine, clock: StoppedClock
) -> None:
    """One a kind, one for groups, one for organisations; whatever is found."""
    group = build.group(Ceiling.PUBLIC)

    def add(times: int) -> None:
        for _ in range(times):
            version = build.paper(group, text="A lantern.")
            attach(session, build, version, "A lantern.", "And more.")
            build.thread(group, text="A lantern.")

    counts = []
    for times in (1, 5):
        add(times)
        deliver(app, clock)
        session.expire_all()
        with count_statements(db.engine) as seen:
            page = search(session, ANONYMOUS, engine, text="lantern")
        assert len(page.hits) >= 3
        counts.append(len(seen))
    assert counts == [5, 5]


def test_titles_of_threads_follow_their_edits(
    session: Session, build: Builder, find: Find, clock: StoppedClock
) -> None:
    """A result shows the title as it is now."""
    thread = build.thread(build.group(Ceiling.PUBLIC), title="Old", text="A lantern.")
    session.get_one(Thread, thread.id).title = "New"
    session.commit()
    assert titles(find("lantern")) == ["New"]
