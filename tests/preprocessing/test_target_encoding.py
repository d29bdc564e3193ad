"""No row helps to encode itself, no fold helps its own model, and sums per part equal a loop over rows."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from automl.budget import Budget
from automl.errors import ArtifactError
from automl.families import family_by_name
from automl.families.base import TrainingData
from automl.preprocessing import target_encoding as module
from automl.preprocessing.base import Spec
from automl.preprocessing.tabular import TabularPreprocessor
from automl.preprocessing.target_encoding import TargetEncoding
from automl.search import out_of_fold_loss

OUTPUTS = {"binary": 2, "multiclass": 3, "regression": 1}


def spec(problem, levels=9, rows=100):
    return Spec(0, 0, (levels,), OUTPUTS[problem], problem, rows)


def drawn(problem, rows, levels, folds, seed=0, columns=1):
    """Codes, target and folds (some rows are never validated) without any relation."""
    rng = np.random.default_rng(seed)
    target = rng.normal(size=rows) if problem == "regression" else rng.integers(0, OUTPUTS[problem], rows)
    return rng.integers(0, levels, (rows, columns)), target, rng.integers(-1, folds, rows)


@pytest.fixture
def ungated(monkeypatch):
    """Every column gets numbers, whatever it explains, with a weight of the overall mean that follows from the sums."""
    monkeypatch.setattr(module, "_prior_rows", lambda rows, total, squares: 1.0 + 0.1 * rows.max() + total.sum() ** 2 / (1 + squares.sum()))


def from_rows(seen, code, codes, values, weight, logits):
    """The number of one level, from a list of rows: what the closed form must give."""
    mean = values[seen].mean() if len(seen) else 0.0
    level = [row for row in seen if codes[row] == code]
    if not logits:
        return sum(values[row] - mean for row in level) / (len(level) + weight)
    mean = (values[seen].sum() + 0.5) / (len(seen) + 1)
    share = (values[level].sum() + weight * mean) / (len(level) + weight)
    return np.log(share / (1 - share)) - np.log(mean / (1 - mean))


@pytest.mark.parametrize("problem", sorted(OUTPUTS))
@pytest.mark.parametrize("folds", [1, 2, 3, 5])
def test_the_closed_form_equals_a_loop_over_rows(problem, folds, ungated):
    codes, target, fold = drawn(problem, 70, 6, folds, seed=folds)
    encoding, encoded = TargetEncoding.fit(codes, target, fold, folds, spec(problem), [0], seed=4)
    part, fold_of_part = module.inner_parts(fold, folds, np.random.default_rng([4, 11]))
    assert (fold_of_part[part] == fold).all()
    values, codes = module.averaged(target, spec(problem)), codes[:, 0]
    for output in range(values.shape[1]):
        y = values[:, output]
        for model in range(folds):
            learn = np.flatnonzero(fold != model)
            sums = [np.array([f(y[learn][codes[learn] == level]) for level in range(6)]) for f in (len, np.sum, lambda v: (v**2).sum())]
            weight = module._prior_rows(*(np.asarray(values, dtype=float) for values in sums))
            for row in range(70):
                seen = learn if fold[row] == model else learn[part[learn] != part[row]]
                expected = from_rows(seen, codes[row], codes, y, weight, problem != "regression")
                assert encoded[row, model, output] == pytest.approx(expected, abs=2e-5)
            for level in range(6):
                expected = from_rows(learn, level, codes, y, weight, problem != "regression")
                assert encoding.transform(np.array([[level]]))[0, model, output] == pytest.approx(expected, abs=2e-5)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 1), st.integers(-1, 3)), min_size=1, max_size=30),
    folds=st.integers(1, 4),
    chosen=st.integers(0, 29),
    problem=st.sampled_from(["binary", "regression"]),
)
def test_a_fold_is_nothing_to_its_model_and_a_row_nothing_to_itself(ungated, rows, folds, chosen, problem):
    codes, target, fold = (np.array(values) for values in zip(*rows, strict=True))
    fold, target = np.where(fold < folds, fold, -1), target if problem == "binary" else target * 3.0 - 1.0
    encoding, encoded = TargetEncoding.fit(codes[:, None], target, fold, folds, spec(problem), [0])
    assert np.isfinite(encoded).all()
    assert encoded.shape[2] <= 1  # none where all numbers are 0
    row = chosen % len(rows)
    changed = target.copy()
    changed[row] = 1 - changed[row]
    other, again = TargetEncoding.fit(codes[:, None], changed, fold, folds, spec(problem), [0])
    if fold[row] >= 0:  # the model that validates the row does not know its target: not in any row, nor for new ones
        np.testing.assert_array_equal(own(again, other, fold[row]), own(encoded, encoding, fold[row]))


def own(encoded, encoding, fold):
    """The numbers of the training rows and of every level for one fold's model; 0 where the column was left out."""
    if not encoding.columns:
        return np.zeros(1)
    made = np.concatenate([encoded[:, fold, 0], encoding.tables[0][:, fold, 0]])
    return made if made.any() else np.zeros(1)


