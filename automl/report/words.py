"""Numbers in plain English: sensible rounding, right plurals, names of classes instead of "the positive class"."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from automl.percents import MINUS, percents
from automl.report.facts import Label, TaskFacts

SPACE = "\u00a0"  # a space at which no line breaks
NOTHING = "–"


def number(value: float | None, digits: int = 3) -> str:
    """Write a measured number with `digits` significant digits.

    Example:
        >>> [number(x) for x in (0.42134, 0.55021, 26412.7, 12, -0.00123, 0.0, None)]
        ['0.421', '0.550', '26,400', '12', '−0.00123', '0', '–']
    """
    if value is None or not math.isfinite(value):
        return NOTHING
    if value == 0:
        return "0"
    exponent = math.floor(math.log10(abs(value)))
    rounded = round(value, digits - 1 - exponent)
    if rounded == 0 or exponent < -5 or exponent > 14:
        mantissa, power = f"{value:.{digits - 1}e}".split("e")
        return f"{mantissa} × 10{_superscript(int(power))}".replace("-", MINUS)
    decimals = max(digits - 1 - math.floor(math.log10(abs(rounded))), 0)
    exact = abs(value - rounded) <= 1e-9 * abs(value)  # a given number such as 12 or 0.5: no zeros that claim precision
    return _fixed(rounded, decimals, strip=exact)


def _fixed(value: float, decimals: int, strip: bool = False) -> str:
    text = f"{value:,.{decimals}f}"
    return (text.rstrip("0").rstrip(".") if strip and "." in text else text).replace("-", MINUS)


def _superscript(power: int) -> str:
    return str(power).translate(str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻"))


def metric(title: str) -> str:
    """Write the name of a score within a sentence.

    Example:
        >>> [metric(title) for title in ("Weighted quantile loss", "RMSE", "log-loss")]
        ['weighted quantile loss', 'RMSE', 'log-loss']
    """
    return title if title[1:2].isupper() else title[:1].lower() + title[1:]


def percent(share: float | None) -> str:
    """Write a share as percents; one decimal only near 0 and near 100.

    Example:
        >>> [percent(x).replace(SPACE, " ") for x in (0.8427, 0.0312, 0.9962, 0, 1, 0.0004)]
        ['84 %', '3.1 %', '99.6 %', '0 %', '100 %', '0.04 %']
    """
    if share is None or not math.isfinite(share):
        return NOTHING
    return f"{percents(share)}{SPACE}%"


def interval(low: float | None, high: float | None, share: bool = False) -> str:
    """Write an interval.

    Example:
        >>> interval(0.612, 0.688, share=True).replace(SPACE, " "), interval(-0.001, 0.0071)
        ('61–69 %', '−0.0010 to 0.0071')
    """
    if low is None or high is None or not (math.isfinite(low) and math.isfinite(high)):
        return NOTHING
    if share:
        joint = " to " if low < 0 else "–"
        return f"{percents(low)}{joint}{percents(high)}{SPACE}%"
    largest = max(abs(low), abs(high))
    decimals = max(2 - math.floor(math.log10(largest)), 0) if largest > 0 else 0
    if decimals > 7 or largest >= 1000:
        return f"{number(low)} to {number(high)}"
    ends = round(low, decimals) + 0.0, round(high, decimals) + 0.0
    shortest = next(d for d in range(decimals + 1) if all(abs(round(end, d) - end) < 10.0 ** -(decimals + 3) for end in ends))
    return f"{_fixed(ends[0], shortest)} to {_fixed(ends[1], shortest)}"


def confidence(low: float | None, high: float | None, share: bool = False) -> str:
    """Write "95 % interval …", or nothing where there is no interval.

    Example:
        >>> confidence(0.6, 0.7).replace(SPACE, " ")
        '95 % interval 0.6 to 0.7'
    """
    text = interval(low, high, share)
    return "" if text == NOTHING else f"95{SPACE}% interval {text}"


def whole(value: float | None) -> str:
    """Write a count with thousands separators.

    Example:
        >>> whole(1234567)
        '1,234,567'
    """
    return NOTHING if value is None else f"{value:,.0f}".replace("-", MINUS)


def count(value: int, one: str, many: str | None = None) -> str:
    """Write a count with its noun in the right number.

    Example:
        >>> count(1, "row"), count(2300, "row"), count(0, "person", "people")
        ('1 row', '2,300 rows', '0 people')
    """
    return f"{whole(value)} {one if value == 1 else many or one + 's'}"


def count_of(part: int, value: int, one: str) -> str:
    """Write a count with its noun, and the part of it that counts where that is not all of it (0 says nothing of parts).

    Example:
        >>> count_of(900, 2300, "row"), count_of(2300, 2300, "row"), count_of(0, 2300, "row")
        ('900 of 2,300 rows', '2,300 rows', '2,300 rows')
    """
    return f"{whole(part)} of {count(value, one)}" if 0 < part < value else count(value, one)


def was(amount: int) -> str:
    """Return the verb for so many things.

    Example:
        >>> was(1), was(2)
        ('was', 'were')
    """
    return "was" if amount == 1 else "were"


def are(amount: int) -> str:
    """Return the verb for so many things.

    Example:
        >>> are(1), are(0)
        ('is', 'are')
    """
    return "is" if amount == 1 else "are"


def bracket(text: str) -> str:
    """Put a remark in brackets behind a space; nothing where there is none.

    Example:
        >>> "a" + bracket("b") + bracket("")
        'a (b)'
    """
    return f" ({text})" if text else ""


def done(action: str) -> str:
    """Write what was done about a finding as a sentence; "told" alone means that nothing was changed.

    Example:
        >>> done("told"), done("not used"), done("One of each was kept.")
        ('Nothing was changed.', 'Done: not used.', 'One of each was kept.')
    """
    text = action.strip()
    if text.lower().rstrip(".") in ("", "told", "none"):
        return "Nothing was changed."
    return text if text[:1].isupper() else f"Done: {text.rstrip('.')}."


def of_hundred(share: float) -> str:
    """Write a share as a number out of 100.

    Example:
        >>> of_hundred(0.654), of_hundred(0.002), of_hundred(0.998)
        ('65', 'fewer than 1', 'more than 99')
    """
    if 0 < share < 0.005:
        return "fewer than 1"
    if 0.995 <= share < 1:
        return "more than 99"
    return f"{100 * share:.0f}"


def seconds(value: float | None) -> str:
    """Write a duration.

    Example:
        >>> [seconds(x).replace(SPACE, " ") for x in (0.0021, 3.4, 65, 7300)]
        ['2.1 ms', '3.4 s', '1 min 5 s', '2 h 1 min']
    """
    if value is None or not math.isfinite(value):
        return NOTHING
    if value < 0.0095:
        return f"{number(1000 * value, 2)}{SPACE}ms"
    if value < 59.95:
        return f"{value:.2g}{SPACE}s" if value < 10 else f"{value:.0f}{SPACE}s"
    minutes, rest = divmod(round(value), 60)
    if minutes < 60:
        return f"{minutes}{SPACE}min" + (f" {rest}{SPACE}s" if rest else "")
    hours, minutes = divmod(minutes, 60)
    return f"{hours}{SPACE}h" + (f" {minutes}{SPACE}min" if minutes else "")


def moment(value: float | None) -> str:
    """Write a short duration, in milliseconds up to a second.

    Example:
        >>> [moment(x).replace(SPACE, " ") for x in (0.0021, 0.0184, 3.4)]
        ['2.1 ms', '18 ms', '3.4 s']
    """
    return f"{number(1000 * value, 2)}{SPACE}ms" if value is not None and 0 <= value < 0.995 else seconds(value)


def size(value: int | None) -> str:
    """Write a number of bytes.

    Example:
        >>> size(620_000).replace(SPACE, " ")
        '620 kB'
    """
    if value is None:
        return NOTHING
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if value >= scale:
            return f"{number(value / scale)}{SPACE}{unit}"
    return count(int(value), "byte")


def money(value: float | None, currency: str = "") -> str:
    """Write an amount of money: a symbol in front, a code behind.

    Example:
        >>> money(26412.7, "€"), money(5, "CZK").replace(SPACE, " "), money(-3, "$")
        ('€26,400', '5 CZK', '−$3')
    """
    if value is None or not math.isfinite(value):
        return NOTHING
    text, sign = number(abs(value)), MINUS if value < 0 else ""
    if not currency:
        return sign + text
    return f"{sign}{currency}{text}" if len(currency) == 1 else f"{sign}{text}{SPACE}{currency}"


def kinds(kind: str) -> str:
    """Name a kind of model in the plural.

    Example:
        >>> kinds("tree"), kinds("network"), kinds("linear")
        ('trees', 'networks', 'linear models')
    """
    return {"tree": "trees", "network": "networks", "linear": "linear models"}.get(kind, f"{kind} models")


def listing(items: Iterable[object], limit: int = 8) -> str:
    """Join names with commas and "and"; beyond `limit` only say how many more.

    Example:
        >>> listing(["a", "b", "c"]), listing("abcdef", limit=3)
        ('a, b and c', 'a, b, c and 3 more')
    """
    names = [str(item) for item in items]
    if len(names) > limit:
        return f"{', '.join(names[:limit])} and {whole(len(names) - limit)} more"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else ""


def shorten(text: object, limit: int = 60) -> str:
    """Cut a long text and mark the cut.

    Example:
        >>> shorten("abcdefgh", 5)
        'abcd…'
    """
    written = str(text)
    return written if len(written) <= limit else written[: limit - 1] + "…"


def cohort(rules: Sequence[str]) -> str:
    """Write what makes a cohort in half a sentence.

    Example:
        >>> cohort(("contract is One year", "bill above 89"))
        'contract is One year and bill above 89'
    """
    return shorten(" and ".join(rules), 120)


def event(task: TaskFacts) -> str:
    """Name what a binary model looks for, such as "Churn = Yes".

    Example:
        >>> event(TaskFacts(problem="binary", target="Churn", classes=("No", "Yes"), positive="Yes", metric="log_loss"))
        'Churn = Yes'
    """
    return f"{shorten(task.target, 40)} = {shorten(positive(task), 40)}"


def positive(task: TaskFacts) -> Label:
    """Return the class that a binary model looks for."""
    if task.positive is not None:
        return task.positive
    return task.classes[-1] if task.classes else "positive"


def value(amount: float | None, task: TaskFacts) -> str:
    """Write a value of the target with its unit."""
    return number(amount) + (f"{SPACE}{task.unit}" if task.unit and amount is not None else "")


_SOURCES = {
    "holdout": "a holdout that no choice has seen",
    "test file": "your test file, which no choice has seen",
    "cross-fitted": "each row was judged by models, calibration and threshold that had not seen it (cross-fitted)",
}


def source(text: str) -> str:
    """Say in words which rows the scores were measured on.

    Example:
        >>> source("test file")
        'your test file, which no choice has seen'
    """
    return _SOURCES.get(text, text.rstrip("."))


def wilson(successes: int, trials: int, z: float = 1.959964) -> tuple[float, float] | None:
    """Return Wilson's 95 % interval of a share; None without trials.

    Source: E. B. Wilson (1927), Probable inference, the law of succession, and statistical inference.

    Example:
        >>> tuple(round(x, 3) for x in wilson(65, 100))
        (0.553, 0.736)
    """
    if trials <= 0:
        return None
    share, square = successes / trials, z * z
    middle = (share + square / (2 * trials)) / (1 + square / trials)
    half = z * math.sqrt(share * (1 - share) / trials + square / (4 * trials * trials)) / (1 + square / trials)
    return max(middle - half, 0.0), min(middle + half, 1.0)


def to_hundred(counts: Sequence[int]) -> list[int]:
    """Scale counts to whole numbers that add up to 100 (largest remainders).

    Example:
        >>> to_hundred([1, 1, 1])
        [34, 33, 33]
    """
    total = sum(counts)
    if total <= 0:
        return [0] * len(counts)
    exact = [100 * c / total for c in counts]
    floors = [math.floor(e) for e in exact]
    order = sorted(range(len(counts)), key=lambda i: (floors[i] - exact[i], i))
    for i in order[: 100 - sum(floors)]:
        floors[i] += 1
    return floors


def asked_rates(alarms: float | None, false_alarms: float | None) -> str:
    """Return in words which rates of alarms were asked for.

    Example:
        >>> asked_rates(0.02, None).replace(SPACE, " ")
        '2.0 % was asked for'
        >>> asked_rates(None, 0.02).replace(SPACE, " ")
        'at most 2.0 % of the normal rows was asked for'
    """
    told = [] if alarms is None else [percent(alarms)]
    if false_alarms is not None:
        told.append(f"at most {percent(false_alarms)} of the normal rows")
    return f"{' and '.join(told)} was asked for"
