"""Second group: tables as trades keep them, in several languages, with all columns labelled. Written from the issue alone, before any run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from detection_cases import Random, add

_SOME = ("category", "ordinal")
_WHOLE = ("number", "ordinal", "category")
_ORDER = ("multiclass", "ordinal", "regression")


def _pick(random: Random, rows: int, *words: Any, shares: list[float] | None = None) -> np.ndarray:
    return random.choice(np.array(words, dtype=object), rows, p=shares)


def _days(random: Random, rows: int, start: str = "2022-01-01", span: int = 700) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(pd.Timestamp(start) + pd.to_timedelta(random.integers(0, span, rows), unit="D"))


def _split(value: np.ndarray, share: float, yes: Any = 1, no: Any = 0) -> np.ndarray:
    """Return yes for the largest share of the values."""
    return np.where(value > np.quantile(value, 1 - share), yes, no)


def _retail(random: Random, _folder: Path) -> pd.DataFrame:
    n = 1100
    price, count = random.lognormal(3, 0.6, n), random.integers(1, 12, n)
    frame = pd.DataFrame(
        {
            "order_id": [f"ORD-{k}" for k in 100_000 + random.permutation(n)],
            "ordered_on": _days(random, n).strftime("%Y-%m-%d"),
            "product": [f"SKU{k:03d}" for k in random.integers(0, 40, n)],
            "quantity": count,
            "unit_price": [f"${x:,.2f}" for x in price],
            "discount": [f"{k}%" for k in random.choice([0, 5, 10, 20, 25], n)],
            "shipping": _pick(random, n, "standard", "express", "pick-up"),
            "gift": _pick(random, n, True, False),
        }
    )
    frame["returned"] = _split(np.log(price) + 0.3 * (frame["shipping"] == "express") + random.normal(0, 0.8, n), 0.2, "Yes", "No")
    return frame


add("retail: returns", _retail, "returned", "binary", "orders and whether they came back", findings=(("identifier", "order_id"),
    ("number_format", "unit_price")), types={"ordered_on": "datetime", "product": "category", "quantity": "number", "unit_price": "number",
    "discount": ("number", *_SOME), "shipping": "category", "gift": "boolean"})  # fmt: skip


def _filiale(random: Random, folder: Path) -> Path:
    n = 900
    area = random.normal(400, 90, n).clip(80)
    frame = pd.DataFrame(
        {
            "Bestellnr": random.permutation(n) + 70_000,
            "Datum": _days(random, n).strftime("%d.%m.%Y"),
            "Filiale": _pick(random, n, "Köln", "München", "Hamburg", "Berlin Süd"),
            "Fläche": [f"{x:.1f}".replace(".", ",") for x in area],
            "Parkplatz": _pick(random, n, "ja", "nein"),
            "Umsatz": [f"{x:,.2f} €".translate(str.maketrans(",.", ".,")) for x in 20 * area + random.normal(0, 900, n) + 3000],
        }
    )
    frame.to_csv(folder / "umsatz.csv", sep=";", index=False, encoding="cp1252")
    return folder / "umsatz.csv"


add("retail: Umsatz", _filiale, "Umsatz", "regression", "German shop export", findings=(("encoding", None), ("number_format", "Umsatz"),
    ("number_format", "Fläche"), ("identifier", "Bestellnr")), types={"Datum": "datetime", "Filiale": "category", "Fläche": "number",
    "Parkplatz": "boolean", "Umsatz": "number"})  # fmt: skip


def _hospital(random: Random, _folder: Path) -> pd.DataFrame:
    n, who = 1200, random.integers(0, 300, 1200)
    age, frail = random.integers(25, 92, 300)[who], random.normal(size=300)[who]
    frame = pd.DataFrame(
        {
            "MRN": [f"{k * 37 + 1_000_003}" for k in who],
            "admitted": _days(random, n, span=1000),
            "age": age,
            "sex": _pick(random, 300, "F", "M")[who],
            "bmi": random.normal(27, 4, n).round(1),
            "smoker": _pick(random, 300, "never", "former", "current")[who],
            "asa_class": _pick(random, n, "I", "II", "III", "IV", shares=[0.3, 0.4, 0.2, 0.1]),
            "icd10": _pick(random, n, "I10", "E11.9", "J44.1", "N18.3", "I50.9", "K57.3"),
            "creatinine": random.lognormal(0, 0.3, n).round(2),
        }
    )
    frame["readmitted_30d"] = _split(frail + 0.02 * age + random.normal(size=n), 0.25)
    return frame


add("health: readmission", _hospital, "readmitted_30d", "binary", "four stays of each patient", findings=(("group", "MRN"),), types={
    "admitted": "datetime", "age": "number", "sex": (*_SOME, "boolean"), "bmi": "number", "smoker": _SOME, "asa_class": _SOME, "icd10": "category",
    "creatinine": "number"})  # fmt: skip


def _staff(random: Random, _folder: Path) -> pd.DataFrame:
    n = 1000
    frame = pd.DataFrame(
        {
            "EmployeeNumber": np.arange(1, n + 1),
            "Age": random.integers(18, 61, n),
            "BusinessTravel": _pick(random, n, "Non-Travel", "Travel_Rarely", "Travel_Frequently"),
            "DailyRate": random.integers(102, 1500, n),
            "Department": _pick(random, n, "Sales", "R&D", "Human Resources"),
            "Education": random.integers(1, 6, n),
            "Gender": _pick(random, n, "Male", "Female"),
            "JobSatisfaction": random.integers(1, 5, n),
            "MonthlyIncome": (random.lognormal(8.6, 0.5, n)).astype(int),
            "Over18": "Y",
            "OverTime": _pick(random, n, "Yes", "No"),
            "StandardHours": 80,
        }
    )
    push = (frame["OverTime"] == "Yes") * 1.0 - 0.3 * frame["JobSatisfaction"] - frame["MonthlyIncome"] / 9000 + random.normal(size=n)
    return frame.assign(Attrition=_split(push.to_numpy(), 0.16, "Yes", "No"))


add("hr: attrition", _staff, "Attrition", "binary", "who leaves", findings=(("identifier", "EmployeeNumber"), ("constant", "Over18"),
    ("constant", "StandardHours")), types={"Age": "number", "BusinessTravel": _SOME, "DailyRate": "number", "Department": "category",
    "Education": _WHOLE, "Gender": ("category", "boolean"), "JobSatisfaction": _WHOLE, "MonthlyIncome": "number", "OverTime": "boolean"})  # fmt: skip


def _parcels(random: Random, _folder: Path) -> pd.DataFrame:
    n = 1000
    sent = pd.Timestamp("2023-03-01") + pd.to_timedelta(random.integers(0, 200 * 24, n), unit="h")
    km = random.gamma(2, 180, n)
    hours = 20 + km / 25 + random.gamma(2, 6, n)
    late = hours > np.quantile(hours, 0.75)
    return pd.DataFrame(
        {
            "tracking": ["1Z" + "".join(random.choice(list("0123456789ABCDEFGH"), 12)) for _ in range(n)],
            "from_zip": [f"{k:05d}" for k in random.choice(np.arange(501, 99_950, 1973), n)],
            "to_zip": [f"{k:05d}" for k in random.choice(np.arange(602, 99_950, 1571), n)],
            "weight": [f"{x:.1f} kg" for x in random.gamma(2, 3, n)],
            "distance_km": km.round(1),
            "carrier": _pick(random, n, "DHL", "UPS", "GLS", "DPD"),
            "sent_at": sent.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "claim_opened_at": np.where(late & (random.random(n) < 0.9), (sent + pd.Timedelta("5D")).strftime("%Y-%m-%dT%H:%M:%SZ"), None),
            "late": late,
        }
    )


add("logistics: late parcels", _parcels, "late", "binary", "a claim is opened after the delay", clean=False, findings=(
    ("identifier", "tracking"), ("leakage", "claim_opened_at"), ("number_format", "weight")), types={"from_zip": "category", "to_zip": "category",
    "weight": "number", "distance_km": "number", "carrier": "category", "sent_at": "datetime", "late": "boolean"})  # fmt: skip


def _loans(random: Random, _folder: Path) -> pd.DataFrame:
    n = 1500
    grade = random.integers(0, 7, n)
    bad = _split(grade * 0.4 + random.normal(size=n), 0.2).astype(bool)
    return pd.DataFrame(
        {
            "id": random.choice(9_000_000, n, replace=False) + 1_000_000,
            "loan_amnt": random.integers(40, 1400, n) * 25,
            "term": _pick(random, n, " 36 months", " 60 months", shares=[0.7, 0.3]),
            "int_rate": [f"{x:.2f}%" for x in 6 + 2.6 * grade + random.normal(0, 0.6, n)],
            "grade": np.array(list("ABCDEFG"))[grade],
            "emp_length": _pick(random, n, "< 1 year", "1 year", "2 years", "5 years", "10+ years", None),
            "annual_inc": random.lognormal(11, 0.5, n).round(0),
            "issue_d": _days(random, n, span=900).strftime("%b-%Y"),
            "recoveries": np.where(bad & (random.random(n) < 0.85), random.lognormal(5, 1, n).round(2), 0.0),
            "loan_status": np.where(bad, "Charged Off", "Fully Paid"),
        }
    )


add("finance: loans", _loans, "loan_status", "binary", "recoveries come after the default", clean=False, findings=(("identifier", "id"),
    ("leakage", "recoveries"), ("number_format", "int_rate")), types={"loan_amnt": "number", "term": (*_SOME, "boolean", "number"),
    "int_rate": "number", "grade": _SOME, "emp_length": _SOME, "annual_inc": "number", "issue_d": "datetime"})  # fmt: skip


def _cards(random: Random, _folder: Path) -> pd.DataFrame:
    n = 4000
    frame = pd.DataFrame(random.normal(size=(n, 10)).round(6), columns=[f"V{k}" for k in range(1, 11)])
    frame["Amount"] = random.lognormal(3, 1.3, n).round(2)
    return frame.assign(Class=_split(frame["V3"].to_numpy() + frame["V7"].to_numpy() + random.normal(0, 0.8, n), 0.008))


add("finance: card fraud", _cards, "Class", "binary", "eight in a thousand", findings=(("imbalance", "Class"),), types={"V1": "number",
    "V7": "number", "Amount": "number"})  # fmt: skip


def _pupils(random: Random, _folder: Path) -> pd.DataFrame:
    n = 650
    able = random.normal(size=n)
    return pd.DataFrame(
        {
            "escola": _pick(random, n, "GP", "MS"),
            "sexo": _pick(random, n, "F", "M"),
            "idade": random.integers(15, 22, n),
            "mora_com_pais": _pick(random, n, "sim", "não"),
            "educação_mãe": random.integers(0, 5, n),
            "faltas": random.poisson(4, n),
            "tempo_estudo": _pick(random, n, "<2 horas", "2-5 horas", "5-10 horas", ">10 horas"),
            "nota_1": np.clip(11 + 3 * able + random.normal(0, 2, n), 0, 20).round().astype(int),
            "nota_final": np.clip(11 + 3 * able + random.normal(0, 1.5, n), 0, 20).round().astype(int),
        }
    )


add("education: final marks", _pupils, "nota_final", ("regression", "ordinal"), "marks from 0 to 20", types={"escola": ("category", "boolean"),
    "sexo": ("category", "boolean"), "idade": _WHOLE, "mora_com_pais": "boolean", "educação_mãe": _WHOLE, "faltas": "number",
    "tempo_estudo": _SOME, "nota_1": "number"})  # fmt: skip


def _matches(target: str) -> Any:
    def make(random: Random, _folder: Path) -> pd.DataFrame:
        n, strong = 760, random.normal(0, 0.35, 20)
        home = random.integers(0, 20, n)
        away = (home + random.integers(1, 20, n)) % 20
        hg, ag = random.poisson(np.exp(0.4 + strong[home] - strong[away])), random.poisson(np.exp(0.1 + strong[away] - strong[home]))
        club = np.array([f"FC {a}{b}" for a in ("North", "South", "East", "West") for b in ("ham", "ton", "field", "ford", "pool")])
        frame = pd.DataFrame({"date": _days(random, n).strftime("%d/%m/%Y"), "home": club[home], "away": club[away]})
        frame["odds_home"] = np.exp(0.9 - strong[home] + strong[away] + random.normal(0, 0.1, n)).round(2)
        frame["referee"] = _pick(random, n, *[f"Ref {c}" for c in "ABCDEFGHIJKL"])
        return frame.assign(
            **({"result": np.where(hg > ag, "H", np.where(hg < ag, "A", "D"))} if target == "result" else {"home_goals": hg})
        )

    return make


add("sports: results", _matches("result"), "result", "multiclass", "home, draw, away", types={"date": "datetime", "home": "category",
    "away": "category", "odds_home": "number", "referee": "category"})  # fmt: skip
add("sports: goals", _matches("goals"), "home_goals", ("count", "regression"), "goals are counted", types={"home": "category",
    "referee": "category"})  # fmt: skip

_PHRASES = ("bright rooms near the park", "needs some work but a solid house", "quiet street with good schools", "modern kitchen and a large garden",
            "top floor with a view of the river", "close to shops and the underground")  # fmt: skip


def _homes(random: Random, _folder: Path, story: bool = False) -> pd.DataFrame:
    n = 700
    area = random.gamma(9, 11, n)
    frame = pd.DataFrame(
        {
            "listing": [f"https://homes.example/l/{k}" for k in random.choice(10**6, n, replace=False)],
            "area": [f"{x:.0f} m²" for x in area],
            "rooms": np.clip((area / 25).round(), 1, 9).astype(int),
            "built": random.integers(1890, 2023, n),
            "postcode": random.choice([75001, 75004, 75011, 75015, 75020, 92100, 93200, 94300], n),
            "energy": _pick(random, n, "A", "B", "C", "D", "E", "F", "G"),
            "balcony": _pick(random, n, "oui", "non"),
            "prix": [f"{x:,.0f} €".replace(",", " ") for x in 4000 * area * np.exp(random.normal(0, 0.2, n)) + 40_000],
        }
    )
    if story:
        frame["description"] = [". ".join(random.permutation(_PHRASES)[: random.integers(2, 5)]) + f". {a:.0f} metres" for a in area]
    return frame


add("real estate: prix", _homes, "prix", "regression", "French prices", findings=(("identifier", "listing"), ("number_format", "prix"),
    ("number_format", "area")), types={"area": "number", "rooms": _WHOLE, "built": "number", "postcode": "category", "energy": _SOME,
    "balcony": "boolean", "prix": "number"})  # fmt: skip
add("real estate: with descriptions", lambda r, f: _homes(r, f, True), "prix", "regression", "text beside numbers", modality="mixed",
    types={"description": "text", "area": "number"})  # fmt: skip


def _requests(random: Random, _folder: Path) -> pd.DataFrame:
    n = 1500
    code = _pick(random, n, 200, 201, 301, 404, 500, shares=[0.7, 0.1, 0.05, 0.1, 0.05])
    return pd.DataFrame(
        {
            "ts": (pd.Timestamp("2024-02-01") + pd.to_timedelta(np.sort(random.uniform(0, 5e5, n)), unit="s")).strftime(
                "%Y-%m-%d %H:%M:%S.%f"
            ),
            "request_id": [random.bytes(16).hex() for _ in range(n)],
            "method": _pick(random, n, "GET", "POST", "PUT"),
            "status": code.astype(int),
            "level": _pick(random, n, "DEBUG", "INFO", "WARNING", "ERROR"),
            "host": _pick(random, n, *[f"web-{k:02d}" for k in range(1, 9)]),
            "ip": [f"10.{a}.{b}.{c}" for a, b, c in random.integers(0, 255, (n, 3))],
            "bytes": random.lognormal(8, 1.5, n).astype(int),
            "ms": (np.exp(random.normal(3, 0.5, n)) * np.where(code == 500, 6, 1)).round(2),
        }
    )


add("it: latency", _requests, "ms", "regression", "requests of a web server", findings=(("identifier", "request_id"),), types={"ts": "datetime",
    "method": "category", "status": "category", "level": _SOME, "host": "category", "bytes": "number"})  # fmt: skip

_AGREE = ("Strongly disagree", "Disagree", "Neither agree nor disagree", "Agree", "Strongly agree")


def _survey(random: Random, _folder: Path) -> pd.DataFrame:
    n = 520
    mood = random.normal(size=n)
    frame = pd.DataFrame(
        {f"Q{k}": np.array(_AGREE)[np.clip((2.2 + mood + random.normal(0, 1, n)).round(), 0, 4).astype(int)] for k in range(1, 7)}
    )
    frame.insert(0, "Age group", _pick(random, n, "18-24", "25-34", "35-44", "45-54", "55-64", "65+"))
    frame["Household"] = _pick(random, n, "single", "couple", "family")
    frame["How often?"] = _pick(random, n, "never", "rarely", "sometimes", "often", "always")
    return frame.assign(recommend=np.clip((6.5 + 1.8 * mood + random.normal(0, 1, n)).round(), 0, 10).astype(int))


add("survey: recommend", _survey, "recommend", _ORDER, "answers from 0 to 10", types={"Q1": ("ordinal",), "Q5": ("ordinal",),
    "Age group": ("ordinal",), "Household": "category", "How often?": ("ordinal",)})  # fmt: skip


def _claims(random: Random, _folder: Path) -> pd.DataFrame:
    n = 2000
    frame = pd.DataFrame(
        {
            "IDpol": random.permutation(n) * 3 + 1_000,
            "Exposure": random.uniform(0.02, 1, n).round(2),
            "VehPower": random.integers(4, 13, n),
            "VehAge": random.integers(0, 21, n),
            "DrivAge": random.integers(18, 90, n),
            "VehBrand": _pick(random, n, "B1", "B2", "B3", "B12", "B14"),
            "VehGas": _pick(random, n, "Diesel", "Regular"),
            "Area": _pick(random, n, "A", "B", "C", "D", "E", "F"),
        }
    )
    return frame.assign(ClaimNb=random.poisson(np.exp(-1.1 - 0.01 * (frame["DrivAge"] - 40)) * frame["Exposure"]))


add("insurance: claims", _claims, "ClaimNb", ("count", "regression"), "claims are counted, mostly none", findings=(("identifier", "IDpol"),),
    types={"Exposure": "number", "VehPower": _WHOLE, "DrivAge": "number", "VehBrand": "category", "VehGas": ("category", "boolean"),
    "Area": _SOME})  # fmt: skip


def _stays(random: Random, _folder: Path) -> pd.DataFrame:
    n = 1400
    lead = random.gamma(1.2, 80, n).astype(int)
    off = _split(lead / 90 + random.normal(size=n), 0.35).astype(bool)
    return pd.DataFrame(
        {
            "hotel": _pick(random, n, "City Hotel", "Resort Hotel"),
            "is_canceled": off.astype(int),
            "lead_time": lead,
            "arrival_date_month": _pick(random, n, "January", "March", "April", "July", "August", "December"),
            "adults": random.integers(1, 4, n),
            "meal": _pick(random, n, "BB", "HB", "FB", "SC"),
            "country": _pick(random, n, "PRT", "GBR", "FRA", "ESP", "DEU", "ITA", "IRL"),
            "adr": random.gamma(8, 13, n).round(2),
            "reservation_status": np.where(off, _pick(random, n, "Canceled", "No-Show", shares=[0.9, 0.1]), "Check-Out"),
        }
    )


add("travel: cancellations", _stays, "is_canceled", "binary", "the status tells it afterwards", clean=False, findings=(
    ("leakage", "reservation_status"),), types={"hotel": ("category", "boolean"), "lead_time": "number", "arrival_date_month": (*_SOME, "datetime"),
    "adults": _WHOLE, "meal": "category", "country": "category", "adr": "number"})  # fmt: skip


def _machines(random: Random, _folder: Path) -> pd.DataFrame:
    n = 3000
    torque, speed, wear = random.normal(40, 10, n), random.normal(1540, 180, n), random.integers(0, 250, n)
    return pd.DataFrame(
        {
            "UDI": np.arange(1, n + 1),
            "Product ID": [f"{c}{k}" for c, k in zip(random.choice(list("LMH"), n), 14_000 + random.permutation(n), strict=True)],
            "Type": _pick(random, n, "L", "M", "H", shares=[0.6, 0.3, 0.1]),
            "Air temperature [K]": random.normal(300, 2, n).round(1),
            "Rotational speed [rpm]": speed.astype(int),
            "Torque [Nm]": torque.round(1),
            "Tool wear [min]": wear,
            "Machine failure": _split(torque / 10 + wear / 60 + random.normal(0, 0.7, n), 0.034),
        }
    )


add("industry: failures", _machines, "Machine failure", "binary", "3.4 % fail", findings=(("identifier", "UDI"), ("identifier", "Product ID"),
    ("imbalance", "Machine failure")), types={"Type": _SOME, "Air temperature [K]": "number", "Rotational speed [rpm]": "number",
    "Tool wear [min]": "number"})  # fmt: skip


def _films(random: Random, _folder: Path) -> pd.DataFrame:
    n = 800
    kinds = np.array(["Drama", "Comedy", "Action", "Horror", "Romance", "Thriller"])
    words = np.array(
        ["night", "river", "last", "return", "king", "summer", "city", "lost", "dream", "fire", "secret", "winter", "house", "sea"]
    )
    budget = random.lognormal(16, 1, n)
    return pd.DataFrame(
        {
            "title": [" ".join(random.choice(words, random.integers(2, 5), replace=False)).title() for _ in range(n)],
            "genres": ["|".join(random.permutation(kinds)[: random.integers(1, 4)]) for _ in range(n)],
            "released": _days(random, n, "1990-01-01", 11_000).strftime("%B %d, %Y"),
            "runtime": random.normal(108, 17, n).astype(int),
            "budget": budget.round(-3).astype(int),
            "rated": _pick(random, n, "G", "PG", "PG-13", "R"),
            "revenue": (budget * random.lognormal(0.8, 0.8, n)).astype(int),
        }
    )


add("films: revenue", _films, "revenue", ("regression",), "dollars", modality=("tabular", "mixed"), types={"title": ("text",), "genres": "list",
    "released": "datetime", "runtime": "number", "budget": "number", "rated": _SOME})  # fmt: skip


def _weather(random: Random, _folder: Path) -> pd.DataFrame:
    places, steps = ("Sydney", "Perth", "Darwin", "Hobart"), 300
    parts = []
    for place in places:
        damp = np.convolve(random.normal(size=steps + 9), np.ones(10) / 3, "valid")
        part = pd.DataFrame({"Date": pd.date_range("2015-01-01", periods=steps).strftime("%Y-%m-%d"), "Location": place})
        part["MinTemp"] = random.normal(12, 5, steps).round(1)
        part["Humidity3pm"] = np.clip(55 + 18 * damp, 3, 100).round()
        part["WindGustDir"] = _pick(random, steps, "N", "NE", "E", "SE", "S", "SW", "W", "NW", None)
        part["RainToday"] = _split(damp, 0.25, "Yes", "No")
        part["RainTomorrow"] = _split(damp + random.normal(0, 0.8, steps), 0.22, "Yes", "No")
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


add("weather: rain tomorrow", _weather, "RainTomorrow", "binary", "classes of days, no series to go on", modality=("tabular", "sequence"), types={
    "Date": "datetime", "Location": "category", "MinTemp": "number", "Humidity3pm": "number", "WindGustDir": "category",
    "RainToday": "boolean"})  # fmt: skip


def _bank(random: Random, folder: Path) -> Path:
    n = 1300
    age = random.integers(19, 88, n)
    frame = pd.DataFrame(
        {
            "age": age,
            "job": _pick(random, n, "admin.", "blue-collar", "technician", "services", "management", "retired", "unknown"),
            "marital": _pick(random, n, "married", "single", "divorced"),
            "education": _pick(random, n, "primary", "secondary", "tertiary", "unknown"),
            "default": _pick(random, n, "no", "yes", shares=[0.97, 0.03]),
            "balance": random.normal(1300, 2500, n).astype(int),
            "day": random.integers(1, 32, n),
            "month": _pick(random, n, "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "nov"),
            "pdays": np.where(random.random(n) < 0.8, -1, random.integers(1, 800, n)),
            "y": _split(age / 40 + random.normal(size=n), 0.12, "yes", "no"),
        }
    )
    frame.to_csv(folder / "bank-full.csv", sep=";", index=False, quoting=2)
    return folder / "bank-full.csv"


add("bank: deposits", _bank, "y", "binary", "all words quoted", types={"age": "number", "job": "category", "marital": "category",
    "education": _SOME, "default": "boolean", "balance": "number", "day": _WHOLE, "month": (*_SOME, "datetime"), "pdays": "number"})  # fmt: skip


def _wine(random: Random, folder: Path) -> Path:
    n = 1200
    sugar, acid, alcohol = random.gamma(2, 3, n), random.normal(0.4, 0.1, n), random.normal(10.4, 1.1, n)
    value = 0.6 * (alcohol - 10.4) - 2 * (acid - 0.4) + random.normal(0, 0.7, n)
    frame = pd.DataFrame({"volatile acidity": acid.round(2), "residual sugar": sugar.round(1), "alcohol": alcohol.round(1)})
    frame["quality"] = np.clip((5.8 + value).round(), 3, 9).astype(int)
    frame.to_csv(folder / "winequality.csv", sep=";", index=False)
    return folder / "winequality.csv"


add("food: wine quality", _wine, "quality", _ORDER, "grades from 3 to 9", types={"volatile acidity": "number", "alcohol": "number"})