def test_a_row_is_not_encoded_by_itself(monkeypatch):
    monkeypatch.setattr(module, "_prior_rows", lambda *sums: 2.0)
    for folds in (1, 2, 5):
        codes, target, fold = drawn("regression", 60, 5, folds)
        encoded = TargetEncoding.fit(codes, target, fold, folds, spec("regression"), [0])[1]
        for row in range(60):
            changed = target.copy()
            changed[row] += 1e6
            again = TargetEncoding.fit(codes, changed, fold, folds, spec("regression"), [0])[1]
            np.testing.assert_allclose(again[row], encoded[row], atol=1e-4)
            assert (np.abs(again - encoded).max() > 1e3) == (folds > 1 or fold[row] < 0)  # others do learn from it


@pytest.mark.parametrize("problem", ["binary", "regression"])
@pytest.mark.parametrize("folds", [1, 5])
def test_a_planted_leak_stays_closed(problem, folds, monkeypatch):
    """Levels of one, two or three rows and a target of pure noise: encoded by their own rows they would give the answer away."""
    monkeypatch.setattr(module, "_prior_rows", lambda *sums: 1.0)  # as if the levels told something
    rng = np.random.default_rng(1)
    rows, levels = 2_000, 2_000
    codes = rng.integers(1, levels, (rows, 1)).astype(np.int32)
    target = rng.integers(0, 2, rows) if problem == "binary" else rng.normal(size=rows)
    fold = rng.permutation(np.arange(rows) % 5) if folds == 5 else np.where(rng.random(rows) < 0.3, 0, -1)
    shapes = Spec(0, 0, (2,), OUTPUTS[problem], problem, rows, encoded=1)
    empty = np.zeros((rows, 0), np.float32)

    def loss(encoded, family):
        arrays = {"numbers": empty, "raw_numbers": empty, "categories": np.ones((rows, 1), np.int32), "encoded": encoded}
        data = TrainingData(arrays, target, fold, folds, shapes)
        config = {**family.defaults(shapes), **({"learning_rate": 0.3} if family.name == "hist_gradient_boosting" else {})}
        (trained,) = family.train([config], data, deadline=Budget(trials=1).deadline(), seed=0)
        return out_of_fold_loss(data, trained.out_of_fold)

    _, honest = TargetEncoding.fit(codes, target, fold, folds, shapes, [0])
    mean = np.bincount(codes[:, 0], target - target.mean(), levels) / np.maximum(np.bincount(codes[:, 0], minlength=levels), 1)
    naive = np.repeat(mean[codes[:, 0]][:, None, None], folds, axis=1).astype(np.float32)
    constant = np.log(2) if problem == "binary" else target[fold >= 0].std()
    for name in ("linear", "hist_gradient_boosting"):
        family = family_by_name(name)
        assert loss(naive, family) < 0.8 * constant  # the leak is there for whoever looks at it
        assert loss(honest, family) > 0.995 * constant


def test_an_informative_column_is_worth_it():
    rng = np.random.default_rng(0)
    effect = rng.normal(size=300)
    codes = rng.integers(0, 300, (4_000, 1))
    target = effect[codes[:, 0]] + rng.normal(size=4_000)
    fold = np.arange(4_000) % 5
    encoded = TargetEncoding.fit(codes, target, fold, 5, spec("regression", 300), [0])[1]
    own = encoded[np.arange(4_000), fold, 0]
    assert np.corrcoef(own, effect[codes[:, 0]])[0, 1] > 0.9
    assert np.mean((target - own) ** 2) < 1.15  # 1 is the noise; the mean of the target would leave 2


def test_the_overall_mean_weighs_what_variances_say():
    """Levels that differ with a variance of 0.5 around noise of variance 2: the mean is worth 4 rows."""
    rng = np.random.default_rng(0)
    codes = np.repeat(np.arange(2_000), rng.integers(1, 12, 2_000))
    target = rng.normal(size=2_000)[codes] * np.sqrt(0.5) + rng.normal(size=len(codes)) * np.sqrt(2.0)
    sums = [np.bincount(codes, weights).astype(float) for weights in (None, target, target**2)]
    assert module._prior_rows(*sums) == pytest.approx(4.0, rel=0.15)


