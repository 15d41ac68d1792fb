"""What the environment decides. Every setting is documented under its name in docs/settings.md."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from pathlib import Path
from urllib.parse import urlsplit

from auditor.errors import InvalidInput

PREFIX = "AUDITOR_"
USUAL_PORTS = {"postgresql": 5432, "redis": 6379, "rediss": 6379}
USUAL_WEB_PORTS = {"http": 80, "https": 443}
DEVICES = ("cpu", "cuda")


@dataclass(frozen=True)
class Allowed:
    """Targets that the operator opened though their addresses are private: networks, and places as (host, port)."""

    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    places: tuple[tuple[str, int], ...] = ()

    def holds(self, place: tuple[str, int], address: IPv4Address | IPv6Address) -> bool:
        host, port = place
        if (plain_name(host), port) in self.places:
            return True
        return any(address in network for network in self.networks if network.version == address.version)


NOTHING_ALLOWED = Allowed()


@dataclass(frozen=True)
class Settings:
    home: Path
    database_url: str
    broker_url: str
    artifacts_url: str | None = None
    allow_private_targets: bool = False
    master_key: str | None = None
    lease_seconds: float = 60.0
    tick_seconds: float = 30.0
    worker_threads: int = 2
    max_attempts: int = 20
    target_timeout: float = 30.0
    target_patience: float = 450.0
    retention_days: int = 90
    max_upload_mb: int = 200
    max_rows: int = 2_000_000
    max_columns: int = 2_000
    allow_targets: Allowed = NOTHING_ALLOWED
    require_control: bool | None = None
    allow_weak_sandbox: bool = False
    model_memory_mb: int = 4096
    model_seconds: float = 60.0
    device: str = DEVICES[0]
    public_url: str | None = None

    @property
    def embedded(self) -> bool:
        """SQLite and a folder as broker: a laptop, where loopback targets are expected."""
        return self.database_url.startswith("sqlite") and self.broker_url.startswith("filesystem")

    @property
    def allows_loopback_targets(self) -> bool:
        return self.embedded or self.allow_private_targets

    @property
    def requires_control(self) -> bool:
        """Unless it is said: whoever serves others must be shown that a target is theirs to attack."""
        return not self.embedded if self.require_control is None else self.require_control

    @property
    def own_places(self) -> tuple[tuple[str, int], ...]:
        """Where the database and the broker of this service listen, as far as their URLs say it."""
        return tuple(place for url in (self.database_url, self.broker_url) if (place := _place_of(url)) is not None)


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from the environment; a value that cannot be read names its variable."""
    env = os.environ if environ is None else environ
    home = Path(env.get(PREFIX + "HOME") or Path.home() / ".auditor").expanduser().absolute()
    return Settings(
        home=home,
        database_url=env.get(PREFIX + "DATABASE_URL") or f"sqlite:///{home / 'auditor.sqlite'}",
        broker_url=env.get(PREFIX + "BROKER_URL") or "filesystem://",
        artifacts_url=env.get(PREFIX + "ARTIFACTS_URL") or None,
        allow_private_targets=_flag(env, "ALLOW_PRIVATE_TARGETS"),
        master_key=env.get(PREFIX + "MASTER_KEY") or None,
        lease_seconds=_number(env, "LEASE_SECONDS", 60.0),
        tick_seconds=_number(env, "TICK_SECONDS", 30.0),
        worker_threads=int(_number(env, "WORKER_THREADS", os.cpu_count() or 2)),
        max_attempts=int(_number(env, "MAX_ATTEMPTS", 20)),
        target_timeout=_number(env, "TARGET_TIMEOUT", 30.0),
        target_patience=_number(env, "TARGET_PATIENCE", 450.0),
        retention_days=int(_number(env, "RETENTION_DAYS", 90)),
        max_upload_mb=int(_number(env, "MAX_UPLOAD_MB", 200)),
        max_rows=int(_number(env, "MAX_ROWS", 2_000_000)),
        max_columns=int(_number(env, "MAX_COLUMNS", 2_000)),
        allow_weak_sandbox=_flag(env, "ALLOW_WEAK_SANDBOX"),
        model_memory_mb=int(_number(env, "MODEL_MEMORY_MB", 4096)),
        model_seconds=_number(env, "MODEL_SECONDS", 60.0),
        device=_device(env),
        public_url=_origin(env),
        allow_targets=_allowed(env.get(PREFIX + "ALLOW_TARGETS", "")),
        require_control=_flag(env, "REQUIRE_CONTROL") if env.get(PREFIX + "REQUIRE_CONTROL") else None,
    )


