"""The topology, on one screen: which agents there are, what they read, what they keep and what they publish.

topic               agent   keeps a row                  publishes                        on topic
tasks, heals    ─▶  work    per task: heals requested,   failure.diagnosed                failures
                            the open one, failures       misplaced records, once more     tasks
                            that wait for their turn
failures        ─▶  heal    per cooldown scope: when     heal.requested, heal.suppressed  heals
                            a heal was last requested
each of these   ─▶  each                                 what it cannot process           dead-letters
"""

from typing import Any

from streams.decider import Agent
from streams.heal import HEAL
from streams.work import WORK

AGENTS: tuple[Agent[Any], ...] = (WORK, HEAL)
