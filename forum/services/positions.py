"""Positions: who said what about a topic, an organisation a row, over what this reader may read now.

Nothing is remembered of what was found: the search is asked anew, hits and coded passages are loaded through
the policy, authors through the one presenter. Whoever spoke for no body, or is shown by type or alias only,
appears in totals alone.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from forum.domain.groups import Group, MembersVisible, Seat
from forum.domain.organisations import MemberBody, Organisation, StakeholderType, match_key
from forum.domain.topics import Stance, has_changed
from forum.policy import Actor
from forum.search.analysis import QueryTerms
from forum.search.protocol import Hit, SearchEngine
from forum.search.query import Query
from forum.services.passage_texts import load_texts, quote
from forum.services.search import Findings, find_query
from forum.services.search_hits import Found
from forum.services.signatures import signed_slugs
from forum.services.stances import CodedLine, by_document, list_stances
from forum.services.topics import TopicSubject
from forum.services.widening import join_any

LOOKED_THROUGH = 3_000
"""The best passages that are looked through; the page says so where there are more."""
PER_PAGE = 20
"""Organisations on a page."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One passage in a row: coded, or one of those that stand for the others until somebody has coded."""

    found: Found
    coded: CodedLine | None = None
    quotation: str = ""
    """The words that were coded; empty where the best passage of `found` stands for them."""
    cite: str = ""
    """The address that lasts, of the paragraph or page that was coded."""
    is_edited: bool = False
    """The words are others than those that were coded."""
    is_first: bool = False
    is_latest: bool = False
    is_best: bool = False
    signed_with: str = ""
    """Whose text it is, in the row of a body that signed it."""
    changed_from: datetime | None = None
    """When the passage before it, of another stance, was written."""
    stance_before: Stance | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """An organisation with its passages in date order."""

    slug: str
    name: str
    type: StakeholderType | None
    country: str | None
    statements: tuple[Statement, ...]
    found: int
    """How many of its texts were found, with those that are not shown."""
    stance: Stance | None = None
    """The latest that was coded."""
    has_changed: bool = False
    umbrellas: tuple[str, ...] = ()
    """Names of the bodies on the page's list that it is a member of."""


@dataclass(frozen=True, slots=True)
class Body:
    """An organisation of which no statement was found."""

    slug: str
    name: str


@dataclass(frozen=True, slots=True)
class Totals:
    """Counts over all rows, whatever page is shown."""

    organisations: Mapping[Stance, int] = field(default_factory=dict)
    """By latest stance; who is a member of a body counted beside it is not counted again."""
    covered: Mapping[Stance, int] = field(default_factory=dict)
    """Those members."""
    uncoded: int = 0
    """Organisations of which nothing is coded."""
    own_capacity: Mapping[Stance, int] = field(default_factory=dict)
    """Coded texts of people in their own capacity, by stance."""
    own_capacity_found: int = 0
    unnamed: Mapping[Stance, int] = field(default_factory=dict)
    """Coded texts shown by type or alias only, by stance."""
    unnamed_found: int = 0


@dataclass(frozen=True, slots=True)
class Positions:
    """One page of a topic's positions."""

    rows: tuple[Row, ...]
    bodies: int
    """How many organisations said something, on all pages."""
    number: int
    pages: int
    totals: Totals
    silent: tuple[Body, ...]
    """Organisations that could have spoken and of which no statement was found."""
    total: int
    """Texts found."""
    is_cut: bool
    """More were found than are looked through."""


