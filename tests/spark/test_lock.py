import os
from pathlib import Path

import pytest
from suhu_jobs.errors import AlreadyRunning
from suhu_jobs.lock import Lock


def test_a_second_holder_is_refused_and_told_who_the_first_is(tmp_path: Path) -> None:
    first = Lock(tmp_path / "lock")
    with pytest.raises(AlreadyRunning, match=rf"is running already \(PID {os.getpid()}\): stop it"):
        Lock(tmp_path / "lock", patience_s=0)
    first.release()


def test_a_released_lock_can_be_taken_again(tmp_path: Path) -> None:
    first = Lock(tmp_path / "lock")
    first.release()
    first.release()
    Lock(tmp_path / "lock", patience_s=0).release()
