"""What the browser finds of registers and the library: a gap with evidence, history and an owner."""

import config
from forum.domain.accounts import Account
from forum.domain.groups import Group
from forum.domain.registers import load_registers
from forum.domain.strategy import load as load_strategy
from forum.domain.threads import Post
from forum.richtext import render
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
