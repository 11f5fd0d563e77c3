# SPDX-License-Identifier: GPL-3.0-or-later
"""What the parts of the fault harness share: a bench to work on, sites to harm, and words for how it ended.

A part is a module in test/faults/parts with TITLE (its row in the table) and cases(bench, everything) -> list of Case;
`everything` asks for all of them, else for a sample that a few minutes suffice for. A case's run(bench) harms a site of
its own and returns how it ended, or raises Lost or Skip.
"""

from .bench import Act, Bench, plan, read_trace, spread
from .outcome import Case, Lost, Outcome, Skip, Stopped
from .site import Refused, Site

__all__ = ["Act", "Bench", "Case", "Lost", "Outcome", "Refused", "Site", "Skip", "Stopped", "plan", "read_trace", "spread"]
