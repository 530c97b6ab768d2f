"""What the tests of registers share: the registers of the data file, and raising an entry."""

import functools
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

import config
from forum.domain.labels import Tlp
from forum.domain.register_entries import RegisterEntry
from forum.domain.registers import Register, load_registers
from forum.domain.strategy import Strategy
from forum.domain.strategy import load as load_strategy
from forum.policy import Actor
from forum.richtext import render
from forum.services.register_entries import EntryText, raise_entry
from tests.builders import SEALING, Builder


@functools.cache
def registers() -> Mapping[str, Register]:
    return {one.key: one for one in load_registers(config.CONFIG_DIR / "registers.toml")}


@functools.cache
def strategy() -> Strategy:
    return load_strategy(config.CONFIG_DIR / "strategy.toml")


def entry_text(
    title: str = "No rule on preservation",
    body: str = "National law says nothing about how long reports are kept.",
    *,
    tlp: Tlp | None = None,
    **columns: Any,
) -> EntryText:
    columns.setdefault("values", {"gap-kind": ("legislative",)})
    return EntryText(title=title, rendered=render(body, profile="post"), tlp=tlp, **columns)


def raised(
    build: Builder,
    session: Session,
    actor: Actor,
    slug: str,
    *,
    register: str = "gaps",
    evidence: str = "",
    owner: str = "",
    **columns: Any,
) -> RegisterEntry:
    entry = raise_entry(
        session,
        actor,
        registers()[register],
        slug,
        entry_text(**columns),
        strategy=strategy(),
        evidence=evidence,
        owner=owner,
        sealing_secret=SEALING,
        now=build.clock(),
    )
    session.commit()
    return entry
