"""Write the two generated sets of texts: python examples/data/make_texts.py FOLDER. Nobody wrote these texts; the seed makes them all."""

import csv
import math
import random
import sys
from pathlib import Path

QUEUES = {
    "billing": [
        "my invoice shows an amount that I do not understand",
        "I was charged twice this month",
        "please send the receipt again",
        "the refund has not arrived on my account",
        "the direct debit failed and there is a fee now",
        "my discount is missing on the bill",
    ],
    "delivery": [
        "the parcel has not arrived",
        "the tracking page has not moved for days",
        "the courier left it at the wrong door",
        "half of the order is missing in the box",
        "I need another delivery date",
        "the box was open and wet when it came",
    ],
    "account": [
        "I cannot log in any more",
        "the password mail never comes",
        "please change the address of my account",
        "somebody else has used my account",
        "how do I close my account",
        "the code for signing in is always wrong",
    ],
    "product": [
        "the device does not switch on",
        "the battery is empty after an hour",
        "the screen flickers",
        "the app crashes when I open it",
        "the manual says something else than the device does",
        "it makes a loud noise and gets hot",
    ],
}
SHARED = [
    "I have written twice already",
    "please answer soon",
    "your hotline did not help",
    "I have been a customer for years",
    "the order number is below",
    "thank you for looking into it",
    "this is the third time",
    "I am rather disappointed",
]
GOOD = ["fits well", "exactly as described", "a lovely colour", "good quality for the price", "my daughter loves it", "arrived quickly"]
SMALL = ["runs small", "too tight at the shoulders", "one size too small for me", "sleeves too short"]
POOR = ["thin fabric", "the seam came undone", "looks cheaper than on the picture", "colour faded in the first wash"]


def typed(text: str, rng: random.Random) -> str:
    """Type a text as people do: capitals, a letter lost here and there."""
    letters = [letter for letter in text if rng.random() > 0.01]
    return "".join(letters).capitalize() if rng.random() < 0.7 else "".join(letters)


def tickets(rng: random.Random, count: int = 1500) -> list[list[str]]:
    """Return tickets: a sentence or two of their queue, mentions of another one, and politeness."""
    rows = []
    for _ in range(count):
        queue = rng.choices(list(QUEUES), [0.35, 0.3, 0.2, 0.15])[0]
        other = rng.choice([name for name in QUEUES if name != queue])
        said = rng.sample(QUEUES[queue], rng.choice([1, 1, 2])) + rng.sample(SHARED, rng.choice([0, 1, 2]))
        if rng.random() < 0.35:
            said.append(rng.choice(QUEUES[other]))
        rng.shuffle(said)
        label = queue if rng.random() > 0.04 else rng.choice(list(QUEUES))
        rows.append([typed(". ".join(said), rng) + rng.choice([".", "!", ""]), rng.choice(["mail", "chat", "form"]), label])
    return rows


def orders(rng: random.Random, count: int = 1800) -> list[list[object]]:
    """Return orders: what the customer wrote, price, days until delivery and the kind of product; both decide whether it comes back."""
    rows = []
    for _ in range(count):
        kind, price, days = (
            rng.choice(["dress", "coat", "shoes", "shirt"]),
            round(math.exp(rng.gauss(3.6, 0.6)), 2),
            1 + int(rng.expovariate(0.3)),
        )
        words = rng.sample(GOOD, rng.choice([1, 2])) if rng.random() < 0.6 else []
        small, poor = rng.random() < 0.3, rng.random() < 0.25
        words += [rng.choice(SMALL)] * small + [rng.choice(POOR)] * poor
        rng.shuffle(words)
        score = -2.4 + 2.2 * small * (kind != "coat") + 2.0 * poor * (price > 35) + 0.16 * days + 0.4 * (math.log(price) - 3.6)
        back = rng.random() < 1 / (1 + math.exp(-score))
        comment = typed(", ".join(words), rng) if words and rng.random() < 0.92 else ""
        rows.append([comment, kind, price, days, rng.choice(["web", "app", "store"]), "yes" if back else "no"])
    return rows


def main(folder: str = ".") -> None:
    rng = random.Random(2026)
    tables = {
        "tickets.csv": (["text", "channel", "queue"], tickets(rng)),
        "orders.csv": (["comment", "kind", "price", "delivery_days", "channel", "returned"], orders(rng)),
    }
    for name, (head, rows) in tables.items():
        with (Path(folder) / name).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([head, *rows])


if __name__ == "__main__":
    main(*sys.argv[1:2])
