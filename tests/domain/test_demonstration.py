"""The demonstration is rich enough that each kind of user finds work, and plainly fictitious throughout."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

from forum.domain.attribution import Attribution
from forum.domain.charters import load_charters
from forum.domain.demonstration_files import load_demonstration
from forum.domain.groups import GroupRole
from forum.domain.labels import Status
from forum.domain.moderation import FlagReason
from forum.domain.organisations import StakeholderType
from forum.domain.threads import ThreadKind
from forum.richtext import render

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "forum" / "demonstration"
FILES = sorted(FOLDER.rglob("*.toml"))

#: Real companies, products and organisations of the field, none of which may be spoken of here.
REAL = re.compile(
    r"\b(?:google|alphabet inc|meta platforms|facebook|instagram|whatsapp|apple|icloud|microsoft|photodna|"
    r"amazon|tiktok|snapchat|discord|roblox|telegram|threema|thorn|ncmec|internet watch foundation|iwf|ecpat|"
    r"missing children europe|child focus|jugendschutz|point de contact|edri|stop it now|troubled desire|"
    r"lucy faithfull|terre des hommes|eurochild|save the children|unicef|bundeskriminalamt|guardia civil)\b",
    re.IGNORECASE,
)


@pytest.fixture(scope="module")
def charters():
    return load_charters(ROOT / "config" / "groups.toml")


@pytest.fixture(scope="module")
def demonstration(charters):
    return load_demonstration(FOLDER, charters)


@pytest.fixture(scope="module")
def posts(demonstration):
    return [p for g in demonstration.groups for d in g.discussions for p in d.posts]


def test_every_charter_has_content(demonstration, charters):
    """Nobody meets an empty group."""
    assert [group.slug for group in demonstration.groups] == [charter.slug for charter in charters]


def test_there_is_enough_to_read(demonstration, posts):
    """About 35 papers, 60 discussions and 450 posts, and one discussion that fills several pages."""
    papers = [paper for group in demonstration.groups for paper in group.papers]
    discussions = [discussion for group in demonstration.groups for discussion in group.discussions]
    assert len(papers) >= 35
    assert len(discussions) >= 60
    assert len(posts) >= 450
    assert max(len(discussion.posts) for discussion in discussions) >= 45
    assert len({post.language for post in posts} | {d.language for d in discussions}) >= 3


def test_each_group_has_papers_discussions_and_comments(demonstration):
    """Three papers, four discussions and a comment on a paragraph in each; questions have no papers."""
    for group in demonstration.groups:
        assert len(group.discussions) >= 4, group.slug
        if group.slug != "questions-to-the-unit":
            assert len(group.papers) >= 3, group.slug
            assert any(d.paragraph for d in group.discussions), group.slug
            assert len(group.seats) >= 4, group.slug
            assert {GroupRole.CHAIR, GroupRole.RAPPORTEUR, GroupRole.SECRETARIAT} <= {
                holder.role for holder in group.roles
            }, group.slug


def test_papers_have_versions_that_differ_in_words(demonstration):
    """Two in three have several versions, and each later one reads differently."""
    papers = [paper for group in demonstration.groups for paper in group.papers]
    assert sum(len(paper.versions) > 1 for paper in papers) >= len(papers) * 2 / 3
    for paper in papers:
        assert len(paper.current.text.split()) >= 240, paper.key
        assert "\n# " in paper.current.text, paper.key
        assert "\n## " not in paper.current.text, paper.key
        for before, after in pairwise(paper.versions):
            assert before.text.split() != after.text.split(), (paper.key, after.number)


def test_every_column_of_a_table_has_a_heading(demonstration):
    """A screen reader says it with each cell."""
    for group in demonstration.groups:
        for paper in group.papers:
            for version in paper.versions:
                html = render(version.text, profile="paper").html
                assert not re.search(r"<th[^>]*>\s*</th>", html), (paper.key, version.number)


def test_quotations_stand_in_the_paragraph_that_readers_see(demonstration):
    """And nowhere else in the paper, or a comment could be found again in the wrong place."""
    for group in demonstration.groups:
        papers = {paper.key: render(paper.current.text, profile="paper") for paper in group.papers}
        for discussion in group.discussions:
            if discussion.quotation:
                shown = papers[discussion.paper]
                passage = shown.paragraphs[discussion.paragraph - 1]
                assert discussion.quotation in shown.text[passage.start : passage.end], discussion.key
                assert shown.text.count(discussion.quotation) == 1, discussion.key


def test_every_text_can_be_shown(demonstration, posts):
    """No version and no post is refused, and papers have tables, lists and footnotes among them."""
    kinds: set[str] = set()
    for group in demonstration.groups:
        for paper in group.papers:
            for version in paper.versions:
                kinds |= {p.kind for p in render(version.text, profile="paper").paragraphs}
    assert {"heading", "paragraph", "list", "table", "footnotes"} <= kinds
    assert all(render(post.text, profile="post").text for post in posts)


def test_moderators_find_every_kind_of_work(demonstration, posts):
    """Held, flagged and not yet decided, rejected, removed, withdrawn and edited contributions exist."""
    statuses = {post.status for post in posts}
    assert {Status.PENDING, Status.REJECTED, Status.HIDDEN, Status.WITHDRAWN} <= statuses
    assert any(post.flags and not post.decisions for post in posts)
    assert any(post.edits for post in posts)
    assert {flag.reason for post in posts for flag in post.flags} <= set(FlagReason) - {FlagReason.ILLEGAL}
    versions = [v for g in demonstration.groups for paper in g.papers for v in paper.versions]
    assert {Status.DRAFT, Status.PENDING} <= {version.status for version in versions}


def test_consultations_are_open_and_closed_in_several_groups(demonstration):
    """Each with papers that answer it."""
    both = [g.slug for g in demonstration.groups if {c.is_open for c in g.consultations} == {True, False}]
    assert len(both) >= 3
    for group in demonstration.groups:
        answered = {paper.consultation for paper in group.papers}
        closed = [c.key for c in group.consultations if not c.is_open]
        assert any(key in answered for key in closed) or not closed, group.slug


def test_the_unit_is_asked_about_every_initiative(demonstration):
    """Some questions wait, most are answered, and an answer comes from the secretariat."""
    group = next(g for g in demonstration.groups if g.slug == "questions-to-the-unit")
    assert {d.kind for d in group.discussions} == {ThreadKind.QUESTION}
    assert {d.initiative for d in group.discussions} == set(range(1, 9))
    secretariat = group.holders(GroupRole.SECRETARIAT)
    answered = [d for d in group.discussions if any(post.is_answer for post in d.posts)]
    assert 0 < len(answered) < len(group.discussions)
    assert all(post.author in secretariat for d in answered for post in d.posts if post.is_answer)


def test_the_eleven_respondent_types_and_many_countries_are_there(demonstration):
    """Bodies of nine types, and people in their own capacity for the two kinds of citizen."""
    of_bodies = {organisation.type for organisation in demonstration.organisations}
    of_people = {person.personal_type for person in demonstration.people if not person.mandates}
    assert of_bodies | of_people == set(StakeholderType)
    assert len(demonstration.organisations) >= 24
    assert len({organisation.country for organisation in demonstration.organisations}) >= 10
    assert len(demonstration.people) >= 40


def test_bodies_show_what_bodies_can_be(demonstration):
    """An umbrella with members, a former name, survivors' expertise, a name in another script."""
    bodies = demonstration.organisations
    umbrellas = [umbrella for body in bodies for umbrella in body.member_of]
    assert any(umbrellas.count(umbrella) >= 2 for umbrella in umbrellas)
    assert any(body.former_names for body in bodies)
    assert any(body.represents_survivors for body in bodies)
    assert any(body.latin_name for body in bodies)


