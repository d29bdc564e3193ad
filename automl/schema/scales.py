"""Words and numbers that stand for steps of a scale, and whole numbers that stand for names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

# Scales that people answer or judge on, lowest first; each may be used in part.
_SCALES = tuple(
    tuple(word.strip() for word in line.split("<"))
    for line in """
    very low<low<below average<medium low<lower<medium<mid<middle<moderate<medium high<normal<average<above average<elevated<\
high<higher<very high<extreme
    none<minimal<slight<mild<minor<moderate<major<serious<severe<critical<fatal
    low<medium<high<urgent<critical<blocker
    trivial<minor<major<critical<blocker
    never<almost never<rarely<seldom<occasionally<sometimes<often<frequently<usually<mostly<almost always<always
    never<yearly<monthly<weekly<daily<hourly
    strongly disagree<disagree<somewhat disagree<slightly disagree<neutral<neither agree nor disagree<undecided<slightly agree<\
somewhat agree<agree<strongly agree
    very dissatisfied<dissatisfied<somewhat dissatisfied<neutral<somewhat satisfied<satisfied<very satisfied
    very unlikely<unlikely<somewhat unlikely<neutral<possible<somewhat likely<likely<very likely
    very negative<negative<somewhat negative<neutral<somewhat positive<positive<very positive
    terrible<awful<very poor<very bad<poor<bad<below average<fair<ok<okay<average<typical<satisfactory<good<above average<\
very good<great<premium<excellent<ideal<outstanding
    unacceptable<acceptable<good<very good
    not important<slightly important<moderately important<important<very important<extremely important
    xxs<xs<s<m<l<xl<xxl<xxxl
    extra small<tiny<small<medium<large<extra large<huge
    slow<medium<fast<very fast
    cold<cool<mild<warm<hot
    light<medium<heavy
    young<middle aged<middle-aged<adult<senior<old
    novice<beginner<elementary<intermediate<advanced<expert
    trainee<intern<junior<mid<middle<senior<lead<principal
    bronze<silver<gold<platinum<diamond
    basic<standard<premium<enterprise
    first<second<third<fourth<fifth
    1st<2nd<3rd<4th<5th<6th
    i<ii<iii<iv<v<vi<vii<viii<ix<x
    green<amber<red<black alert
    none<no schooling<no formal education<primary<primary school<elementary<elementary school<middle school<some high school<\
less than high school<secondary<secondary school<high school<high school diploma<high school graduate<vocational<some college<associate<\
associate's degree<college<undergraduate<bachelor<bachelors<bachelor's<bachelor degree<bachelor's degree<graduate<graduate degree<tertiary<\
university<postgraduate<master<masters<master's<master degree<master's degree<phd<doctoral<doctorate<doctoral degree
    po<fa<ta<gd<ex
    easy<moderate<medium<hard<difficult<very hard<very difficult
    rare<medium rare<medium<medium well<well done
    economy<premium economy<business<first<first class
    infant<baby<toddler<child<teen<teenager<adolescent<young adult<adult<middle aged<senior<elderly
    sedentary<lightly active<light<moderately active<moderate<active<very active<extremely active
    bad<normal<good<very good
    dry<damp<moist<wet
    once<twice<three times
    sehr niedrig<niedrig<mittel<hoch<sehr hoch
    gering<mäßig<mittel<stark<sehr stark
    leicht<mittel<mittelschwer<schwer<sehr schwer
    stimme überhaupt nicht zu<stimme gar nicht zu<stimme nicht zu<stimme eher nicht zu<neutral<weder noch<teils teils<teils/teils<\
