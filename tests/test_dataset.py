"""Reading: whatever the notation, the values come out right, and what cannot be read gets a sentence."""

from __future__ import annotations

import datetime
import gzip
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import sparse

from automl.dataset import NumberFormat, find_number_format, level_text, number_text, read
from automl.dataset.delimited import find_dialect
from automl.dataset.encoding import find_encoding
from automl.decisions import DecisionLog
from automl.errors import DataError


def write(folder: Path, text: str | bytes, name: str = "data.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return path


def told(log: DecisionLog) -> dict[str, str]:
    return {decision.what: decision.chosen for decision in log}


# ── separator, header, notation


@pytest.mark.parametrize(("separator", "name"), [(",", "comma"), (";", "semicolon"), ("\t", "tab"), ("|", "pipe")])
def test_separator_is_found(tmp_path: Path, separator: str, name: str) -> None:
    lines = [separator.join(row) for row in (["a", "b", "c"], ["1", "x, y; z" if separator == "|" else "x", "2.5"], ["2", "y", "3.5"])]
    log = DecisionLog()
    frame = read(write(tmp_path, "\n".join(lines)), log=log).frame
    assert list(frame.columns) == ["a", "b", "c"]
    assert frame["a"].tolist() == [1, 2]
    assert frame["c"].tolist() == [2.5, 3.5]
    assert told(log)["separator"] == name
    assert all(decision.override for decision in log)


def test_text_with_commas_in_a_semicolon_file() -> None:
    text = "name;city\nDoe, Jane;Paris, France\nRoe, Joe;Rome, Italy\n"
    assert find_dialect(text).separator == ";"


def test_decimal_comma_and_thousands(tmp_path: Path) -> None:
    log = DecisionLog()
    data = read(write(tmp_path, "price;size;n\n1.234,50;0,5;1.000\n12,00;1,25;2.500\n999,99;3,75;12\n"), log=log)
    assert data.frame["price"].tolist() == [1234.5, 12.0, 999.99]
    assert data.frame["size"].tolist() == [0.5, 1.25, 3.75]
    assert data.frame["n"].tolist() == [1000, 2500, 12]
    assert (data.details["decimal"], data.details["thousands"]) == (",", ".")
    assert told(log)["decimal sign"] == "comma"


def test_thousands_in_quotes(tmp_path: Path) -> None:
    frame = read(write(tmp_path, 'a,b\n"1,234",x\n"12,345,678",y\n12,z\n')).frame
    assert frame["a"].tolist() == [1234, 12345678, 12]


def test_points_with_three_digits_stay_decimals_in_a_point_file(tmp_path: Path) -> None:
    frame = read(write(tmp_path, "a,b\n1.234,x\n2.500,y\n")).frame
    assert frame["a"].tolist() == [1.234, 2.5]


@pytest.mark.parametrize(
    "cells", [["007", "008"], ["+49", "+43"], ["123456789012345678901", "123456789012345678902"], ["0x1A", "0x1B"], ["1_0", "2_0"]]
)
def test_codes_keep_every_character(tmp_path: Path, cells: list[str]) -> None:
    frame = read(write(tmp_path, "code,y\n" + "\n".join(f"{cell},1" for cell in cells))).frame
    assert frame["code"].tolist() == cells


def test_a_code_far_below_the_sample_keeps_its_zeros(tmp_path: Path) -> None:
    cells = [str(number) for number in range(10, 5010)]
    cells[3333] = "0042"
    frame = read(write(tmp_path, "code,y\n" + "\n".join(f"{cell},1" for cell in cells))).frame
    assert frame["code"].iloc[3333] == "0042"


def test_missing_tokens_beside_numbers(tmp_path: Path) -> None:
    frame = read(write(tmp_path, "a,b\n1,x\nNA,y\n?,z\n ,w\nnull,v\n4,u\n")).frame
    assert frame["a"].isna().tolist() == [False, True, True, True, True, False]
    assert frame["a"].iloc[5] == 4.0


def test_values_with_leading_spaces(tmp_path: Path) -> None:
    frame = read(write(tmp_path, "age, job, pay\n39, clerk, 77516\n50, ?, 83311\n")).frame
    assert list(frame.columns) == ["age", "job", "pay"]
    assert frame["pay"].tolist() == [77516, 83311]


def test_quoted_newlines_separators_and_quotes(tmp_path: Path) -> None:
    text = 'id,review\n1,"two\nlines, and ""quotes"""\n2,"plain"\n3,5" disk\n'
    frame = read(write(tmp_path, text)).frame
    assert frame["review"].tolist() == ['two\nlines, and "quotes"', "plain", '5" disk']


def test_quotes_after_a_space(tmp_path: Path) -> None:
    frame = read(write(tmp_path, 'a, b\n1, "x, y"\n2, "z"\n')).frame
    assert frame["b"].tolist() == ["x, y", "z"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends(tmp_path: Path, end: str) -> None:
    assert read(write(tmp_path, end.join(["a,b", "1,x", "2,y", ""]))).frame.shape == (2, 2)


def test_no_header(tmp_path: Path) -> None:
    log = DecisionLog()
    frame = read(write(tmp_path, "5.1,3.5,setosa\n4.9,3.0,setosa\n6.2,2.9,other\n"), log=log).frame
    assert frame.shape == (3, 3)
    assert list(frame.columns) == ["column_1", "column_2", "column_3"]
    assert told(log)["header"] == "none"


def test_numbers_as_names_are_a_header(tmp_path: Path) -> None:
    frame = read(write(tmp_path, "0,1,2\n0.5,1.5,2.5\n0.6,1.6,2.6\n")).frame
    assert list(frame.columns) == ["0", "1", "2"]
    assert len(frame) == 2


def test_lines_above_the_table(tmp_path: Path) -> None:
    log = DecisionLog()
    frame = read(write(tmp_path, "Report of 2024\n\na;b;c\n1;2;3\n4;5;6\n"), log=log).frame
    assert list(frame.columns) == ["a", "b", "c"]
    assert told(log)["lines before the header"] == "1 skipped"


def test_sep_line_of_excel(tmp_path: Path) -> None:
    frame = read(write(tmp_path, "sep=;\na;b\n1;2\n3;4\n")).frame
    assert frame.to_dict("list") == {"a": [1, 3], "b": [2, 4]}


def test_row_names_of_r(tmp_path: Path) -> None:
    frame = read(write(tmp_path, '"mpg" "x"\n'.replace(" ", ",") + '"Mazda",21,6\n"Fiat",22,4\n')).frame
    assert list(frame.columns) == ["row_name", "mpg", "x"]
    assert frame["row_name"].tolist() == ["Mazda", "Fiat"]


def test_a_single_column_of_text_with_commas(tmp_path: Path) -> None:
    frame = read(write(tmp_path, "text\nhello, world\nplain\na, b, c\n")).frame
    assert frame["text"].tolist() == ["hello, world", "plain", "a, b, c"]


def test_infinite_numbers_are_read(tmp_path: Path) -> None:
    assert read(write(tmp_path, "a,b\ninf,1\n-inf,2\n0.5,3\n")).frame["a"].tolist() == [np.inf, -np.inf, 0.5]


# ── ragged rows


def test_short_lines_are_filled_and_told(tmp_path: Path) -> None:
    log = DecisionLog()
    frame = read(write(tmp_path, "a,b,c\n1,2,3\n4,5\n7,8,9\n"), log=log).frame
    assert frame["c"].isna().tolist() == [False, True, False]
    assert "short lines" in told(log)


def test_few_long_lines_are_left_out_and_told(tmp_path: Path) -> None:
    log = DecisionLog()
    lines = ["a,b"] + [f"{number},x" for number in range(20)] + ["1,2,3"]
    frame = read(write(tmp_path, "\n".join(lines)), log=log).frame
    assert len(frame) == 20
    assert "line 22" in next(decision.because for decision in log if decision.what == "lines with too many fields")


def test_empty_surplus_is_cut(tmp_path: Path) -> None:
    assert read(write(tmp_path, "a,b\n1,2,\n3,4\n5,6,\n7,8\n9,1\n")).frame.shape == (5, 2)


def test_many_long_lines_are_refused(tmp_path: Path) -> None:
    lines = ["a,b"] + ["1,2"] * 10 + ["1,2,3", "1,2,3,4"] * 4
    with pytest.raises(DataError, match="same number of fields"):
        read(write(tmp_path, "\n".join(lines)))


# ── encoding

TEXTS = {
    "cp1250": "jméno,obec\nŘehoř Žáček,Příbram\nĽudmila Ďurišová,Košice\nVěra Nováková,Třebíč\n",
    "iso8859-2": "jméno,obec\nŘehoř Žáček,Příšovice\nVěra Šťastná,Třebíč\nŽofie Křížová,Líšeň\n",
    "cp1252": "name,città\nMüller,Köln\nFrançois Lefèvre,Besançon\nJosé Núñez,Málaga\n",
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1250", "iso8859-2", "cp1252"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    text = TEXTS.get(encoding, TEXTS["cp1250"])
    expected = pd.read_csv(io.StringIO(text))
    frame = read(write(tmp_path, text, encoding=encoding)).frame
    assert list(frame.columns) == list(expected.columns)
    assert frame.to_numpy().tolist() == expected.to_numpy().tolist()


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Zażółć gęślą jaźń", "cp1250"),
        ("Árvíztűrő tükörfúrógép", "cp1250"),
        ("élève très âgé, où ça", "cp1252"),
        ("Smørrebrød på øen, æble", "cp1252"),
        ("Más allá del mañana, ¿qué?", "cp1252"),
        ("città più però perché", "cp1252"),
        ("čaj, oči, večer", "cp1250"),
        ("5 € “quoted”", "cp1252"),
    ],
)
def test_eight_bit_encodings_by_language(text: str, encoding: str) -> None:
    assert find_encoding(text.encode(encoding))[0] == encoding


@given(st.text(alphabet=st.characters(min_codepoint=1, max_codepoint=0x2FFF, exclude_categories=["Cs"]), min_size=1))
def test_utf8_is_never_mistaken(text: str) -> None:
    name, because = find_encoding(text.encode("utf-8"))
    assert name in ("utf-8", "utf-8-sig") or "zero" in because


# ── other formats


@pytest.fixture
def table() -> pd.DataFrame:
    return pd.DataFrame({"name": ["a", "b", None], "n": [1, 2, 3], "x": [0.5, np.nan, 1.5], "d": pd.to_datetime(["2024-01-05"] * 3)})


def test_gzip(tmp_path: Path) -> None:
    data = read(write(tmp_path, gzip.compress(b"a;b\n1;2\n3;4\n"), "data.csv.gz"))
    assert data.frame["b"].tolist() == [2, 4]
    assert (data.details["compression"], data.name) == ("gzip", "data")


def test_a_table_in_a_zip_archive(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as archive:
        archive.writestr("readme.md", "about")
        archive.writestr("in/rows.csv", "a;b\n1;2\n3;4\n")
    data = read(tmp_path / "t.zip")
    assert data.frame.to_dict("list") == {"a": [1, 3], "b": [2, 4]}
    assert data.details["compression"] == "zip"
    with zipfile.ZipFile(tmp_path / "t.zip", "a") as archive:
        archive.writestr("more.csv", "a\n1\n")
    with pytest.raises(DataError, match=r"exactly one table. 't.zip' holds in/rows.csv, more.csv"):
        read(tmp_path / "t.zip")


def test_a_zip_bomb_is_refused_by_its_index(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "t.zip", "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a.csv", "w", force_zip64=True) as file:
        file.write(b"a,b\n")
        for _ in range(300):
            file.write(bytes(1 << 20))
    with pytest.raises(DataError, match="must fit into memory"):
        read(tmp_path / "t.zip")


@pytest.mark.parametrize("name", ["t.feather", "t.csv"])
def test_feather(tmp_path: Path, table: pd.DataFrame, name: str) -> None:
    table.to_feather(tmp_path / "t.feather")
    (tmp_path / name).write_bytes((tmp_path / "t.feather").read_bytes())
    assert read(tmp_path / name).frame["n"].tolist() == [1, 2, 3]


@pytest.mark.parametrize("name", ["t.xlsx", "t.parquet"])
def test_text_under_another_name(tmp_path: Path, name: str) -> None:
    log = DecisionLog()
    assert read(write(tmp_path, "a,b\n1,2\n3,4\n", name), log=log).frame["b"].tolist() == [2, 4]
    assert told(log)["file format"] == "delimited"


def test_parquet(tmp_path: Path, table: pd.DataFrame) -> None:
    table.set_index("name").to_parquet(tmp_path / "t.parquet")
    frame = read(tmp_path / "t.parquet").frame
    assert frame["n"].tolist() == [1, 2, 3]
    assert isinstance(frame.index, pd.RangeIndex)


def test_excel(tmp_path: Path, table: pd.DataFrame) -> None:
    log = DecisionLog()
    with pd.ExcelWriter(tmp_path / "t.xlsx") as writer:
        pd.DataFrame().to_excel(writer, sheet_name="empty")
        table.to_excel(writer, sheet_name="rows", index=False, startrow=2)
        table.to_excel(writer, sheet_name="more", index=False)
    frame = read(tmp_path / "t.xlsx", log=log).frame
    assert list(frame.columns) == ["name", "n", "x", "d"]
    assert frame["n"].tolist() == [1, 2, 3]
    assert frame["d"].iloc[0] == pd.Timestamp("2024-01-05")
    assert told(log)["sheet"] == "rows"


def test_excel_under_another_name(tmp_path: Path, table: pd.DataFrame) -> None:
    table.to_excel(tmp_path / "t.xlsx", index=False)
    (tmp_path / "t.csv").write_bytes((tmp_path / "t.xlsx").read_bytes())
    log = DecisionLog()
    assert read(tmp_path / "t.csv", log=log).frame.shape == (3, 4)
    assert told(log)["file format"] == "excel"


@pytest.mark.parametrize("lines", [True, False])
def test_json(tmp_path: Path, lines: bool) -> None:
    records = [{"a": 1, "b": {"c": "x"}, "d": [1, 2]}, {"a": 2.5, "b": {"c": "y"}}]
    text = "\n".join(map(json.dumps, records)) if lines else json.dumps(records, indent=1)
    frame = read(write(tmp_path, text, "t.jsonl" if lines else "t.json")).frame
    assert frame["a"].tolist() == [1.0, 2.5]
    assert frame["b.c"].tolist() == ["x", "y"]


def test_json_object_of_columns(tmp_path: Path) -> None:
    assert read(write(tmp_path, '{"a": [1, 2], "b": ["x", "y"]}', "t.json")).frame.shape == (2, 2)


def test_details_tell_the_file(tmp_path: Path) -> None:
    data = read(write(tmp_path, "a,b\n1,2\n"))
    assert data.details["bytes"] == 8
    assert len(data.details["sha256"]) == 64
    assert data.details["original_columns"] == ["a", "b"]
    assert json.dumps(data.to_dict())


# ── memory


@pytest.mark.parametrize(
    ("data", "shape"),
    [
        (np.zeros(4), (4, 1)),
        (np.zeros((4, 3)), (4, 3)),
        (np.zeros((4, 3, 2)), (4, 1)),  # four series
        (np.zeros(3, dtype=[("a", "f8"), ("b", "U3")]), (3, 2)),
        (np.zeros((2, 2), dtype=">f8"), (2, 2)),
        (sparse.csr_matrix(np.eye(3)), (3, 3)),
        ({"a": [1, 2], "b": "x"}, (2, 2)),
        ({"a": 1, "b": "x"}, (1, 2)),
        ([{"a": 1}, {"a": 2, "b": 3}], (2, 2)),
        ([[1, "x"], [2, "y"]], (2, 2)),
        ([1.0, 2.0], (2, 1)),
        (pd.Series([1, 2], name="s"), (2, 1)),
        (pl.DataFrame({"a": [1, 2], "b": ["x", None]}), (2, 2)),
        (pl.LazyFrame({"a": [1, 2]}), (2, 1)),
        (pa.table({"a": [1, 2]}), (2, 1)),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, tuple) else "x".join(map(str, value)),
)
def test_everything_tabular_in_memory(data: Any, shape: tuple[int, int]) -> None:
    frame = read(data).frame
    assert frame.shape == shape
    assert isinstance(frame.index, pd.RangeIndex)
    assert all(isinstance(name, str) for name in frame.columns)


def test_names_and_index_are_made_plain() -> None:
    columns = pd.MultiIndex.from_tuples([("a", "x"), ("a", "y"), ("b", "")])
    log = DecisionLog()
    frame = pd.DataFrame([[1, 2, 3], [4, 5, 6]], columns=columns, index=pd.Index([7, 7], name="key"))
    before = frame.copy()
    data = read(frame, log=log)
    assert list(data.frame.columns) == ["a_x", "a_y", "b"]
    assert {"column names", "row labels"} <= set(told(log))
    pd.testing.assert_frame_equal(frame, before)


def test_duplicate_names_are_renamed_and_told(tmp_path: Path) -> None:
    log = DecisionLog()
    frame = read(write(tmp_path, "x,y,x,x.2,x\n1,2,3,4,5\n6,7,8,9,0\n"), log=log).frame
    assert list(frame.columns) == ["x", "y", "x.3", "x.2", "x.4"]
    assert "duplicate column names" in told(log)
    assert list(read(pd.DataFrame([[1, 2]], columns=[0, 0])).frame.columns) == ["0", "0.2"]


def test_sample_keeps_the_order() -> None:
    frame = read(pd.DataFrame({"a": range(1000)}), sample=50).frame
    assert len(frame) == 50
    assert frame["a"].is_monotonic_increasing
    assert frame["a"].max() > 500


# ── bad input


def xlsx_like() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.bin", "x")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.csv", b"", "0 bytes"),
        ("t.csv", b"\n\n \n", "only blanks"),
        ("t.csv", b"a,b,c\n", "only the header"),
        ("t.csv", b"a", "only the header"),
        ("t.csv", bytes(range(256)) * 20, "readable text"),
        ("t.csv", b"\x89PNG\r\n\x1a\n" + b"x" * 50, "a PNG picture"),
        ("t.csv", b"%PDF-1.7", "a PDF document"),
        ("t.csv", b"a,b\n1,\x00\x00\n", "binary data"),
        ("t.csv.gz", gzip.compress(b"a,b\n1,2\n" * 100, mtime=0)[:-12], "must be complete"),
        ("t.parquet", b"PAR1" + b"junk" * 20, "Parquet file must be complete"),
        ("t.parquet", b"\x01\x02\x03\x04", "damaged or another format"),
        ("t.xlsx", b"PK\x03\x04 broken", "workbook must be complete"),
        ("t.xlsx", xlsx_like(), "must be an Excel workbook"),
        ("t.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 100, "save it as .xlsx"),
        ("t.jsonl", b'{"a": 1}\n{"a": \n', "Line 2"),
        ("t.json", b"[1, 2, 3]", "array of objects"),
        ("t.json", b"[]", "array of objects"),
        ("t.json", b'{"a": [1, 2], "b": [1]}', "same length"),
    ],
)
def test_a_bad_file_gets_a_sentence(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        read(write(tmp_path, content, name))
    assert caught.value.exit_code == 3
    assert "\n" not in str(caught.value)


def test_a_missing_file_gets_a_suggestion(tmp_path: Path) -> None:
    write(tmp_path, "a\n1\n", "churn.csv")
    with pytest.raises(DataError, match=r"Did you mean 'churn\.csv'"):
        read(tmp_path / "chrun.csv")
    with pytest.raises(DataError, match=r"Did you mean 'churn\.csv'"):
        read(str(tmp_path / "churn.parquet"))
    with pytest.raises(DataError, match=r"The folder holds churn\.csv"):
        read(tmp_path / "zzzzzz.xlsx")
    with pytest.raises(DataError, match="there is no folder"):
        read(tmp_path / "nowhere" / "a.csv")
    with pytest.raises(DataError, match="Received the folder"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (np.zeros((3, 0)), r"0 feature\(s\) \(shape=\(3, 0\)\) while a minimum of 1 is required"),
        (np.zeros((0, 3)), r"0 sample\(s\)"),
        (pd.DataFrame(), "must have columns"),
        ({}, "empty dict"),
        ([], "empty list"),
        ({"a": [1, 2], "b": [1]}, "a: 2, b: 1"),
        ([[1, 2], [3]], "same length"),
        (np.array([1 + 2j]), "Complex data not supported"),
        (np.array(5), "must have rows"),
        (3.5, "Received float"),
    ],
)
def test_bad_data_in_memory_get_a_sentence(data: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read(data)


def test_one_row_and_many_columns() -> None:
    assert read(pd.DataFrame({"a": [1]})).frame.shape == (1, 1)
    assert read(pd.DataFrame(np.zeros((2, 10_000)))).frame.shape == (2, 10_000)


# ── numbers


@pytest.mark.parametrize(
    ("texts", "values"),
    [
        (["1.234,56", "12,5"], [1234.56, 12.5]),
        (["1,234.56", "12.5"], [1234.56, 12.5]),
        (["$1,200", "$15"], [1200, 15]),
        (["-$5", "($5)", "$5-", "- 5"], [-5, -5, -5, -5]),
        (["45 %", "7%"], [45, 7]),
        (["1 200", "15 000 000"], [1200, 15e6]),
        (["1\u202f200", "2\u00a0500"], [1200, 2500]),
        (["1'200", "1’500"], [1200, 1500]),
        (["12 kg", "3.5 kg"], [12, 3.5]),
        (["€ 5,50", "€ 1.200,00"], [5.5, 1200]),
        (["1 234,50 Kč", "12,00 Kč"], [1234.5, 12]),
        (["12,34,567", "1,00,000"], [1234567, 100000]),
        (["1e-3", "2.5E+4"], [0.001, 25000]),
        (["−5", "+7"], [-5, 7]),
    ],
)
def test_numbers_as_people_write_them(texts: list[str], values: list[float]) -> None:
    notation = find_number_format(texts)
    assert notation is not None
    assert [notation.parse(text) for text in texts] == pytest.approx(values)
    assert NumberFormat.from_dict(notation.to_dict()) == notation


@pytest.mark.parametrize("text", ["", "abc", "1.2.3", "12-13", "1,23", "--5", "$$5", "5 5", "(5", "nan", "12 apples", "1_000"])
def test_what_is_no_number_is_nan(text: str) -> None:
    assert np.isnan(NumberFormat(thousands=",", affix="$").parse(text))


@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from([".", ","]))
def test_any_float_survives_its_text(value: float, decimal: str) -> None:
    assert NumberFormat(decimal=decimal).parse(repr(value).replace(".", decimal)) == value


