"""Every error the product raises on purpose; each carries one sentence that says what to change.

AuditorError
├── InvalidInput          what the user gave cannot be used; names the field
├── NotFound              no such thing in this workspace
├── Conflict              the thing exists, but not in a state that allows this
├── NotAllowed            the key's role does not permit it
│   └── NotSignedIn           no key, or one that is wrong, expired or revoked
├── Unavailable           the machine refuses: disk full, port taken, database or broker away
├── TargetError           the audited endpoint
│   ├── TargetUnreachable     no connection, time-out, name not found
│   ├── TargetRefused         401, 403, other 4xx: the configuration is wrong
│   ├── TargetBusy            429 or 5xx after all retries
│   ├── BadAnswer             wrong length, NaN, classes or kind of output that do not match
│   └── AddressBlocked        the address guard refuses to connect
├── BudgetExhausted       the audit may not ask the target more
├── Cancelled             someone asked this audit to stop
└── AttackFailed          an attack broke its contract or could not finish
"""


class AuditorError(Exception):
    """The root: `sentence` is shown to people as it is."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class InvalidInput(AuditorError):
    """`field` is a dotted path such as `data.label`; the sentence says what to change."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field

    def __str__(self) -> str:
        return f"{self.field}: {self.sentence}" if self.field else self.sentence


class NotFound(AuditorError):
    pass


class Conflict(AuditorError):
    pass


class NotAllowed(AuditorError):
    pass


class NotSignedIn(NotAllowed):
    pass


class Unavailable(AuditorError):
    pass


class TargetError(AuditorError):
    pass


class TargetUnreachable(TargetError):
    pass


class TargetRefused(TargetError):
    pass


class TargetBusy(TargetError):
    pass


class BadAnswer(TargetError):
    pass


class AddressBlocked(TargetError):
    pass


class BudgetExhausted(AuditorError):
    pass


class Cancelled(AuditorError):
    pass


class AttackFailed(AuditorError):
    pass
