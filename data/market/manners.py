"""How patient and how polite the live sources are: every number in one place.

The numbers follow from what users of the upstreams reported. Eastmoney's quote hosts ban an
address after some tens to hundreds of calls and keep the ban for hours, and every further call
prolongs it; Tencent answers bursts with empty bodies; Sina bans heavy users for a while; none of
the functions sets a time limit of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

FAMILY_OF_HOST: Final[Mapping[str, str]] = MappingProxyType(
    {
        "datacenter.eastmoney.com": "eastmoney_data",
        "datacenter-web.eastmoney.com": "eastmoney_data",
        "eastmoney.com": "eastmoney",
        "sina.com.cn": "sina",
        "sinajs.cn": "sina",
        "qq.com": "tencent",
        "gtimg.cn": "tencent",
        "csindex.com.cn": "csindex",
        "sse.com.cn": "exchange",
        "szse.cn": "exchange",
        "bse.cn": "exchange",
    }
)
"""Hosts that ban together, by the end of their name."""


def family_of(host: str) -> str:
    """Return the family of a host; a host that no family knows is its own."""
    labels = host.lower().split(".")
    for start in range(len(labels) - 1):
        if found := FAMILY_OF_HOST.get(".".join(labels[start:])):
            return found
    return host.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """At most `requests` within `seconds`."""

    requests: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyManners:
    """How to treat one family of hosts.

    Attributes
    ----------
    spacing
        Seconds between two requests; as much again is added at random.
    budgets
        Limits on the number of requests in a span of time.
    open_after
        Consecutive refusals after which the family is left alone.
    cool_down
        Seconds to leave it alone, growing with every further refusal.
    refused_retries
        How often a refused call is tried again at once. Where a retry deepens a ban, 0.
    """

    spacing: float = 1.0
    budgets: tuple[Budget, ...] = ()
    open_after: int = 4
    cool_down: tuple[float, ...] = (600.0, 3600.0)
    refused_retries: int = 2


_FAMILIES: Final[Mapping[str, FamilyManners]] = MappingProxyType(
    {
        "eastmoney": FamilyManners(
            spacing=5.0,
            budgets=(
                Budget(requests=30, seconds=600.0),
                Budget(requests=150, seconds=86_400.0),
            ),
            open_after=2,
            cool_down=(7_200.0, 21_600.0, 86_400.0),
            refused_retries=0,
        ),
        "eastmoney_data": FamilyManners(spacing=1.0),
        "tencent": FamilyManners(spacing=0.3),
        "sina": FamilyManners(spacing=1.0),
        "csindex": FamilyManners(spacing=2.0),
        "exchange": FamilyManners(spacing=2.0),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """Time limits, retries and the treatment of each family of hosts.

    Attributes
    ----------
    connect_timeout, read_timeout
        Seconds, for every single request that sets no limit itself.
    deadline
        Seconds for one call of a source, whatever its requests do; time spent waiting for
        one's turn does not count.
    timeout_retries
        How often a call that ran into a limit is tried again.
    retry_wait, retry_wait_max
        Seconds: the base and the cap of the random exponential wait between tries.
    canary_minutes
        For how long an answer proves that a source works.
    families
        Families that are not listed get the defaults of `FamilyManners`.
    """

    connect_timeout: float = 5.0
    read_timeout: float = 20.0
    deadline: float = 60.0
    timeout_retries: int = 2
    retry_wait: float = 2.0
    retry_wait_max: float = 6.0
    canary_minutes: float = 10.0
    families: Mapping[str, FamilyManners] = field(default_factory=lambda: _FAMILIES)

    def of(self, family: str) -> FamilyManners:
        """Return the treatment of a family."""
        return self.families.get(family, FamilyManners())
