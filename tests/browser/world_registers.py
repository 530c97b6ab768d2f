"""What the browser finds of registers and the library: a gap with evidence, history and an owner."""

import config
from forum.domain.accounts import Account
from forum.domain.directive import load_board
from forum.domain.groups import Group, GroupRole
from forum.domain.labels import Ceiling
from forum.domain.registers import load_registers
from forum.domain.strategy import load as load_strategy
from forum.domain.threads import Post
from forum.richtext import render
from forum.services.directive_board import (
    StatusFields,
    name_contact,
    propose_status,
    publish_status,
    remark_on,
)
from forum.services.register_entries import EntryText, move_entry, raise_entry
from tests.builders import SEALING, Builder


def add_registers(build: Builder, group: Group, chair: Account, post: Post) -> dict[str, str]:
    """A gap in the public group, raised from a contribution and being examined."""
    registers = {one.key: one for one in load_registers(config.CONFIG_DIR / "registers.toml")}
    actor, now = build.actor(chair), build.clock()
    entry = raise_entry(
        build.session,
        actor,
        registers["gaps"],
        group.slug,
        EntryText(
            title="No deadline for reports",
            rendered=render("See [[Directive 2011/93/EU]].", profile="post"),
            values={"gap-kind": ("legislative",)},
            act="Directive 2011/93/EU",
            article="15",
        ),
        strategy=load_strategy(config.CONFIG_DIR / "strategy.toml"),
        evidence=f"/posts/{post.public_id}",
        owner=f"person:{chair.public_id}",
        sealing_secret=SEALING,
        now=now,
    )
    build.session.flush()
    move_entry(
        build.session,
        actor,
        registers["gaps"],
        entry.public_id,
        "examined",
        "Two seats asked for it.",
        based_on=entry.lock_version,
        now=now,
    )
    build.session.commit()
    return {"gap": entry.public_id}


def add_board(build: Builder, chair: Account, contact: Account) -> dict[str, str]:
    """A board on which a State has a published status with its remark, and another one waits for it."""
    board = load_board(config.CONFIG_DIR / "directive.toml")
    directive = load_strategy(config.CONFIG_DIR / "strategy.toml").directive
    group = build.group(
        Ceiling.PUBLIC, slug=board.group, title="Directive board", short_title="Directive board", initiative=1
    )
    build.member(group, chair, GroupRole.CHAIR)
    build.member(group, contact)
    session, actor, now = build.session, build.actor(chair), build.clock()
    name_contact(session, actor, directive, group.slug, "MT", contact.public_id, now=now)
    found = []
    for article, state in (("15", "in-part"), ("6", "being-examined")):
        fields = StatusFields(state, "low", now.date(), "A made-up report", "Two of three paragraphs.")
        row = propose_status(session, actor, board, directive, group.slug, "MT", article, fields, now=now)
        session.commit()
        found.append(row.public_id)
    speaker = build.actor(contact)
    remark_on(session, speaker, group.slug, found[0], "Invented: the third is on its way.", now=now)
    publish_status(session, actor, group.slug, found[0], now=now)
    session.commit()
    return {"board": f"/groups/{group.slug}/board/", "proposed": found[1]}