@given(st.integers(-(10**12), 10**12), st.sampled_from([(".", ","), (",", "."), (",", " "), (".", "'")]))
def test_any_grouped_integer_survives(value: int, marks: tuple[str, str]) -> None:
    text = f"{value:,}".replace(",", marks[1])
    assert NumberFormat(decimal=marks[0], thousands=marks[1]).parse(text) == value


@given(st.one_of(st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False)))
def test_a_level_reads_the_same_as_number_and_as_text(value: float) -> None:
    spelled = str(value) if isinstance(value, int) else number_text(value)
    assert level_text(repr(value)) == (spelled if isinstance(value, int) else level_text(spelled))


@given(st.text())
def test_levels_are_their_own_spelling(text: str) -> None:
    level = level_text(text)
    assert level is None or level_text(level) == level


# ── any table that pandas can write

NAMES = st.lists(st.text(alphabet="abcdefgh_", min_size=1, max_size=6), min_size=2, max_size=5, unique=True)
WORDS = st.text(alphabet='abcxyzäöÜčéß ,;|\t"\n.:-', min_size=1, max_size=12).map(lambda text: "w" + text.strip() + "w")
CELLS = {
    "int": st.integers(-(2**53), 2**53),
    "float": st.one_of(st.floats(allow_infinity=False, width=64), st.just(float("nan"))),
    "text": st.one_of(WORDS, st.none()),
    "date": st.dates(datetime.date(1700, 1, 1), datetime.date(2200, 1, 1)).map(str),
}


