"""The disk journal: a reading is safe once the commit that holds it has returned."""

from gateway.journal.journal import Journal
from gateway.journal.operations import Append, Delivered, DropOldest, Hold, Operation, Quarantine, Release, Remember

__all__ = ["Append", "Delivered", "DropOldest", "Hold", "Journal", "Operation", "Quarantine", "Release", "Remember"]
