"""The search: ask for configurations, group them into packs, train, tell; until the clock or the cap on trials says stop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from automl.budget import BASELINES_UNTIL, SEARCH_UNTIL, Budget, Deadline
from automl.families.base import Config, Family, Trained, TrainingData
from automl.selection import SHARES, Plan
from automl.trials import Trial, TrialStore

NETWORK_SLICE = 0.5  # of the search time that is left, for one pack: a second one can still learn from the first
NEIGHBOURS = 0.5  # share of the proposals after the portfolio that stay near the best configuration
PACK_MEMORY = 4  # a pack may take a quarter of the memory: the data, its copies and the libraries need the rest
LEAST_SECONDS = 0.5  # a piece of work is not begun with less


@dataclass
class _Queue:
    """What a family has been asked for so far."""

    family: Family
    portfolio: list[Config]
    asked: set[str] = field(default_factory=set)
    seconds: float = 0.0  # of the slowest configuration so far
    spent: float = 0.0
    exhausted: bool = False


@dataclass
class Study:
    """One search over the families of a plan.

    Args:
        plan: The families, in order.
        data: Training rows with folds.
        budget: Clock and caps.
        seed: Seed of every random choice.
        store: Where trials are recorded.
        on_progress: Called after each step with a sentence.

    Attributes:
        trials: What was tried, in order.
        interrupted: Whether the user stopped the search; the best so far stays usable.
    """

    plan: Plan
    data: TrainingData
    budget: Budget
    seed: int = 0
    store: TrialStore = field(default_factory=TrialStore)
    on_progress: Callable[[str], None] | None = None
    trials: list[Trial] = field(default_factory=list)
    interrupted: bool = False

    def run(self) -> list[Trial]:
        """Try the baselines, then portfolios and proposals, and return all trials."""
        self._rng = np.random.default_rng([self.seed, 7])
        self._queues = {
            family.name: _Queue(family, [family.complete(config, self.data.spec) for config in family.portfolio(self.data.spec)])
            for family in self.plan.families
        }
        try:
            self._baselines()
            self._search()
        except KeyboardInterrupt:
            self.interrupted = True
        return self.trials

    @property
    def best(self) -> float | None:
        """The lowest loss of a usable trial so far."""
        losses = [float(trial.loss) for trial in self.trials if trial.usable and trial.loss is not None]
        return min(losses, default=None)

    def _baselines(self) -> None:
        """Train the first configuration of everything that is not a network: a usable model exists early."""
        for queue in self._queues.values():
            if queue.family.tags.kind == "network" or (self._full() and self.trials):
                continue
            seconds = max(BASELINES_UNTIL * self.budget.limit, 2.0) if self.budget.timed else None
            first = not any(trial.usable and trial.family.tags.kind != "naive" for trial in self.trials)
            if seconds is not None and not first:
                seconds = min(seconds, self.budget.remaining(SEARCH_UNTIL) / 2)
            # Without a model that looks at the columns there is nothing to report: the first one may use what later stages would have.
            deadline = self.budget.deadline(1.0 if first else SEARCH_UNTIL, seconds)
            self._train(queue, self._ask(queue, 1), deadline)

    def _search(self) -> None:
        """Give each kind of family its share of the time that is left, until nothing more fits."""
        while not self._full() and not self.budget.over(SEARCH_UNTIL):
            queue = self._next()
            if queue is None:
                return
            room = self.budget.trials - self._counted() if self.budget.trials is not None else 10**9
            part = NETWORK_SLICE if queue.family.tags.kind == "network" and queue.spent == 0.0 else 1.0
            seconds = self.budget.remaining(SEARCH_UNTIL) * part
            size = queue.family.pack_size(self.data.spec, self.data.folds, seconds, self.budget.memory_limit // PACK_MEMORY)
            configs = self._ask(queue, min(size, room))
            self._train(queue, configs, self.budget.deadline(SEARCH_UNTIL, seconds if self.budget.timed else None))

    def _next(self) -> _Queue | None:
        """Return the family whose kind is furthest behind its share of the time and still fits."""
        remaining = self.budget.remaining(SEARCH_UNTIL)
        open_queues = [
            queue
            for queue in self._queues.values()
            if self.plan.competes(queue.family) and not queue.exhausted and max(queue.seconds, LEAST_SECONDS) <= remaining
        ]
        if not open_queues:
            return None
        if not self.budget.timed:  # without a clock the order must not depend on measured seconds
            return min(open_queues, key=lambda queue: (len(queue.asked) / queue.family.pack_configs, queue.family.name))
        kinds = {queue.family.tags.kind for queue in open_queues}
        spent = {kind: sum(q.spent for q in self._queues.values() if q.family.tags.kind == kind) for kind in kinds}
        kind = min(kinds, key=lambda kind: (spent[kind] / SHARES.get(kind, 0.3), kind))
        return min((q for q in open_queues if q.family.tags.kind == kind), key=lambda q: (q.spent, q.family.name))

    def _ask(self, queue: _Queue, count: int) -> list[Config]:
        """Return up to `count` new configurations that share a pack: the portfolio first, then proposals."""
        chosen: list[Config] = []
        family, spec = queue.family, self.data.spec
        while queue.portfolio and len(chosen) < count:
            same = next((c for c in queue.portfolio if not chosen or family.pack_key(c) == family.pack_key(chosen[0])), None)
            if same is None:
                break
            queue.portfolio.remove(same)
            chosen.append(same)
        for _ in range(20 * count):
            if len(chosen) >= count or (chosen and queue.portfolio):
                break
            proposal = self._propose(family)
            if chosen:
                proposal = {**chosen[0], **{key: proposal[key] for key in family.per_member if key in proposal}}
            if str(sorted(proposal.items())) not in queue.asked:
                chosen.append(family.complete(proposal, spec))
                queue.asked.add(str(sorted(proposal.items())))
        queue.asked.update(str(sorted(config.items())) for config in chosen)
        start = len(self.trials)
        return [{**config, "seed": self.seed * 100_003 + start + index} for index, config in enumerate(chosen)]

    def _propose(self, family: Family) -> Config:
        """Draw a configuration from the space, or change some entries of the family's best one."""
        fresh = family.sample(self.data.spec, self._rng)
        best = min(
            (trial for trial in self.trials if trial.usable and trial.family.name == family.name),
            key=lambda trial: float(trial.loss or 0.0),
            default=None,
        )
        if best is None or self._rng.random() > NEIGHBOURS:
            return fresh
        return {key: fresh.get(key, value) if self._rng.random() < 0.35 else value for key, value in best.config.items() if key != "seed"}

    def _train(self, queue: _Queue, configs: Sequence[Config], deadline: Deadline) -> None:
        """Train a pack and record each of its configurations."""
        if not configs:
            queue.exhausted = True
            return
        started = self.budget.elapsed()
        told = f"training {queue.family.title}" + (f", {len(configs)} at once" if len(configs) > 1 else "")
        self._tell(told)

        def on_progress(best: float) -> None:
            self._tell(f"{told}: loss {best:.4g} so far")

        reason = None
        try:
            results = queue.family.train(configs, self.data, deadline=deadline, seed=self.seed, on_progress=on_progress)
        except Exception as error:  # whatever a family or its backend raises must not end the run; it is recorded and told
            results, reason = [], f"{type(error).__name__}: {str(error).splitlines()[0][:200] if str(error) else ''}"
        took = self.budget.elapsed() - started
        queue.spent += took
        queue.seconds = max(queue.seconds, took if queue.family.pack_configs == 1 else took / 4)
        done = {id(result.config) for result in results}
        for result in results:
            self._record(queue.family, result.config, result, result.status, result.seconds, None)
        for config in configs:
            if id(config) not in done:
                why = reason or "no usable model before its share of the time was over"
                self._record(queue.family, config, None, "failed", took / len(configs), why)
        if reason is not None and not results:
            queue.exhausted = True  # the same failure would come again
        self._tell(f"{queue.family.title}: {len(results)} of {len(configs)} usable")

    def _record(self, family: Family, config: Config, trained: Trained | None, status: str, seconds: float, reason: str | None) -> None:
        loss = None if trained is None else out_of_fold_loss(self.data, trained.out_of_fold)
        if loss is not None and not np.isfinite(loss):
            status, trained, reason, loss = "failed", None, "its predictions are not finite", None
        trial = Trial(len(self.trials), family, config, status, loss, seconds, self.budget.elapsed(), trained, reason)
        self.trials.append(trial)
        self.store.add(trial)

    def _counted(self) -> int:
        """Trials that count against the cap: all but those for comparison alone."""
        return sum(self.plan.competes(trial.family) for trial in self.trials)

    def _full(self) -> bool:
        return self.budget.trials is not None and self._counted() >= self.budget.trials

    def _tell(self, message: str) -> None:
        if self.on_progress is not None:
            self.on_progress(message)


def out_of_fold_loss(data: TrainingData, predictions: np.ndarray[Any, Any]) -> float:
    """Return the log-loss, or the RMSE of the standardised target, over the rows that some fold validates.

    Args:
        data: The training rows.
        predictions: (rows, outputs) in model space; NaN where no fold validates the row.

    Returns:
        The loss; infinite where a validated row has no finite prediction.
    """
    rows = np.flatnonzero(data.fold >= 0)
    judged = predictions[rows].astype(np.float64)
    if not np.isfinite(judged).all():
        return float("inf")
    if data.spec.is_classification:
        chosen = judged[np.arange(len(rows)), data.target[rows]]
        return float(-np.log(np.clip(chosen, 1e-7, 1.0)).mean())
    return float(np.sqrt(np.mean((judged[:, 0] - data.target[rows]) ** 2)))
