"""Run a program that dies with its starter: `tether.py DESCRIPTOR PROGRAM [ARGUMENT…]`.

DESCRIPTOR is the reading end of a pipe whose writing end only the starter holds. However the starter ends, by
SIGKILL too, the kernel closes that end; a guard process sees it and kills the program's whole process group.
The starter makes this file a group leader, and it becomes the program: the process id stays the same.

PR_SET_PDEATHSIG, the kernel's own way, would spare the guard, but it knows only Linux, reaches no grandchild (the
Python driver below spark-submit's Java), and strikes when the *thread* that started the program ends.
"""

import os
import signal
import sys


def guard(lifeline: int, group: int) -> None:
    """Wait for the end of the starter, or for its word that the program has been stopped; then kill what is left."""
    for stream in (0, 1, 2):  # a pipe that we hold open would never end for its reader
        os.dup2(os.open(os.devnull, os.O_RDWR), stream)
    os.read(lifeline, 1)  # nothing is ever written: returns at the end of the pipe
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        pass


def main() -> None:
    """Leave a guard behind, out of reach of the group's signals, and become the program."""
    lifeline, program = int(sys.argv[1]), sys.argv[2:]
    group = os.getpid()
    middle = os.fork()
    if middle == 0:
        os.setsid()
        if os.fork() == 0:
            guard(lifeline, group)
        os._exit(0)
    os.waitpid(middle, 0)  # the guard is init's child now: the program finds no child that it does not know
    os.close(lifeline)
    for ignored_by_python in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(ignored_by_python, signal.SIG_DFL)
    try:
        os.execvp(program[0], program)  # noqa: S606 - no shell is wanted
    except OSError as error:
        sys.exit(f"cannot run {program[0]}: {error.strerror}")


if __name__ == "__main__":
    main()