stimme eher zu<stimme zu<stimme voll zu<stimme völlig zu
    trifft gar nicht zu<trifft nicht zu<trifft eher nicht zu<teils teils<teils/teils<trifft eher zu<trifft zu<trifft voll zu
    sehr unzufrieden<unzufrieden<eher unzufrieden<neutral<eher zufrieden<zufrieden<sehr zufrieden
    sehr schlecht<schlecht<mangelhaft<ausreichend<befriedigend<mittel<gut<sehr gut<ausgezeichnet
    nie<selten<manchmal<oft<häufig<immer
    klein<mittel<groß<sehr groß
    très faible<faible<moyen<moyenne<fort<élevé<élevée<très élevé<très élevée
    très mauvais<mauvais<passable<moyen<bon<très bon<excellent
    jamais<rarement<parfois<souvent<toujours
    pas du tout d'accord<pas d'accord<plutôt pas d'accord<neutre<ni d'accord ni pas d'accord<plutôt d'accord<d'accord<tout à fait d'accord
    très insatisfait<insatisfait<neutre<satisfait<très satisfait
    facile<moyen<difficile
    petit<moyen<grand<très grand
    muy bajo<bajo<medio<alto<muy alto
    muy malo<malo<regular<bueno<muy bueno<excelente
    nunca<rara vez<a veces<a menudo<siempre
    pequeño<mediano<grande
    muy en desacuerdo<en desacuerdo<neutral<ni de acuerdo ni en desacuerdo<de acuerdo<muy de acuerdo
    muy insatisfecho<insatisfecho<neutral<satisfecho<muy satisfecho
    mai<raramente<qualche volta<a volte<talvolta<spesso<sempre
    scarso<insufficiente<mediocre<sufficiente<discreto<buono<distinto<ottimo
    piccolo<medio<grande
    nunca<raramente<às vezes<frequentemente<sempre
    péssimo<ruim<regular<bom<muito bom<ótimo
    nooit<zelden<soms<vaak<altijd
    laag<gemiddeld<hoog
    aldrig<sällan<ibland<ofta<alltid
    låg<medel<hög
    nigdy<rzadko<czasami<często<zawsze
    никогда<редко<иногда<часто<всегда
    плохо<удовлетворительно<хорошо<отлично
    低<中<高
    小<中<大
    muito baixo<baixo<médio<alto<muito alto
    molto basso<basso<medio<alto<molto alto
    velmi nízká<nízká<střední<vysoká<velmi vysoká
    velmi nízký<nízký<střední<vysoký<velmi vysoký
    velmi špatný<špatný<průměrný<dobrý<velmi dobrý<výborný
    malý<střední<velký
    nikdy<zřídka<někdy<často<vždy
    nízka<stredná<vysoká
    niski<średni<wysoki
    alacsony<közepes<magas
    низкий<средний<высокий
    """.strip().splitlines()
)
_AMOUNT = r"[$€£]?\s?\d[\d.,]*\s?[kKmM]?"
_RANGE = re.compile(rf"{_AMOUNT}\s?(?:-|–|—|to|bis|až|à)\s?{_AMOUNT}(?: ?(?:years|yrs|y|eur|usd|km|kg|%))?")
_INTERVAL = re.compile(r"[\[(]\s?(-?[\d.]+|-?inf)\s?[,;]\s?(-?[\d.]+|inf)\s?[\])]")
_BOUND = "<=?|≤|>=?|≥|under|below|over|above|less than|more than|up to|unter|über|do|nad"
_END = re.compile(rf"(?:(?:{_BOUND})\s?{_AMOUNT}|{_AMOUNT}\s?\+)", re.IGNORECASE)
_STEP_NAMES = "grade|level|stage|tier|rank|step|degree|year|class|priority|severity|band|stufe|t|p|g|l|lvl"
_STEP = re.compile(rf"({_STEP_NAMES})[ _-]?(\d{{1,2}}|[ivx]{{1,4}})", re.IGNORECASE)
_FIRST_NUMBER = re.compile(r"\d[\d.,]*")


def scale_order(levels: Sequence[str]) -> list[str] | None:
    """Return levels in the order of their scale, or None where they are no steps of one.

    Example:
        >>> scale_order(["High", "low", "Medium"])
        ['low', 'Medium', 'High']
        >>> scale_order(["25-39", "10-24", "55+"])
        ['10-24', '25-39', '55+']
        >>> scale_order(["red", "green", "blue"]) is None
        True
    """
    distinct = list(dict.fromkeys(level.strip() for level in levels))
    if not 3 <= len(distinct) <= 30:
        return None
    folded = [re.sub(r"^[\d]{1,2}\s*[-.):=]\s*", "", re.sub(r"[_\s]+", " ", level.casefold())) for level in distinct]
    for scale in _SCALES:
        places = {word: place for place, word in enumerate(scale)}
        if len(set(folded)) == len(folded) and all(word in places for word in folded):
            return [distinct[place] for place in sorted(range(len(distinct)), key=lambda place: places[folded[place]])]
    return _ranges(distinct) or _steps(distinct)


def _ranges(levels: list[str]) -> list[str] | None:
    """Order ranges such as "10-24", "25-39", "55+"."""
    shaped = [bool(_RANGE.fullmatch(level) or _INTERVAL.fullmatch(level)) for level in levels]
    ends = [bool(_END.fullmatch(level)) for level in levels]
    if sum(shaped) < 2 or sum(shaped) + sum(ends) < len(levels) or sum(ends) > 2:
        return None
    starts = []
    for level in levels:
        found = _FIRST_NUMBER.search(level)
        number = float(re.sub(r"[,.](?=\d{3}\b)", "", found[0]).replace(",", ".").rstrip(".") or 0) if found else -np.inf
        number *= 1000 if re.search(r"\d\s?k", level, re.IGNORECASE) else 1
        low = re.match(r"(?i)\s*(<|≤|under|below|less|up|unter|do)", level) or "-inf" in level
        starts.append(-np.inf if low else number)
    if len(set(starts)) != len(starts):
        return None
    return [levels[place] for place in np.argsort(starts)]


_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6, "vii": 7, "viii": 8, "ix": 9, "x": 10}


def _steps(levels: list[str]) -> list[str] | None:
    """Order numbered steps such as "Grade 1", "Grade 2", without a gap."""
    found = [_STEP.fullmatch(level) for level in levels]
    matches = [match for match in found if match is not None]
    if len(matches) < len(levels) or len({match[1].casefold() for match in matches}) != 1:
        return None
    word = matches[0][1].casefold()
    numbers = [int(match[2]) if match[2].isdigit() else _ROMAN.get(match[2].casefold(), 0) for match in matches]
    if sorted(numbers) != list(range(min(numbers), min(numbers) + len(numbers))) or (len(word) == 1 and len(numbers) > 6):
        return None
    return [levels[place] for place in np.argsort(numbers)]


def names_in_numbers(values: np.ndarray[Any, Any]) -> str | None:
    """Return why whole numbers look like codes of things rather than like quantities, or None.

    Codes have the same number of digits, leave most of their range empty, repeat, and end in any digit: quantities that are as
    sparse as that are rounded, and so share a divisor or a last digit.

    Args:
        values: Numbers without missing ones, (rows,).

    Example:
        >>> names_in_numbers(np.repeat([101, 205, 318, 427, 999], 30)) is not None
        True
        >>> names_in_numbers(np.repeat([100, 200, 350, 500], 30)) is None
        True
    """
    numbers, counts = np.unique(values, return_counts=True)
    if len(numbers) < 3 or (numbers % 1).any() or numbers[0] < 100 or numbers[-1] > 1e9 or len(numbers) > len(values) / 3:
        return None
    whole = numbers.astype(np.int64)
    digits = len(str(whole[0]))
    if len(str(whole[-1])) != digits or np.median(counts) < 3:
        return None
    steps, span = np.diff(whole), int(whole[-1] - whole[0] + 1)
    if np.gcd.reduce(steps) > 4 or len(whole) > 0.25 * span or steps.max() < 3:
        return None
    if digits == 4 and whole[0] >= 1500 and whole[-1] <= 2200:
        return None  # years
    last = np.bincount(whole % 10, minlength=10) / len(whole)
    if len(whole) >= 20 and ((last > 0).sum() < 7 or last.max() > 0.35):
        return None
    if len(whole) < 20 and ((whole % 10 == 0) | (whole % 10 == 5)).mean() > 0.7:
        return None
    return (
        f"All {len(values):,} values are whole numbers of {digits} digits; only {len(whole):,} of the {span:,} numbers between "
        f"{whole[0]} and {whole[-1]} occur, {len(values) / len(whole):.0f} times each on average: they name things rather than count them."
    )
