"""What memory there is, what this process holds, and how to know that it was too little."""

from __future__ import annotations

import os

_NAMES = {"ResourceExhaustedError", "OutOfMemoryError"}  # TensorFlow, torch
_TEXTS = ("RESOURCE_EXHAUSTED", "out of memory", "failed to allocate memory")  # JAX raises its own error for everything


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory was too small, whatever library raised it.

    Example:
        >>> is_out_of_memory(MemoryError()), is_out_of_memory(ValueError("no"))
        (True, False)
    """
    seen: BaseException | None = error
    while seen is not None:
        told = isinstance(seen, RuntimeError | OSError) and any(text.lower() in str(seen).lower() for text in _TEXTS)
        if isinstance(seen, MemoryError) or type(seen).__name__ in _NAMES or told:
            return True
        seen = seen.__cause__
    return False


def resident_bytes() -> int:
    """Return the memory that this process holds; 0 where the system does not tell.

    Example:
        >>> resident_bytes() >= 0
        True
    """
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0
