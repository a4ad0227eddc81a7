"""What a user says of a CSV file: the keys of one [[csv]] table."""

from datetime import tzinfo
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, StringConstraints, field_validator, model_validator

from gateway.decode.device import Keys, Text, Unit

# A header's name, or a place counted from 0.
ColumnName = Annotated[int, Field(ge=0, le=1_000)] | Text


class CsvFormat(Keys):
    """How its rows are to be understood; what is left out is recognised from the header."""

    sensor_id: Text | None = None  # whose temperatures they are when no column says it
    id_column: ColumnName | None = None
    temperature_columns: list[ColumnName] = Field(default=[])
    unit: Unit | None = None
    unit_column: ColumnName | None = None
    time_column: ColumnName | None = None
    time_format: Annotated[str, StringConstraints(min_length=2)] | None = None  # as strptime has it
    timezone: str | None = None  # of times that name none; None: this machine's
    separator: Annotated[str, StringConstraints(min_length=1, max_length=1)] | None = None
    decimal: Literal[".", ","] | None = None

    @field_validator("timezone")
    @classmethod
    def _timezone_is_known(cls, name: str | None) -> str | None:
        try:
            if name is not None:
                ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            msg = f"{name!r} is no time zone this machine knows, such as Asia/Jakarta"
            raise ValueError(msg) from None
        return name

    @model_validator(mode="after")
    def _separator_is_not_decimal(self) -> "CsvFormat":
        if self.separator == "," and self.decimal == ",":
            msg = "separator and decimal are both ',': which is which could only be guessed"
            raise ValueError(msg)
        return self

    def zone(self) -> tzinfo | None:
        """The zone of times that name none; None: this machine's."""
        return None if self.timezone is None else ZoneInfo(self.timezone)


class CsvOptions(CsvFormat):
    """One [[csv]]."""

    path: Path
    follow: bool = False
    speed: float | None = Field(default=None, ge=0, le=1_000_000)
    time: Literal["recorded", "now"] = "recorded"
    start: Literal["resume", "beginning"] = "resume"

    @field_validator("path")
    @classmethod
    def _path_is_absolute(cls, path: Path) -> Path:
        """The place of a file in the journal goes by its path, which must not depend on where we were started."""
        return path.absolute()

    @model_validator(mode="after")
    def _follows_plain_files(self) -> "CsvOptions":
        if self.follow and self.path.suffix == ".gz":
            msg = "a compressed file cannot be followed: it is only readable when it is complete"
            raise ValueError(msg)
        return self

    @property
    def pace(self) -> float:
        """How many recorded seconds pass in one; 0: as fast as the journal takes them."""
        if self.speed is not None:
            return self.speed
        return 0.0 if self.follow else 1.0
