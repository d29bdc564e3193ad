"""Labels come out of cells and columns as they are, and go back in the same form."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from automl.dataset import Dataset
from automl.decisions import DecisionLog
from automl.errors import DataError, UsageError
from automl.multilabel.cells import Labels, labels_of, slug, split, with_labels
from automl.schema import detect_schema


def found(frame, target, columns=()):
    data = Dataset(frame)
    return labels_of(data, detect_schema(data, target), target, columns, DecisionLog())


@pytest.mark.parametrize(
    ("cells", "separator"),
    [
        (["red;blue", "red", "blue;green", ""] * 10, ";"),
        (["red|blue", "red", "blue|green", None] * 10, "|"),
        ([["red", "blue"], ["red"], ["blue", "green"], []] * 10, "[]"),
        (['["red", "blue"]', '["red"]', '["green", "blue"]', "[]"] * 10, "[]"),
    ],
)
def test_labels_are_read_from_every_notation(cells, separator):
    labels = found(pd.DataFrame({"tags": pd.Series(cells, dtype=object)}), "tags")
    assert labels.names == ("blue", "green", "red")
    assert labels.separator == separator
    codes, unknown = labels.codes(pd.DataFrame({"tags": pd.Series(cells[:4], dtype=object)}))
    assert codes.tolist() == [[1, 0, 1], [0, 0, 1], [1, 1, 0], [0, 0, 0]]
    assert not unknown


def test_unknown_labels_are_counted_and_never_named():
    labels = Labels("tags", ("a", "b"), separator=";")
    codes, unknown = labels.codes(pd.DataFrame({"tags": ["a;c", "c;d"]}))
    assert codes.tolist() == [[1, 0], [0, 0]]
    assert unknown == {"c": 2, "d": 1}


def test_columns_of_two_values_keep_their_own_values():
    frame = pd.DataFrame({"rain": ["yes", "no", None, "yes"] * 5, "wind": [0, 1, 1, 0] * 5, "snow": [0] * 20})
    labels = found(frame, "rain", ["rain", "wind", "snow"])
    assert labels.codes(frame)[0][:4].tolist() == [[1, 0, 0], [0, 1, 0], [-1, 1, 0], [1, 0, 0]]
    assert labels.values(np.array([[True, False, False]])).iloc[0].tolist() == ["yes", 0, 0]
    assert Labels.from_dict(labels.to_dict()) == labels


def test_many_labels_are_read_where_the_detection_declines():
    cells = [f"l{row % 1_000};l{(row * 7) % 1_000}" for row in range(3_000)]
    assert len(found(pd.DataFrame({"tags": cells}), "tags").names) == 1_000


def test_cells_without_a_sign_are_refused():
    with pytest.raises(DataError, match="several labels must be lists"):
        found(pd.DataFrame({"tags": ["red", "blue"] * 10}), "tags")
    with pytest.raises(DataError, match="are empty"):
        found(pd.DataFrame({"tags": [[], []] * 10}), "tags")


def test_a_label_may_hold_the_sign_inside_a_list():
    assert split(pd.Series([["a;b", "c"], ["c"]]), "[]") == [["a;b", "c"], ["c"]]


def test_values_beside_the_data_become_columns():
    data = Dataset(pd.DataFrame({"x": range(4), "label0": range(4)}))
    assert with_labels(data, ["x", "label0"])[1] == ["x", "label0"]
    dataset, names = with_labels(data, np.array([[0, 1], [1, 1], [0, 0], [1, 0]]))
    assert names == ["label0_", "label1"]
    assert dataset.frame["label1"].tolist() == [1, 1, 0, 0]
    dataset, name = with_labels(data, [["a"], ["a", "b"], [], ["b"]])
    assert dataset.frame[name].tolist() == [["a"], ["a", "b"], [], ["b"]]
    with pytest.raises(UsageError, match="one row of labels"):
        with_labels(data, np.ones((3, 2)))


def test_names_of_files_are_plain():
    assert slug("../Ärger & Co") == "rger-co"
    assert slug("***") == "label"
