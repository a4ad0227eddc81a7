"""Whether NTP keeps this machine's clock."""

import ctypes

TIMEX_BYTES = 1024  # more than a struct timex takes on any architecture
TIME_ERROR = 5


def is_synchronized() -> bool | None:
    """Whether the kernel's clock is kept by NTP, see adjtimex(2); None: it cannot be asked here."""
    libc = ctypes.CDLL(None, use_errno=True)
    look_only = ctypes.create_string_buffer(TIMEX_BYTES)  # struct timex; its first field, modes, is 0
    try:
        state = libc.adjtimex(look_only)
    except AttributeError:
        return None
    return None if state < 0 else state != TIME_ERROR
