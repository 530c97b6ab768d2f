"""WHO MAY DO WHAT. The only room that decides; pages, search, mail, feeds and exports ask here.

`can(actor, action, thing)` answers, `require(...)` raises: a failed READ is NotFound, any other
refusal NotAllowed. `visible_to(actor, Model)` is the same READ as an SQL condition.
"""

from forum.policy.actions import Action
from forum.policy.actor import ANONYMOUS, Actor
from forum.policy.rules import can, require
from forum.policy.sql import visible_to

__all__ = ["ANONYMOUS", "Action", "Actor", "can", "require", "visible_to"]
