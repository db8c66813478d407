"""The versions of the schema: the steps in `versions` lead from one to the next."""

from typing import Final

KNOWN: Final = ("0001", "0002")
"""In their order; known without Alembic, which reads them from the steps and takes long to load."""
HEAD: Final = KNOWN[-1]


class NewerDatabaseError(ValueError):
    """A later version of this program has upgraded the database; the message is one line that says what to do."""

    def __init__(self, found: str) -> None:
        """Name both versions of the schema."""
        super().__init__(
            f"the database has schema {found} and this autoheal knows {HEAD} at most: upgrade autoheal, "
            "or set AUTOHEAL_DATABASE_URL to another database"
        )
