"""Write the generated table of machine checks: python examples/data/make_checks.py FOLDER. The seed makes all of these machines."""

import csv
import math
import random
import sys
from pathlib import Path

SITES = ["Aachen", "Brno", "Lille"]


def check(rng: random.Random) -> list[object]:
    """Return one check: what was measured before the machine was opened, and the parts that were replaced then, often none or several."""
    months, hours = rng.randint(1, 60), round(rng.uniform(2, 20), 1)
    heat, dust = rng.gauss(55 + 0.9 * hours, 6), rng.random() < 0.3
    shaking = rng.gauss(2.0 + 0.05 * months, 0.8)
    pressure = rng.gauss(6.0 - 0.02 * months, 0.4)
    risks = {
        "bearing": chance(-2.0 + 1.6 * (shaking - 3.2) + 0.02 * months, rng),
        "filter": chance(-2.4 + 2.8 * dust + 0.03 * months, rng),
        "seal": chance(-1.8 + 2.2 * (5.4 - pressure) + 0.12 * (heat - 64), rng),
    }
    parts = ";".join(name for name, worn in risks.items() if worn)
    cells = ["" if rng.random() < 0.03 else round(value, 1) for value in (heat, shaking, pressure)]
    return [months, hours, *cells, "yes" if dust else "no", rng.choice(SITES), parts]


def chance(score: float, rng: random.Random) -> bool:
    """Draw whether something happens, by its log odds."""
    return rng.random() < 1 / (1 + math.exp(-score))


def main(folder: str = ".") -> None:
    rng = random.Random(2028)
    head = ["months_since_service", "hours_a_day", "oil_temperature", "vibration", "pressure", "dusty", "site", "replaced"]
    with (Path(folder) / "machine_checks.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([head, *(check(rng) for _ in range(1200))])


if __name__ == "__main__":
    main(*sys.argv[1:2])