def plain_name(host: str) -> str:
    """A host as it is compared: lower case, no final dot, no brackets."""
    return host.strip("[]").rstrip(".").lower()


def _place_of(url: str) -> tuple[str, int] | None:
    try:
        parts = urlsplit(url)
        port = parts.port or USUAL_PORTS.get(parts.scheme.partition("+")[0])
    except ValueError:  # whoever opens it says what is wrong
        return None
    return (plain_name(parts.hostname), port) if parts.hostname and port else None


def _allowed(text: str) -> Allowed:
    """`10.0.0.0/8, model.internal:8443, [fd00::7]:8080`."""
    networks, places = [], []
    for entry in filter(None, (part.strip() for part in text.split(","))):
        try:
            if "/" in entry:
                networks.append(ip_network(entry))
            else:
                places.append(_place(entry))
        except ValueError:
            name = PREFIX + "ALLOW_TARGETS"
            forms = "networks such as 10.0.0.0/8 and places such as model.internal:8443"
            raise InvalidInput(name, f"write {forms}, separated by commas, not {entry[:60]!r}") from None
    return Allowed(tuple(networks), tuple(places))


def _place(entry: str) -> tuple[str, int]:
    parts = urlsplit(f"//{entry}")
    if not parts.hostname or not parts.port or parts.netloc != entry or set(entry) & set(" @%"):
        raise ValueError(entry)
    host = ip_address(parts.hostname).compressed if ":" in parts.hostname else parts.hostname.encode("idna").decode()
    return plain_name(host), parts.port


def _flag(env: Mapping[str, str], name: str) -> bool:
    value = env.get(PREFIX + name, "").strip().lower()
    if value in ("", "0", "false", "no"):
        return False
    if value in ("1", "true", "yes"):
        return True
    raise InvalidInput(PREFIX + name, f"set {PREFIX + name} to 1 or 0, not {value!r}")


def _device(env: Mapping[str, str]) -> str:
    value = env.get(PREFIX + "DEVICE", "").strip().lower() or DEVICES[0]
    if value not in DEVICES:
        raise InvalidInput(PREFIX + "DEVICE", f"set {PREFIX}DEVICE to {' or '.join(DEVICES)}, not {value[:60]!r}")
    return value


def _origin(env: Mapping[str, str]) -> str | None:
    """Scheme, host and port, as browsers write the origin of a page."""
    text = env.get(PREFIX + "PUBLIC_URL", "").strip()
    if not text:
        return None
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
    if not host or parts.scheme not in USUAL_WEB_PORTS or parts.path not in ("", "/") or set(text) & set("@?#\\ "):
        form = "the address that people type, such as https://audits.example.com, without a path"
        raise InvalidInput(PREFIX + "PUBLIC_URL", f"write {form}, not {text[:60]!r}")
    name = f"[{host}]" if ":" in host else host
    shown = "" if port in (None, USUAL_WEB_PORTS[parts.scheme]) else f":{port}"
    return f"{parts.scheme}://{name}{shown}"


def _number(env: Mapping[str, str], name: str, default: float) -> float:
    text = env.get(PREFIX + name, "")
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not 0 < value < float("inf"):
        raise InvalidInput(PREFIX + name, f"set {PREFIX + name} to a positive number, not {text!r}")
    return value