def test_names_outside_latin_script_have_a_latin_form(demonstration):
    """For finding them, and for mentions."""
    for thing in (*demonstration.people, *demonstration.organisations):
        assert thing.name.isascii() or thing.latin_name or re.match(r"[A-Za-z\u00c0-\u024f]", thing.name)


def test_there_is_one_sign_in_for_each_kind_of_user(demonstration):
    """And each of them has the role that the description promises."""
    roles = {person.demo_role: person for person in demonstration.people if person.demo_role}
    assert set(roles) == {
        "administrator",
        "chair",
        "group-secretariat",
        "law-enforcement",
        "member-authority",
        "member-industry",
        "member-ngo",
        "moderator",
        "newcomer",
        "observer",
        "rapporteur",
        "secretariat",
    }
    groups = demonstration.groups
    for role in (GroupRole.CHAIR, GroupRole.MODERATOR, GroupRole.RAPPORTEUR):
        assert sum(roles[role.value].key in group.holders(role) for group in groups) >= 3
    observer = roles["observer"].key
    assert any(observer in group.people() for group in groups)
    assert not any(observer in group.writers() for group in groups)
    lab = next(group for group in groups if group.slug == "innovation-hub-lab")
    assert {roles["law-enforcement"].key} == {person.key for person in roles.values()} & lab.people()
    assert any(len(person.mandates) == 2 for person in demonstration.people)


def test_the_newcomer_has_nothing_yet(demonstration, posts):
    """No body, no group, not a word."""
    newcomer = next(person for person in demonstration.people if person.demo_role == "newcomer")
    assert newcomer.mandates == ()
    assert not any(newcomer.key in group.people() for group in demonstration.groups)
    assert newcomer.key not in {post.author for post in posts}


def test_sealed_discussions_name_nobody(demonstration, charters):
    """Under the Chatham House Rule a text must not undo what the alias hides."""
    sealed = {c.slug for c in charters if c.attribution is Attribution.CHATHAM_HOUSE}
    people = {person.key: person for person in demonstration.people}
    for group in demonstration.groups:
        if group.slug in sealed:
            names = {people[key].name.split()[0] for key in group.people()} - {"Sample"}
            for post in (post for discussion in group.discussions for post in discussion.posts):
                assert "@" not in post.text
                assert not names & set(re.findall(r"\w+", post.text)), post.text[:60]


def test_no_text_is_used_twice(posts):
    """Every contribution says something of its own."""
    texts = [post.text for post in posts]
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_nothing_in_a_file_is_real(path):
    """No real body or product, no address of the web, and e-mail only at domains kept for examples."""
    text = path.read_text(encoding="utf-8")
    assert not REAL.search(text)
    assert not re.search(r"https?://|www\.", text)
    for domain in re.findall(r"[\w.+-]+@([\w-]+(?:\.[\w-]+)+)", text):
        assert domain == "example.org" or domain.endswith((".example", ".test")), domain


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_words_of_the_house_are_kept(path):
    """That term belongs into titles of acts alone, and the demonstration cites it nowhere."""
    assert "child pornography" not in path.read_text(encoding="utf-8").lower()
