import os
import subprocess
import sys
from pathlib import Path

from gateway.sources.port_holders import Holder, holders_of


def test_a_process_that_has_the_port_open_is_named(tmp_path: Path) -> None:
    device, held = os.openpty()
    path = os.ttyname(held)
    link = tmp_path / "sensor"
    link.symlink_to(path)
    with subprocess.Popen(["sleep", "60"], stdin=held) as process:
        os.close(held)
        try:
            assert holders_of(path) == [Holder(process.pid, "sleep")]
            assert holders_of(str(link)) == [Holder(process.pid, "sleep")]
        finally:
            process.kill()
    os.close(device)


def test_a_port_that_nobody_has_open_and_one_that_is_not_there_have_no_holder(tmp_path: Path) -> None:
    (tmp_path / "port").touch()
    assert holders_of(str(tmp_path / "port")) == []
    assert holders_of(str(tmp_path / "none")) == []


def test_a_lock_tells_the_process_whose_files_nobody_else_may_see(tmp_path: Path) -> None:
    port = tmp_path / "port"
    port.touch()
    found = port.stat()
    place = f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}:{found.st_ino}"
    proc = tmp_path / "proc"
    (proc / "708").mkdir(parents=True)
    (proc / "708" / "comm").write_text("minicom\n")
    (proc / "locks").write_text(
        f"1: FLOCK  ADVISORY  WRITE 708 {place} 0 EOF\n"
        f"1: -> FLOCK  ADVISORY  WRITE 709 {place} 0 EOF\n"
        "2: POSIX  ADVISORY  WRITE 710 00:01:99999 0 EOF\n"
    )
    assert holders_of(str(port), proc) == [Holder(708, "minicom")]


def test_the_kernel_lists_locks_as_they_are_read_here(tmp_path: Path) -> None:
    port = tmp_path / "port"
    program = "import fcntl,sys; f=open(sys.argv[1],'w'); fcntl.flock(f,fcntl.LOCK_EX); print(flush=True); input()"
    proc = tmp_path / "proc"
    proc.mkdir()
    with subprocess.Popen(
        [sys.executable, "-c", program, port], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        (proc / "locks").write_bytes(Path("/proc/locks").read_bytes())  # and none of the files of processes
        assert holders_of(str(port), proc) == [Holder(process.pid, "an unknown program")]
        process.kill()
