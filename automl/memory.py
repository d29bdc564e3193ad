"""What memory there is, what this process holds, and how to know that it was too little."""

from __future__ import annotations

import os

STEP = 2**28  # bytes
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


def room_for_packs(limit: int, held: int) -> tuple[int, str | None]:
    """Return how many bytes a pack may add, and a sentence where the cap is too small to be kept.

    Args:
        limit: The cap on the process.
        held: What the process holds before the first pack: libraries and data.

    Example:
        >>> room_for_packs(4 * 2**30, 2**30)
        (1073741824, None)
    """
    # In steps, because what is held differs by a little from run to run and the size of a pack must not.
    room = limit - -(-held // STEP) * STEP
    # Half of it: what was trained stays, and other families and stages need some too. A quarter of the cap is enough for any pack.
    if room >= STEP:
        return min(room // 2, limit // 4), None
    told = f"The libraries and the data take {held / 1e9:.1f} GB of the {limit / 1e9:.1f} GB that are allowed"
    return max(room // 2, 0), f"{told}; the smallest packs are trained."
