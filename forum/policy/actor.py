"""Who asks: frozen once a request, with every clearance already worked out."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from forum.domain.accounts import PlatformRole, Theme
from forum.domain.groups import GroupRole
from forum.domain.organisations import StakeholderType


@dataclass(frozen=True, slots=True)
class SpokenFor:
    """An organisation whose mandate the actor holds today."""

    organisation_id: int
    slug: str
    name: str
    type: StakeholderType
    country: str | None
    may_publish: bool


@dataclass(frozen=True, slots=True)
class Actor:
    """A person, or an anonymous visitor when account_id is None."""

    account_id: int | None = None
    public_id: str = ""
    name: str = ""
    handle: str = ""
    language: str = "en"
    time_zone: str = "Europe/Brussels"
    theme: Theme = Theme.AUTO
    is_suspended: bool = False
    platform_role: PlatformRole = PlatformRole.MEMBER
    clearances: frozenset[str] = frozenset({"public"})
    """The labels this person may read."""
    writer_keys: frozenset[str] = frozenset()
    """account:12, organisation:5 …, sealed:<hmac>: the authorships this person holds."""
    group_roles: Mapping[int, frozenset[GroupRole]] = field(default_factory=dict)
    mandates: tuple[SpokenFor, ...] = ()
    suspended_in: frozenset[int] = frozenset()
    """The groups in which this person reads but does not write at present."""
    needs_second_factor: bool = False
    """Whether this person's rights ask for a second factor."""
    has_second_factor: bool = False
    """Whether the account has one set up."""
    lacks_second_factor: bool = False
    """Whether rights were left out because none was shown: see without_second_factor()."""

    @property
    def is_signed_in(self) -> bool:
        """Whether this is a person rather than an anonymous visitor."""
        return self.account_id is not None

    def without_second_factor(self) -> "Actor":
        """Give what is left of this person until a second factor was shown: what any participant reads."""
        return replace(
            self,
            platform_role=PlatformRole.MEMBER,
            clearances=self.clearances & {"public", "community"},
            writer_keys=frozenset(key for key in self.writer_keys if key.startswith("account:")),
            group_roles={},
            mandates=(),
            lacks_second_factor=True,
        )

    @property
    def organisation_ids(self) -> frozenset[int]:
        """The organisations spoken for today."""
        return frozenset(mandate.organisation_id for mandate in self.mandates)

    def roles_in(self, group_id: int) -> frozenset[GroupRole]:
        """Give the roles held in a group now."""
        return self.group_roles.get(group_id, frozenset())

    def groups_with(self, *roles: GroupRole) -> frozenset[int]:
        """Give the ids of the groups in which one of these roles is held."""
        wanted = frozenset(roles)
        return frozenset(group_id for group_id, held in self.group_roles.items() if held & wanted)


ANONYMOUS = Actor()
