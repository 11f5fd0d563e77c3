# SPDX-License-Identifier: GPL-3.0-or-later
"""How a fault can end."""

import dataclasses
import enum
from typing import Callable


class Outcome(enum.Enum):
    RIGHT_END = "resumed to the right end"
    # Told with the right code; the case has then resumed it to the right end, or rolled it back.
    FAILED_RIGHTLY = "failed with the right code, and resumable"
    LOST = "lost"
    SKIPPED = "skipped"


class Lost(Exception):
    """The promise is broken; the words say how."""


class Skip(Exception):
    """This can't be tried here; the words say why."""


class Stopped(BaseException):
    """The run is being ended (Ctrl-C): what a case waits for does not come any more."""


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    run: Callable  # run(bench) -> Outcome, or [(name, Outcome)] where one site took several faults
    sampled: bool = True  # whether it belongs to the sample that the tests run
