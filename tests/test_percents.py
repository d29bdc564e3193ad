"""Percents are written one way: a number, a space, the sign."""

import re
from pathlib import Path

import automl
from automl.percents import percent
from automl.report import words

HOME = Path(automl.__file__).parent
# a share that Python formats itself, a number or a value directly before the sign, and the sign at the end of a word
TIGHT = re.compile(r":\.?\d?%\}|:[.\d]*f\}%(?=[ ,.;:)])|(?<![-\w#])\d+%(?= of| are| interval|[,.;)] )")


def test_no_sentence_is_built_with_a_tight_sign():
    files = [(file, line) for file in sorted(HOME.rglob("*.py")) for line in file.read_text(encoding="utf-8").splitlines()]
    assert [(file.name, line) for file, line in files if TIGHT.search(line)] == []


def test_the_report_and_all_others_write_the_same():
    for share in (0.0, 0.0004, 0.03, 0.5, 0.991, 1.0, -0.2):
        assert words.percent(share).replace(words.SPACE, " ") == percent(share)
    assert percent(float("nan")) == "–"
