"""Who is asking, and what each role may do."""

from dataclasses import dataclass

from auditor.domain.catalog import ApiKey, Role

# A role grants what every role in its set grants. Per-record results are personal data: writing audits does not open them.
GRANTS = {
    Role.VIEWER: frozenset({Role.VIEWER}),
    Role.RECORD_READER: frozenset({Role.VIEWER, Role.RECORD_READER}),
    Role.AUDITOR: frozenset({Role.VIEWER, Role.AUDITOR}),
    Role.ADMIN: frozenset(Role),
}


@dataclass(frozen=True)
class Principal:
    """A key at work. `by_cookie`: it came with a browser's session, so that writing needs a token against forged forms."""

    workspace_id: str
    role: Role
    key_id: str
    name: str
    by_cookie: bool = False

    def may(self, needed: Role) -> bool:
        return needed in GRANTS[self.role]


def of_key(key: ApiKey, *, by_cookie: bool = False) -> Principal:
    return Principal(key.workspace_id, key.role, key.id, key.name, by_cookie)
