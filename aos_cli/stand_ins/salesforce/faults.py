"""What goes wrong on purpose: refusals in Salesforce's own form, and answers that are cut, late or wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock


class Refusal(Exception):
    """An error as Salesforce says it: a status, a code and a message, in an array."""

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        self.status, self.code, self.message, self.headers = status, code, message, headers or {}
        super().__init__(f"{code}: {message}")


@dataclass
class Fault:
    """What happens to requests whose path and query hold `where`: to the `nth` of them and `times - 1` after it.

    `refusal`: it is refused; else its body ends after `cut` bytes, comes `late` seconds late, or is `instead`.
    """

    where: str
    nth: int = 1
    times: int = 1
    refusal: Refusal | None = None
    cut: int | None = None
    late: float = 0.0
    instead: bytes | None = None
    seen: int = 0


@dataclass
class Faults:
    planned: list[Fault] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    def plan(self, fault: Fault) -> None:
        with self.lock:
            self.planned.append(fault)

    def clear(self) -> None:
        with self.lock:
            self.planned.clear()

    def of(self, asked: str) -> Fault | None:
        """The fault that is due for this request. Each request is counted by every fault that it fits."""
        due = None
        with self.lock:
            for one in self.planned:
                if one.where in asked:
                    one.seen += 1
                    if due is None and one.nth <= one.seen < one.nth + one.times:
                        due = one
        return due
