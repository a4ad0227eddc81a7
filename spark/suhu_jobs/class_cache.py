from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ClassCache:
    """The JVM's loaded and verified classes in one file, which halves the time and the work of a start.

    The JVM itself sees whether the file fits: with another Java or other jars it is ignored.
    """

    file: Path  # absolute
    recording: bool  # made anew at the end of this run, and not used in it

    @property
    def in_use(self) -> bool:
        """Whether the next JVM will read it."""
        return not self.recording and self.file.exists()

    @property
    def _new(self) -> Path:
        return self.file.with_suffix(".new")

    def java_options(self) -> list[str]:
        """What to tell the JVM."""
        if self.recording:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            return [f'-XX:ArchiveClassesAtExit="{self._new}"']
        return [f'-XX:SharedArchiveFile="{self.file}"'] if self.in_use else []

    def keep(self) -> None:
        """Put what the JVM has written at its end in the place of the old file."""
        if self._new.exists():
            self._new.replace(self.file)

    def discard(self) -> None:
        """Move a file on which the JVM stumbled out of the way."""
        self.file.replace(self.file.with_suffix(".bad"))