def load_positions(
    session: Session,
    actor: Actor,
    engine: SearchEngine,
    subject: TopicSubject,
    *,
    page: int = 1,
    per_page: int = PER_PAGE,
) -> Positions:
    """Give who said what about a topic. The number of statements does not grow with what is found."""
    query = topic_query(subject)
    found = find_query(session, actor, engine, query=query, filters=subject.filters, limit=LOOKED_THROUGH)
    coded = by_document(list_stances(session, actor, subject.topic.id))
    hits = [*found.hits, *_beyond(found.hits, coded)]
    texts = [one for one in found.load(hits, with_passages=False) if one.byline is not None]
    places = {hit.id: place for place, hit in enumerate(hits)}
    joint = _signed(session, texts)
    names = _load_bodies(session, texts, joint)
    by_body = _by_body(texts, joint, names)
    unions = _umbrellas(session, by_body)
    slugs = sorted(by_body, key=lambda slug: (match_key(names[slug].name), slug))
    pages = max(1, -(-len(slugs) // per_page))
    number = min(max(page, 1), pages)
    shown = slugs[(number - 1) * per_page : number * per_page]
    rows = [_row(names[slug], by_body[slug], coded, places) for slug in by_body]
    by_slug = {row.slug: row for row in rows}
    chosen = [
        replace(by_slug[slug], umbrellas=tuple(sorted(names[one].name for one in unions[slug])))
        for slug in shown
    ]
    kept = _with_words(session, actor, found, chosen)
    return Positions(
        rows=kept,
        bodies=len(slugs),
        number=number,
        pages=pages,
        totals=_count(rows, texts, coded, unions),
        silent=_list_silent(session, actor, subject, set(by_body)),
        total=len(texts),
        is_cut=found.total > LOOKED_THROUGH,
    )


def find_texts(
    session: Session, actor: Actor, engine: SearchEngine, subject: TopicSubject, hits: Sequence[Hit]
) -> tuple[QueryTerms, list[Found]]:
    """Give what a topic's words look for in texts, and these hits with their best passages."""
    found = find_query(session, actor, engine, query=topic_query(subject), filters=subject.filters, limit=0)
    return found.terms, found.load(hits)


def topic_query(subject: TopicSubject) -> Query | None:
    """Give what a topic looks for; None where that is nothing."""
    alternatives = subject.chosen.alternatives()
    return join_any(alternatives) if alternatives else None


def _beyond(hits: Sequence[Hit], coded: Mapping[str, Any]) -> list[Hit]:
    """Coded texts that the topic's words do not find, or not any more."""
    known = {hit.id for hit in hits}
    return [Hit(id_, "", "", 0.0, None, False) for id_ in coded if id_ not in known]


def _signed(session: Session, texts: Sequence[Found]) -> dict[str, tuple[str, ...]]:
    """The bodies that signed the versions among the texts, by document. One statement where there are any."""
    versions = {one.subject_id: one.id for one in texts if one.kind == "paper"}
    if not versions:
        return {}
    return {versions[key]: slugs for key, slugs in signed_slugs(session, list(versions)).items()}


def _load_bodies(
    session: Session, texts: Sequence[Found], joint: Mapping[str, tuple[str, ...]]
) -> dict[str, Row]:
    """The organisations that are named, as empty rows by their address."""
    slugs = {one.byline.organisation_slug for one in texts if one.byline} - {None}
    slugs |= {slug for signed in joint.values() for slug in signed}
    rows = session.execute(
        sa.select(Organisation.slug, Organisation.name, Organisation.type, Organisation.country).where(
            Organisation.slug.in_(sorted(filter(None, slugs)))
        )
    )
    return {row.slug: Row(*row, statements=(), found=0) for row in rows}


def _by_body(
    texts: Sequence[Found], joint: Mapping[str, tuple[str, ...]], names: Mapping[str, Row]
) -> dict[str, list[Statement]]:
    """The texts of each organisation in date order; a joint position stands in the row of each signatory."""
    found: dict[str, list[Statement]] = defaultdict(list)
    for one in sorted(texts, key=lambda one: (one.at, one.id)):
        assert one.byline is not None
        owner = one.byline.organisation_slug
        if owner is not None and owner in names:
            found[owner].append(Statement(one))
        if one.byline.alias is None:
            for slug in joint.get(one.id, ()):
                if slug != owner and slug in names:
                    found[slug].append(Statement(one, signed_with=one.byline.organisation or ""))
    return dict(found)


def _umbrellas(session: Session, slugs: Iterable[str]) -> dict[str, set[str]]:
    """For each organisation the others among them that it is a member of, directly or by others."""
    umbrella, member = aliased(Organisation), aliased(Organisation)
    pairs = session.execute(
        sa.select(member.slug, umbrella.slug)
        .select_from(MemberBody)
        .join(umbrella, umbrella.id == MemberBody.umbrella_id)
        .join(member, member.id == MemberBody.member_id)
    ).all()
    above: dict[str, set[str]] = defaultdict(set)
    for one, other in pairs:
        above[one].add(other)
    found: dict[str, set[str]] = {}
    listed = set(slugs)
    for slug in listed:
        reached: set[str] = set()
        edge = set(above.get(slug, ()))
        while edge:
            reached |= edge
            edge = {other for one in edge for other in above.get(one, ())} - reached
        found[slug] = reached & listed - {slug}
    return found


def _row(
    body: Row,
    texts: Sequence[Statement],
    coded: Mapping[str, list[CodedLine]],
    places: Mapping[str, int],
) -> Row:
    """Give the row of a body: what was coded, and the first, the latest and the best of the rest."""
    own = [one for one in texts if one.found.translation is None] or list(texts)
    first, latest = own[0].found.id, own[-1].found.id
    best = min(own, key=lambda one: places.get(one.found.id, LOOKED_THROUGH)).found.id
    shown: list[Statement] = []
    for one in texts:
        id_ = one.found.id
        one = replace(one, is_first=id_ == first, is_latest=id_ == latest, is_best=id_ == best)
        if id_ in coded:
            shown += [replace(one, coded=line) for line in coded[id_]]
        elif id_ in {first, latest, best}:
            shown.append(one)
    shown = _mark_changes(shown)
    stances = [one.coded.stance for one in shown if one.coded]
    return replace(
        body,
        statements=tuple(shown),
        found=len(texts),
        stance=stances[-1] if stances else None,
        has_changed=any(one.changed_from for one in shown),
    )


def _mark_changes(statements: Sequence[Statement]) -> list[Statement]:
    """Say of each coded passage whether its stance is another than that of the one before it."""
    marked: list[Statement] = []
    before: Statement | None = None
    for one in statements:
        if one.coded is not None and one.coded.stance is not Stance.UNCLEAR:
            if before is not None and before.coded and has_changed(before.coded.stance, one.coded.stance):
                one = replace(one, changed_from=before.found.at, stance_before=before.coded.stance)
            before = one
        marked.append(one)
    return marked


def _with_words(session: Session, actor: Actor, found: Findings, rows: Sequence[Row]) -> tuple[Row, ...]:
    """Load the passages of the rows that are shown, and the words of what was coded."""
    wanted = {one.found.id for row in rows for one in row.statements}
    loaded = found.load([Hit(id_, "", "", 0.0, None, False) for id_ in sorted(wanted)])
    passages = {one.id: one for one in loaded}
    coded = {one.found.id for row in rows for one in row.statements if one.coded}
    texts = load_texts(session, actor, coded)
    kept = []
    for row in rows:
        statements = []
        for one in row.statements:
            if one.found.id not in passages:
                continue
            one = replace(one, found=passages[one.found.id], cite=passages[one.found.id].cite)
            passage = one.coded.find_passage(texts.get(one.found.id)) if one.coded else None
            if one.coded is not None and passage is not None:
                one = replace(
                    one,
                    quotation=quote(passage.words),
                    cite=_cite(one.found, one.coded.place),
                    is_edited=passage.digest != one.coded.digest,
                )
            statements.append(one)
        kept.append(replace(row, statements=tuple(statements)))
    return tuple(kept)


def _cite(found: Found, place: str) -> str:
    """Give the lasting address of the paragraph or page that was coded."""
    if found.kind == "paper":
        return f"{found.cite.partition('#')[0]}#{place}" if place else found.cite
    if found.kind == "attachment" and place:
        return f"{found.cite.rpartition('/pages/')[0]}/pages/{place}"
    return found.cite


def _count(
    rows: Sequence[Row],
    texts: Sequence[Found],
    coded: Mapping[str, list[CodedLine]],
    unions: Mapping[str, set[str]],
) -> Totals:
    latest = {row.slug: row.stance for row in rows}
    counted: Counter[Stance] = Counter()
    covered: Counter[Stance] = Counter()
    for slug, stance in latest.items():
        if stance is None:
            continue
        again = any(latest.get(umbrella) is stance for umbrella in unions.get(slug, ()))
        (covered if again else counted)[stance] += 1
    own, unnamed = Counter[Stance](), Counter[Stance]()
    own_found = unnamed_found = 0
    for one in texts:
        byline = one.byline
        if byline is None or byline.organisation_slug is not None:
            continue
        lines = coded.get(one.id)
        if byline.in_own_capacity:
            own_found += 1
            own.update([lines[-1].stance] if lines else [])
        else:
            unnamed_found += 1
            unnamed.update([lines[-1].stance] if lines else [])
    return Totals(
        organisations=counted,
        covered=covered,
        uncoded=sum(1 for stance in latest.values() if stance is None),
        own_capacity=own,
        own_capacity_found=own_found,
        unnamed=unnamed,
        unnamed_found=unnamed_found,
    )


def _list_silent(
    session: Session, actor: Actor, subject: TopicSubject, spoke: set[str], *, limit: int = 200
) -> tuple[Body, ...]:
    """The bodies with a seat in the topic's group, or in any group whose members the reader may see."""
    if subject.group is not None:
        groups: sa.ColumnElement[bool] = Seat.group_id == subject.group.id
    else:
        listed = sa.and_(Group.is_listed, Group.members_visible != MembersVisible.NUMBERS)
        mine = Group.id.in_(sorted(actor.group_roles))
        groups = Seat.group_id.in_(sa.select(Group.id).where(sa.or_(mine, listed)))
    rows = session.execute(
        sa.select(Organisation.slug, Organisation.name)
        .where(
            Organisation.id.in_(sa.select(Seat.organisation_id).where(groups, Seat.ended_at.is_(None))),
            Organisation.slug.not_in(sorted(spoke)),
            Organisation.merged_into_id.is_(None),
        )
        .order_by(Organisation.match_key, Organisation.id)
        .limit(limit)
    )
    return tuple(Body(*row) for row in rows)
