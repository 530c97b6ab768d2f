"""Posts: one as an answer, editing, withdrawing, flagging."""

from typing import Any

from sqlalchemy.orm import Session

from forum.blueprints.api.answers import (
    AUTHOR,
    BODY,
    HTML,
    ID,
    LANGUAGE,
    LANGUAGE_SHOWN,
    STATUS,
    TITLE,
    URL,
    author_of,
)
from forum.blueprints.api.schemas import component, fields, flag, maybe, moment, one_of, text, whole
from forum.blueprints.api.support import Asked, call, maybe_utc, once, rendered, url, utc
from forum.blueprints.flags import cooling_off
from forum.blueprints.identity import current_actor, sealing_secret
from forum.blueprints.support import now
from forum.domain.attribution import SubjectKind
from forum.domain.moderation import MAX_EXPLANATION, FlagReason
from forum.domain.notices_of_illegality import MAX_LOCATION, MAX_NAME, LegalNotice
from forum.errors import Invalid
from forum.extensions import db
from forum.policy import Action, Actor
from forum.richtext import render
from forum.services import flags
from forum.services.addresses import post_path
from forum.services.posts import edit_post, withdraw_post
from forum.services.sources import PostSource, get_post_source
from forum.services.subjects import get_subject

POST = component(
    "Post",
    fields(
        {
            "id": ID,
            "thread": ID,
            "parent": maybe(
                ID | {"description": "Null: it replies to the discussion, or to what you may not read."}
            ),
            "depth": whole("Replies above it."),
            "status": STATUS,
            "body": BODY,
            "html": HTML,
            "language": LANGUAGE_SHOWN,
            "author": AUTHOR,
            "at": moment(),
            "edited_at": maybe(moment()),
            "is_answer": flag("The unit's answer to a question."),
            "is_mine": flag("You, or a body you speak for, wrote it."),
            "held_because": maybe(text("The rule that holds it for a moderator.")),
            "revision": maybe(whole("What an edit may name as `based_on`; for its writer alone.")),
            "url": URL,
        }
    ),
)
FLAG = component(
    "Flag",
    fields(
        {
            "id": ID,
            "post": ID,
            "reason": one_of(FlagReason),
            "explanation": text(),
            "at": moment(),
        }
    ),
)


def post_answer(post: PostSource) -> dict[str, Any]:
    """Give a post as the API shows it."""
    return {
        "id": post.public_id,
        "thread": post.thread_id,
        "parent": post.parent_id,
        "depth": post.depth,
        "status": post.status,
        "body": post.source,
        "html": post.html,
        "language": post.language,
        "author": author_of(post.byline),
        "at": utc(post.at, day_only=post.is_day_only),
        "edited_at": maybe_utc(post.edited_at, day_only=post.is_day_only),
        "is_answer": post.is_answer,
        "is_mine": post.is_mine,
        "held_because": post.held_because,
        "revision": post.revision,
        "url": url(post_path(post.public_id)),
    }


@call(
    "PATCH",
    "/posts/{post}",
    "Edit what I wrote; readers can see what it said before",
    answer=POST,
    body=fields(
        {},
        {
            "body": BODY,
            "title": TITLE | {"description": "Of the discussion, on its opening post."},
            "language": LANGUAGE,
            "based_on": whole("The `revision` that you began from: 409 if it is another by now."),
        },
    ),
    problems=(409,),
)
def edit(asked: Asked, post: str) -> dict[str, Any]:
    """Change text, title or language; what is not sent stays."""
    body = asked.body
    if not body.keys() & {"body", "title", "language"}:
        raise Invalid("Send what should change: body, title or language.")
    based_on = body.get("based_on")
    if "body" in body:
        made = rendered(body["body"], "post")
    else:
        before = get_post_source(db.session(), current_actor(), post)
        made = render(before.source, profile="post")
        based_on = before.revision if based_on is None else based_on

    def make(session: Session, actor: Actor) -> str:
        subject = get_subject(session, actor, SubjectKind.POST, post, Action.EDIT)
        if "title" in body and subject.row.number != 1:
            raise Invalid("Only the opening post of a discussion has a title.", field="title")
        edit_post(
            session,
            actor,
            subject,
            rendered=made,
            expected_version=subject.row.lock_version if based_on is None else based_on,
            sealing_secret=sealing_secret(),
            now=now(),
            title=body.get("title"),
            language=body.get("language"),
        )
        return post

    return post_answer(get_post_source(db.session(), current_actor(), once(make)))


@call("DELETE", "/posts/{post}", "Withdraw what I wrote; a stub stays", answer=None, status=204)
def withdraw(_asked: Asked, post: str) -> None:
    """Withdraw a post."""

    def make(session: Session, actor: Actor) -> str:
        subject = get_subject(session, actor, SubjectKind.POST, post, Action.WITHDRAW)
        withdraw_post(session, actor, subject, now=now())
        return post

    once(make)


@call(
    "POST",
    "/posts/{post}/flags",
    "Put a post before a moderator",
    answer=FLAG,
    status=201,
    body=fields(
        {"reason": one_of(FlagReason)},
        {
            "explanation": text("Without repeating it.", MAX_EXPLANATION),
            "location": text("What is illegal: its exact address; the post's if not said.", MAX_LOCATION),
            "name": text("What is illegal: who says so; the account's name if not said.", MAX_NAME),
            "email": text("What is illegal: the account's address if not said.", 254),
            "concerns_children": flag(
                "What is illegal: an offence of Directive 2011/93/EU, Articles 3 to 7; then without a name."
            ),
            "good_faith": flag("Needed for what is illegal: believed to be accurate and complete."),
        },
    ),
    problems=(409,),
)
def flag_(asked: Asked, post: str) -> dict[str, Any]:
    """Flag a post; 409 while an earlier flag of this person is open."""

    def make(session: Session, actor: Actor) -> str:
        return flags.flag(
            session,
            actor,
            kind=SubjectKind.POST,
            public_id=post,
            reason=FlagReason(asked.body["reason"]),
            explanation=asked.body.get("explanation", ""),
            notice=_notice(session, actor, asked.body, post),
            cooling=cooling_off(),
            now=now(),
        ).public_id

    made = flags.get_own_flag(db.session(), current_actor(), once(make))
    return {
        "id": made.public_id,
        "post": post,
        "reason": made.reason,
        "explanation": made.explanation,
        "at": utc(made.created_at),
    }


def _notice(session: Session, actor: Actor, body: dict[str, Any], post: str) -> LegalNotice:
    return LegalNotice(
        location=body.get("location") or url(post_path(post)),
        name=body.get("name") or actor.name,
        email=body.get("email") or flags.own_address(session, actor),
        is_in_good_faith=bool(body.get("good_faith")),
        concerns_children=bool(body.get("concerns_children")),
    )
