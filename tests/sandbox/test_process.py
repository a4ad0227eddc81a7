import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from sandbox.errors import SandboxError
from sandbox.fetched import PROJECT
from sandbox.process import Child
from sandbox.waiting import wait_until

STARTER = """
import sys, time
from pathlib import Path
from sandbox.process import Child

work_dir = Path(sys.argv[1])
child = Child("child", ["sh", "-c", "trap '' TERM HUP; sleep 600 & echo $! > $0/below; wait", sys.argv[1]], work_dir)
child.start()
print(child.pid, flush=True)
time.sleep(600)
"""


def is_running(pid: int) -> bool:
    """Neither gone nor a zombie that waits to be reaped."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def is_frozen(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "T"


def shell(script: str, work_dir: Path, *, pipe_stdout: bool = False) -> Child:
    return Child("child", ["sh", "-c", script], work_dir, pipe_stdout=pipe_stdout)


@pytest.fixture
def sleeper(tmp_path: Path) -> Child:
    return Child("sleeper", ["sleep", "600"], tmp_path)


def written_pid(path: Path) -> int:
    return int(wait_until(lambda: path.exists() and path.read_text().strip(), 10, f"a process id in {path}"))


def test_nothing_survives_a_sigkill_of_the_starter(tmp_path: Path) -> None:
    command = [sys.executable, "-c", STARTER, str(tmp_path)]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        child = int(starter.stdout.readline())
        below = written_pid(tmp_path / "below")
        assert is_running(child)
        assert is_running(below)
        starter.kill()
    wait_until(lambda: not is_running(child), 10, "the end of the child")
    wait_until(lambda: not is_running(below), 10, "the end of what the child had started")


def test_a_frozen_child_does_not_survive_its_starter_either(tmp_path: Path) -> None:
    command = [sys.executable, "-c", STARTER, str(tmp_path)]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        child = int(starter.stdout.readline())
        written_pid(tmp_path / "below")
        os.killpg(child, signal.SIGSTOP)
        starter.kill()
    wait_until(lambda: not is_running(child), 10, "the end of the child")


def test_a_child_outlives_the_thread_that_started_it(sleeper: Child) -> None:
    thread = threading.Thread(target=sleeper.start)
    thread.start()
    thread.join()
    assert sleeper.alive
    assert sleeper.stop() == -signal.SIGTERM


def test_stop_returns_the_exit_code_of_a_clean_end(tmp_path: Path) -> None:
    with shell("trap 'exit 7' TERM; echo up >&2; while :; do sleep 0.01; done", tmp_path) as child:
        child.wait_for_line("up", 10)
        assert child.stop() == 7
        assert not child.alive


def test_stop_kills_the_group_of_a_child_that_ignores_it(tmp_path: Path) -> None:
    child = shell(f"trap '' TERM; sleep 600 & echo $! > {tmp_path}/below; echo up; wait", tmp_path)
    with child:
        child.wait_for_line("up", 10)
        below = written_pid(tmp_path / "below")
        assert child.stop(timeout_s=0.1) == -signal.SIGKILL
    wait_until(lambda: not is_running(below), 10, "the end of what the child had started")


def test_what_a_child_leaves_behind_is_killed_when_it_is_stopped(tmp_path: Path) -> None:
    with shell(f"sleep 600 & echo $! > {tmp_path}/below; echo up; exec sleep 600", tmp_path) as child:
        child.wait_for_line("up", 10)
        below = written_pid(tmp_path / "below")
    wait_until(lambda: not is_running(below), 10, "the end of what the child had started")


def test_early_death_is_told_with_the_end_of_the_log(tmp_path: Path) -> None:
    script = "i=0; while [ $i -lt 40 ]; do i=$((i+1)); echo line $i; done; echo the reason >&2; exit 3"
    with shell(script, tmp_path) as child, pytest.raises(SandboxError) as caught:
        child.wait_until(lambda: False, 10, "it is ready")
    told = str(caught.value).splitlines()
    assert told[0] == (
        f"child: it ended with exit code 3 before it is ready; the last lines of {tmp_path}/logs/child.log:"
    )
    assert told[1] == "line 22"
    assert told[-1] == "the reason"


def test_waiting_in_vain_is_told_with_the_end_of_the_log(tmp_path: Path) -> None:
    with shell("echo not yet; exec sleep 600", tmp_path) as child:
        child.wait_for_line("not yet", 10)
        with pytest.raises(SandboxError, match=r"child: waited 0\.05 s in vain for a line with 'ready'.*\nnot yet$"):
            child.wait_for_line("ready", 0.05)


def test_a_program_that_is_not_there_is_told(tmp_path: Path) -> None:
    child = Child("broker", ["/no/such/broker"], tmp_path)
    with child, pytest.raises(SandboxError, match="cannot run /no/such/broker: No such file or directory"):
        child.wait_for_line("ready", 10)


def test_restart_appends_to_the_log_and_waits_for_new_lines_only(tmp_path: Path) -> None:
    counting = f"echo x >> {tmp_path}/count; echo ready $(wc -l < {tmp_path}/count); exec sleep 600"
    with shell(counting, tmp_path) as child:
        assert child.wait_for_line("ready", 10) == "ready 1"
        child.restart()
        assert child.wait_for_line("ready", 10) == "ready 2"
        assert child.log.read_text() == "ready 1\nready 2\n"


def test_starting_twice_is_refused(sleeper: Child) -> None:
    with sleeper, pytest.raises(SandboxError, match=r"sleeper is running already \(process \d+\)"):
        sleeper.start()


def test_freeze_and_thaw(sleeper: Child) -> None:
    with sleeper:
        sleeper.freeze()
        wait_until(lambda: is_frozen(sleeper.pid), 10, "the freeze")
        assert sleeper.alive
        sleeper.thaw()
        wait_until(lambda: not is_frozen(sleeper.pid), 10, "the thaw")


def test_a_frozen_child_can_be_stopped(sleeper: Child) -> None:
    with sleeper:
        sleeper.freeze()
        assert sleeper.stop() == -signal.SIGTERM


def test_piped_output_is_read_by_the_caller_and_the_rest_is_logged(tmp_path: Path) -> None:
    with shell("echo 83.4 °C; echo words >&2; exec sleep 600", tmp_path, pipe_stdout=True) as child:
        assert child.stdout.readline() == "83.4 °C\n"
        child.wait_for_line("words", 10)
        child.stop()
        assert child.stdout.read() == ""
    assert child.log.read_text() == "words\n"


def test_added_environment_reaches_the_program(tmp_path: Path) -> None:
    with Child("child", ["sh", "-c", "echo $SUHU_COLOUR; exec sleep 600"], tmp_path, env={"SUHU_COLOUR": "biru"}) as c:
        assert c.wait_for_line("b", 10) == "biru"


def test_a_broken_pipe_ends_the_program_as_in_a_shell(tmp_path: Path) -> None:
    """Python ignores SIGPIPE, and what it starts would inherit that."""
    with shell("yes | head -n 1; echo ${?}", tmp_path) as child:
        wait_until(lambda: not child.alive, 10, "the end")
    assert child.log.read_text() == "y\n0\n"
