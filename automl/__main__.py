"""``python -m automl`` is the command ``automl``."""

import atexit
import contextlib
import os
import sys

from automl.cli import main


def run() -> None:
    """Run the command and end the process with its exit code.

    To take apart what TensorFlow built takes two seconds, in which the reader waits for nothing: files are closed, temporary folders are
    removed, and the rest is left to the system.
    """
    code = main()
    atexit._run_exitfuncs()
    with contextlib.suppress(OSError):  # the reader may have gone
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    run()
