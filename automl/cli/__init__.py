"""The command ``automl``: results on stdout, messages on stderr, and an exit code that a program can read.

0 fine · 2 usage · 3 the data or a file · 5 a requested minimum was not reached · 70 our bug · 130 interrupted, the best so far is saved.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from automl.errors import AutoMLError

BUG = 70
INTERRUPTED = 130

_QUIET = {  # what the numeric libraries would write to the terminal by themselves; whoever wants it sets the variable
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_CPP_MAX_VLOG_LEVEL": "0",
    "GRPC_VERBOSITY": "ERROR",
    "GLOG_minloglevel": "3",
    "ABSL_MIN_LOG_LEVEL": "3",
    "JAX_LOGGING_LEVEL": "ERROR",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    Args:
        arguments: What follows ``automl``; None for the command line of this process.

    Returns:
        The exit code. Everything that goes wrong is one sentence on stderr; a traceback is shown only with ``AUTOML_DEBUG=1``.

    Example:
        >>> main(["version", "--json"])  # doctest: +ELLIPSIS
        {...}
        0
    """
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    try:
        code = _run(arguments)
        sys.stdout.flush()  # here, so that a reader who has gone is noticed while it can still be handled
        return code
    except AutoMLError as problem:
        return _tell(str(problem), problem.exit_code)
    except KeyboardInterrupt:
        return _tell("The command was interrupted before there was anything to save.", INTERRUPTED)
    except BrokenPipeError:
        # The reader has gone with the last lines unread: nobody is left to be told, and Python must not try to flush once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except MemoryError:
        return _tell("The data must fit into memory. Received more than there is; give fewer rows or a larger machine.", 3)
    except OSError as problem:
        named = f" {str(problem.filename)!r}" if problem.filename else ""
        return _tell(f"A file must be readable and its folder writable. Received{named}: {problem.strerror or problem}.", 3)
    except Exception as problem:
        return _tell(
            f"This is a bug in automl, not in your data: {type(problem).__name__}: {problem}\n"
            "Please report it with the traceback that AUTOML_DEBUG=1 shows.",
            BUG,
        )


def _run(arguments: Sequence[str] | None) -> int:
    import warnings

    import typer.main

    from automl.cli.interrupts import terminable
    from automl.cli.more import app

    if not os.environ.get("AUTOML_DEBUG"):
        warnings.simplefilter("ignore")  # libraries warn their programmers; the user of a command can do nothing about it
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        with terminable():
            typer.main.get_command(app).main(words, prog_name="automl", obj=words)
    except SystemExit as end:
        code = int(end.code or 0)
        if isinstance(getattr(end.__context__, "__cause__", None), KeyboardInterrupt):
            raise KeyboardInterrupt from end  # Typer would end without a word
        return 0 if code == 1 else code  # 1 is Typer's way to say that the reader of our output has gone (`automl detect x.csv | head`)
    return 0


def _tell(message: str, code: int) -> int:
    if os.environ.get("AUTOML_DEBUG"):
        import traceback

        traceback.print_exc()
    red, plain = ("\033[31m", "\033[0m") if sys.stderr.isatty() and not os.environ.get("NO_COLOR") else ("", "")
    print(f"{red}Error:{plain} {message}", file=sys.stderr, flush=True)
    return code