@pytest.mark.parametrize("problem", sorted(OUTPUTS))
def test_levels_that_tell_nothing_get_no_numbers(problem):
    codes, target, fold = drawn(problem, 4_000, 400, 5, columns=2)
    encoding, encoded = TargetEncoding.fit(codes, target, fold, 5, spec(problem), [0, 1])
    assert encoding.columns == ()
    assert encoded.shape == (4_000, 5, 0)


def test_unseen_codes_are_rare_ones_and_arrays_come_back(ungated):
    codes, _, fold = drawn("multiclass", 300, 12, 5, columns=3)
    target = (codes[:, 0] + codes[:, 2]) % 3
    encoding, _ = TargetEncoding.fit(codes, target, fold, 5, spec("multiclass"), [0, 2])
    assert encoding.width == 6
    assert encoding.names(["a", "b", "c"])[1] == ["a"] * 3 + ["c"] * 3
    rows = np.array([[11, 0, 999], [999, 0, 1]])
    made = encoding.transform(rows)
    np.testing.assert_array_equal(made[0, :, 3:], made[1, :, 3:])
    again = TargetEncoding.from_arrays(encoding.to_arrays("t"), "t")
    np.testing.assert_array_equal(again.transform(rows), made)
    with pytest.raises(ArtifactError, match="one table of equal folds"):
        TargetEncoding.from_arrays({**encoding.to_arrays("t"), "t_2": np.zeros((4, 2, 3), np.float32)}, "t")


# ── as part of the table ──────────────────────────────────────────────────────────────────────────


def towns(rows=2_000, levels=500, seed=0):
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, levels, rows)
    frame = pd.DataFrame({"age": rng.normal(size=rows), "town": [f"t{code}" for code in codes], "side": rng.choice(["l", "r"], rows)})
    target = (rng.random(rows) < 1 / (1 + np.exp(-rng.normal(size=levels)[codes]))).astype(np.int64)
    columns = (("age", "number"), ("town", "category"), ("side", "category"))
    schema = SimpleNamespace(features=tuple(SimpleNamespace(name=name, type=kind) for name, kind in columns))
    return frame.astype({"town": object, "side": object}), target, schema


def test_the_table_encodes_wide_columns_only_and_stores_them():
    frame, target, schema = towns()
    table = TabularPreprocessor().fit(frame, schema, SimpleNamespace(outputs=2, problem="binary"))
    fold = np.arange(2_000) % 5
    arrays = table.fit_target(frame, target, fold, 5)
    assert arrays["encoded"].shape == (2_000, 5, 1)
    assert table.spec.encoded == 1
    assert table.sources["encoded"] == ["town"]
    again = TabularPreprocessor.from_state(table.state())
    assert again.spec == table.spec
    later = frame.assign(town=["new", None, *frame["town"][2:]])
    made = again.transform(later)
    np.testing.assert_array_equal(made["encoded"], table.transform(later)["encoded"])
    own = np.arange(2_000) % 5 == 0
    np.testing.assert_array_equal(made["encoded"][own, 0][2:], arrays["encoded"][own, 0][2:])  # validation rows look like new ones
    alone = again.transform(later.iloc[[7]])
    np.testing.assert_array_equal(alone["encoded"][0], made["encoded"][7])


def test_the_encoding_tells_more_levels_apart_than_codes_do():
    frame, target, schema = towns(rows=12_000, levels=4_000)
    table = TabularPreprocessor().fit(frame, schema, SimpleNamespace(outputs=2, problem="binary"))
    arrays = table.fit_target(frame, target, np.arange(12_000) % 5, 5)
    assert table.spec.categories[0] == 1_002
    assert arrays["categories"].max() < 1_002
    assert len(table.encoding.tables[0]) > 3_000
    again = TabularPreprocessor.from_state(table.state())
    np.testing.assert_array_equal(again.transform(frame)["encoded"], table.transform(frame)["encoded"])


def test_without_wide_columns_nothing_is_encoded():
    frame, target, schema = towns(levels=5)
    table = TabularPreprocessor().fit(frame, schema, SimpleNamespace(outputs=2, problem="binary"))
    assert "encoded" not in table.fit_target(frame, target, np.arange(2_000) % 5, 5)
    assert table.spec.encoded == 0
    assert TabularPreprocessor.from_state(table.state()).encoding is None


def test_a_state_from_before_the_encoding_is_read():
    frame, _, schema = towns()
    table = TabularPreprocessor().fit(frame, schema, SimpleNamespace(outputs=2, problem="binary"))
    state = table.state()
    del state.json["spec"]["encoded"]
    assert TabularPreprocessor.from_state(state).spec.encoded == 0
