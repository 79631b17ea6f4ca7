"""A target API, connected: read a scope, push a scope, forecast what a push will cost."""

from __future__ import annotations

import hashlib
import math
from abc import ABC, abstractmethod
from collections.abc import Sequence

from connectors.auth import BearerToken, OAuth1, VendorAuth
from connectors.errors import ApiError
from connectors.http import HttpClient
from connectors.outside import Outside
from connectors.rate import RateLimit
from connectors.redact import Redactor
from connectors.targets.push import ScopePush
from connectors.targets.settings import StoredgeSettings, TravtusSettings
from connectors.targets.storedge import StoredgePush
from connectors.targets.storedge_reader import StoredgeReader
from connectors.targets.travtus import TravtusPush
from connectors.targets.travtus_reader import TravtusReader
from connectors.targets.work import Journal, ScopeWork
from transforms import storedge, travtus
from transforms.plan import Change, Live
from transforms.schema import TargetSchema
from transforms.secrets import SecretMask


class Target(ABC):
    """One vendor's API with its credentials. Threads may share it."""

    schema: TargetSchema
    mask: SecretMask

    def __init__(
        self, settings: StoredgeSettings | TravtusSettings, auth: VendorAuth, outside: Outside
    ) -> None:
        self.outside = outside
        self.batch_size = settings.batch_size
        self.concurrency = settings.concurrency
        self.requests_per_second = settings.requests_per_second
        self.redactor = Redactor()
        self.client = HttpClient(
            settings.base_url,
            auth=auth,
            clock=outside.clock,
            random=outside.random,
            budget=outside.budget,
            rate=outside.rate or RateLimit(settings.requests_per_second, outside.clock),
            timeout_seconds=settings.timeout,
            transport=outside.transport,
            redact=self.redactor,
            stop=outside.stop,
        )

    @abstractmethod
    def read(self, scope: str) -> Live:
        """The scope, proven complete; raises ApiError otherwise."""

    def names(self, scope: str, field: str) -> list[tuple[str, str]]:
        """Each name and id that the scope shows for what a field holds ids of; raises ApiError."""
        return []

    @abstractmethod
    def push_of(self, work: ScopeWork, journal: Journal) -> ScopePush:
        """The push of one scope, ready to run."""

    def push(self, work: ScopeWork, journal: Journal) -> tuple[ScopePush, ApiError | None]:
        """Pushes one scope; the error, if there is one, would end any other scope alike."""
        self.redactor.learn(work.secrets)
        push = self.push_of(work, journal)
        return push, push.run()

    @abstractmethod
    def forecast(self, changes: Sequence[Change]) -> int:
        """How many writes these changes of one scope will take if nothing goes wrong."""

    def _batches(self, changes: Sequence[Change]) -> int:
        return math.ceil(len(changes) / self.batch_size)


class StoredgeTarget(Target):
    """storEDGE with the credentials of one company."""

    def __init__(self, settings: StoredgeSettings, outside: Outside) -> None:
        secret = settings.secret_key.get_secret_value()
        access = settings.access_id.get_secret_value()
        auth = OAuth1(access, secret, clock=outside.clock, random=outside.random)
        super().__init__(settings, auth, outside)
        self.settings = settings
        self.schema = storedge.schema(tiered=settings.tiered_pricing)
        self.mask = _mask(secret)
        self.reader = StoredgeReader(self.client, settings, self.schema, self.mask)

    def read(self, scope: str) -> Live:
        """The facility's units and, with custom groups, its groups."""
        return self.reader.read(scope)

    def names(self, scope: str, field: str) -> list[tuple[str, str]]:
        """What the facility's units call their unit types, tiers and amenities."""
        return self.reader.names(scope, field)

    def push_of(self, work: ScopeWork, journal: Journal) -> ScopePush:
        """The push of one facility."""
        return StoredgePush(
            self.client, journal, work, self.settings, self.reader, self.outside.clock
        )

    def forecast(self, changes: Sequence[Change]) -> int:
        """Without the steps that names and reference units which change hands may take."""
        creates, others = _parted(changes)
        groups = [c for c in changes if c.entity == "group" and c.held is None]
        made = any(c.action == "create" for c in groups)
        settled = any(c.action == "update" or set(c.after) - {"name"} for c in groups)
        return made + settled + self._batches(creates) + self._batches(others)


class TravtusTarget(Target):
    """Travtus with the credentials of one client."""

    def __init__(self, settings: TravtusSettings, outside: Outside) -> None:
        secret = settings.client_secret.get_secret_value()
        client = settings.client_id.get_secret_value()
        auth = BearerToken(settings.token_url, client, secret, clock=outside.clock)
        super().__init__(settings, auth, outside)
        self.settings = settings
        self.schema = travtus.schema()
        self.mask = _mask(secret)
        self.reader = TravtusReader(self.client, settings, self.schema)

    def read(self, scope: str) -> Live:
        """The group's units."""
        return self.reader.read(scope)

    def push_of(self, work: ScopeWork, journal: Journal) -> ScopePush:
        """The push of one group."""
        return TravtusPush(
            self.client, journal, work, self.settings, self.reader, self.outside.clock
        )

    def forecast(self, changes: Sequence[Change]) -> int:
        """Known units and new ones travel apart."""
        return sum(self._batches(part) for part in _parted(changes))


def connect(settings: StoredgeSettings | TravtusSettings, outside: Outside) -> Target:
    """The target that the settings describe. Nothing is sent yet."""
    if isinstance(settings, StoredgeSettings):
        return StoredgeTarget(settings, outside)
    return TravtusTarget(settings, outside)


def _parted(changes: Sequence[Change]) -> tuple[list[Change], list[Change]]:
    """The units that are created, and all others; what is held is not sent."""
    units = [c for c in changes if c.entity == "unit" and c.held is None]
    creates = [c for c in units if c.action == "create"]
    return creates, [c for c in units if c.action != "create"]


def _mask(secret: str) -> SecretMask:
    return SecretMask(hashlib.sha256(secret.encode()).digest())