@st.composite
def tables(draw: st.DrawFn) -> pd.DataFrame:
    names, rows = draw(NAMES), draw(st.integers(2, 12))
    kinds = [draw(st.sampled_from(sorted(CELLS))) for _ in names]
    return pd.DataFrame({name: draw(st.lists(CELLS[kind], min_size=rows, max_size=rows)) for name, kind in zip(names, kinds, strict=True)})


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    frame=tables(),
    separator=st.sampled_from([",", ";", "\t", "|"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    packed=st.booleans(),
)
def test_any_table_that_pandas_writes_is_read_back(
    tmp_path: Path, frame: pd.DataFrame, separator: str, encoding: str, packed: bool
) -> None:
    path = tmp_path / ("t.csv.gz" if packed else "t.csv")
    content = frame.to_csv(sep=separator, index=False).encode(encoding)
    path.write_bytes(gzip.compress(content) if packed else content)
    back = read(path).frame
    assert list(back.columns) == list(frame.columns)
    for name in frame.columns:
        for found, written in zip(back[name].tolist(), frame[name].tolist(), strict=True):
            assert (pd.isna(found) and pd.isna(written)) or found == written


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    values=st.lists(st.floats(-1e9, 1e9).map(lambda value: round(value, 2)), min_size=3, max_size=30),
    separator=st.sampled_from([";", "\t"]),
)
def test_decimal_commas_are_read_back(tmp_path: Path, values: list[float], separator: str) -> None:
    frame = pd.DataFrame({"a": [*values, 0.5, 12.25], "b": "x"})
    (tmp_path / "t.csv").write_text(frame.to_csv(sep=separator, decimal=",", index=False))
    assert read(tmp_path / "t.csv").frame["a"].tolist() == frame["a"].tolist()


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(min_size=0, max_size=300))
def test_any_bytes_give_a_table_or_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = write(tmp_path, content)
    try:
        frame = read(path).frame
    except DataError:
        return
    assert frame.shape[0] >= 1
    assert frame.shape[1] >= 1


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.text(alphabet='ab1,;\t|"\n\r .', min_size=0, max_size=80))
def test_any_text_gives_a_table_or_a_sentence(tmp_path: Path, content: str) -> None:
    try:
        read(write(tmp_path, content))
    except DataError:
        return


@pytest.mark.parametrize(("header", "names"), [("a;b;c", ["a", "b", "c"]), ("a;b;", ["a", "b"])])
def test_a_header_may_have_more_fields_than_the_lines_below(tmp_path: Path, header: str, names: list[str]) -> None:
    frame = read(write(tmp_path, f"{header}\n1;2\n3;4\n5;6\n")).frame
    assert list(frame.columns) == names
    assert frame["b"].tolist() == [2, 4, 6]
    assert all(frame[name].isna().all() for name in names[2:])


def test_a_dataset_stays_itself_and_tells_again_what_was_decided(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a;b\n1;2\n3;4\n")
    first, again = DecisionLog(), DecisionLog()
    data = read(tmp_path / "t.csv", log=first)
    assert read(data, log=again) is data
    assert list(again) == list(first)
    assert len(again) > 0


def test_a_message_speaks_of_the_argument_that_was_given(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"`test` must be a file that exists"):
        read(tmp_path / "absent.csv", called="test")
    with pytest.raises(DataError, match=r"`test` must have rows"):
        read({"a": []}, called="test")
