"""The search: ask for configurations, group them into packs, train, tell; until the clock or the cap on trials says stop."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from automl.budget import BASELINES_UNTIL, Budget, Deadline, search_until
from automl.decisions import DecisionLog
from automl.errors import ArtifactError, DataError
from automl.families.base import Config, Family, Trained, TrainingData
from automl.memory import is_out_of_memory, resident_bytes, room_for_packs
from automl.proposals import Limits, Queue, key_of
from automl.selection import Plan, order_of
from automl.shares import LEAST, family_weights, shares_of_kinds
from automl.trials import Pack, RecordedPack, Trial, TrialStore

NETWORK_SLICE = 0.5  # of the search time that is left, for one pack: a second one can still learn from the first
SECOND_SLICE = 1 / 3  # of a baseline's time, for the second of its kind: enough to see whether it is worth more
LEAST_SECONDS = 0.5  # a piece of work is not begun with less


@dataclass
class Study:
    """One search over the families of a plan.

    Args:
        plan: The families, in order.
        data: Training rows with folds.
        budget: Clock and caps.
        seed: Seed of every random choice.
        store: Where trials are recorded; what an earlier process recorded there is taken over instead of trained again.
        on_progress: Called after each step with a sentence.
        log: Where it is recorded that memory was too small.

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
    log: DecisionLog = field(default_factory=DecisionLog)
    trials: list[Trial] = field(default_factory=list)
    interrupted: bool = False

    def run(self) -> list[Trial]:
        """Try the baselines, then portfolios and proposals, and return all trials."""
        self._rng = np.random.default_rng([self.seed, 7])
        self._until = search_until(self.budget, self.data.rows)
        self._queues = {
            family.name: Queue(family, [family.complete(config, self.data.spec) for config in family.portfolio(self.data.spec)])
            for family in self.plan.families
        }
        try:
            self._measure_memory()
            self._go_on()
            self._baselines()
            self._search()
        except KeyboardInterrupt:
            self.interrupted = True
        return self.trials

    @property
    def best(self) -> float | None:
        """The lowest loss so far of a trial that may become part of the model."""
        losses = [float(t.loss) for t in self.trials if t.usable and t.loss is not None and t.family.name not in self.plan.references]
        return min(losses, default=None)

    def _baselines(self) -> None:
        """Train the first configuration of everything that is not a network: a usable model exists early."""
        for queue in self._queues.values():
            if queue.family.tags.kind == "network" or queue.asked or (self._full() and self.trials):
                continue
            seconds = max(BASELINES_UNTIL * self.budget.limit, 2.0) if self.budget.timed else None
            first = not any(trial.usable and trial.family.tags.kind != "naive" for trial in self.trials)
            if seconds is not None and not first:
                again = any(trial.usable and trial.family.tags.kind == queue.family.tags.kind for trial in self.trials)
                seconds = min(seconds * (SECOND_SLICE if again else 1.0), self.budget.remaining(self._until) / 2)
            # Without a model that looks at the columns there is nothing to report: the first one may use what later stages would have.
            deadline = self.budget.deadline(1.0 if first else self._until, seconds)
            self._train(queue, self._ask(queue, deadline.remaining(), most=1), deadline)

    def _search(self) -> None:
        """Give each kind of family its share of the time that is left, until nothing more fits."""
        while not self._full() and not self.budget.over(self._until):
            queue = self._next()
            if queue is None:
                return
            seconds = self._slice(queue)
            configs = self._ask(queue, seconds)
            self._train(queue, configs, self.budget.deadline(self._until, seconds if self.budget.timed else None))

    def _next(self) -> Queue | None:
        """Return the family whose kind is furthest behind its share of the time and still fits."""
        remaining = self.budget.remaining(self._until)
        open_queues = [
            queue
            for queue in self._queues.values()
            if self.plan.competes(queue.family)
            and not queue.exhausted
            and max(queue.seconds, LEAST_SECONDS) <= remaining
        ]
        if not self.budget.timed:  # without a clock the order must not depend on measured seconds
            order = lambda queue: (len(queue.asked) / queue.family.pack_configs, *order_of(queue.family))  # noqa: E731
            return min(open_queues, key=order, default=None)
        weights = self._weights()
        while open_queues:
            queue = self._furthest_behind(open_queues, weights)
            if self._worth(queue, remaining):  # asked of the next one alone: to know the size of a network takes a while
                return queue
            open_queues.remove(queue)
        return None

    def _weights(self) -> dict[str, float]:
        """Return the weight that each family would have in an ensemble of what was tried so far."""
        return family_weights(self.data, [trial for trial in self.trials if trial.family.name not in self.plan.references])

    def _furthest_behind(self, open_queues: list[Queue], weights: dict[str, float]) -> Queue:
        """Return what is furthest behind its share of the time: the kind, then the family of that kind."""
        kind_of = {name: queue.family.tags.kind for name, queue in self._queues.items()}
        spent = {kind: sum(q.spent for q in self._queues.values() if q.family.tags.kind == kind) for kind in kind_of.values()}
        kinds = {queue.family.tags.kind for queue in open_queues}
        share = shares_of_kinds(weights, kind_of, kinds, self.data.rows, self.data.spec.offered)
        kind = min(sorted(share), key=lambda kind: spent[kind] / share[kind])
        of_kind = [queue for queue in open_queues if queue.family.tags.kind == kind]
        new = [queue for queue in of_kind if queue.spent == 0.0]
        if new:
            return min(new, key=lambda queue: order_of(queue.family))
        weight = {queue.family.name: weights.get(queue.family.name, 0.0) for queue in of_kind}
        # Squared: a second configuration of the heaviest family does more than one of each.
        return min(of_kind, key=lambda queue: (queue.spent / (LEAST + weight[queue.family.name]) ** 2, order_of(queue.family)))

    def _best_of(self, family: Family) -> Trial | None:
        """Return the usable trial of a family with the lowest loss, None where there is none."""
        return min((trial for trial in self.trials if trial.usable and trial.family.name == family.name), key=loss_of, default=None)

    def _slice(self, queue: Queue) -> float:
        """Return the seconds for the next pack: half of what is left for a first one, more where half would not even be worth beginning."""
        left = self.budget.remaining(self._until)
        if queue.family.tags.kind != "network" or queue.spent > 0.0 or not self.budget.timed:
            return left
        return min(max(left * NETWORK_SLICE, queue.family.least_seconds(self.data.spec, self.data.folds)), left)

    def _worth(self, queue: Queue, remaining: float) -> bool:
        """Whether a family should be begun with the time left; the first network is, if it gets more than to be compiled."""
        if queue.family.tags.kind != "network":
            return True
        networks = [other for other in self._queues.values() if other.family.tags.kind == "network"]
        first = min(networks, key=lambda other: order_of(other.family))
        if queue is first and all(other.spent == 0.0 for other in networks):
            compared = any(trial.usable and self.plan.competes(trial.family) for trial in self.trials)
            return remaining >= queue.family.start_seconds or not compared
        return queue.family.least_seconds(self.data.spec, self.data.folds) <= remaining

    def _ask(self, queue: Queue, seconds: float, most: int | None = None) -> list[Config]:
        """Return up to `most` new configurations that share a pack."""
        caps = [] if most is None else [most]
        if self.budget.trials is not None and self.plan.competes(queue.family):
            caps.append(self.budget.trials - self._counted())
        best, most = self._best_of(queue.family), min(caps, default=None)
        limits = Limits(self.data.spec, self.data.folds, seconds, self._room, most)
        configs = queue.ask(limits, None if best is None else best.config, self.seed, self._rng)
        start = len(self.trials)
        return [{**config, "seed": self.seed * 100_003 + start + index} for index, config in enumerate(configs)]

    def _train(self, queue: Queue, configs: Sequence[Config], deadline: Deadline) -> None:
        """Train a pack and record each of its configurations."""
        if not configs:
            queue.exhausted = True
            return
        if self._repeat(queue, configs):
            return
        started, first = self.budget.elapsed(), len(self.trials)
        told = f"training {queue.family.title}" + (f", {len(configs)} at once" if len(configs) > 1 else "")
        self._tell(told)
        results, reason = self._attempt(queue, configs, deadline, told)
        took = self.budget.elapsed() - started
        done = {id(result.config) for result in results}
        for result in results:
            self._record(queue.family, result.config, result, result.status, result.seconds, None)
        for config in configs:
            if id(config) not in done:
                why = reason or "no usable model before its share of the time was over"
                self._record(queue.family, config, None, "failed", took / len(configs), why)
        if reason is not None and not results:
            queue.exhausted = True  # the same failure would come again
        self._spent(queue, took)
        state, elapsed, largest = self._rng.bit_generator.state, self.budget.elapsed(), queue.largest
        trials = tuple(self.trials[first:])
        self.store.add(Pack(queue.family, tuple(configs), trials, took, elapsed, state, queue.exhausted, largest))
        self._tell(f"{queue.family.title}: {len(results)} of {len(configs)} usable")

    def _spent(self, queue: Queue, seconds: float) -> None:
        queue.spent += seconds
        queue.seconds = max(queue.seconds, seconds if queue.family.pack_configs == 1 else seconds / 4)

    def _attempt(self, queue: Queue, configs: Sequence[Config], deadline: Deadline, told: str) -> tuple[list[Trained], str | None]:
        """Train configurations, in halves where memory is too small; return what was reached, and why the rest was not."""

        def on_progress(best: float) -> None:
            self._tell(f"{told}: loss {best:.4g} so far")

        try:
            return queue.family.train(configs, self.data, deadline=deadline, seed=self.seed, on_progress=on_progress), None
        except Exception as error:  # whatever a family or its backend raises must not end the run; it is recorded and told
            reason = f"{type(error).__name__}: {str(error).splitlines()[0][:200] if str(error) else ''}"
            too_large = is_out_of_memory(error)
        if not too_large or len(configs) == 1:
            return [], reason
        gc.collect()  # here, where the error no longer holds what filled the memory
        queue.largest = (len(configs) + 1) // 2
        self._shrunk(queue, len(configs))
        results: list[Trained] = []
        why, left = None, list(configs)
        while left:
            part, left = left[: queue.largest], left[queue.largest :]
            share = self.budget.deadline(seconds=deadline.remaining() * len(part) / (len(part) + len(left)))
            reached, failed = self._attempt(queue, part, share, told)
            results, why = results + reached, why or failed
        return results, why

    def _shrunk(self, queue: Queue, size: int) -> None:
        """Tell and record that a pack was too large for the memory."""
        sentence = f"Memory was too small for {size} configurations of {queue.family.title} at once."
        self._tell(f"{sentence} Trying {queue.largest}.")
        what, choice = f"pack size of {queue.family.name}", f"at most {queue.largest}"
        self.log.add("search", what, choice, sentence, [str(size)], "Budget(memory='8GB')")

    def _record(self, family: Family, config: Config, trained: Trained | None, status: str, seconds: float, reason: str | None) -> None:
        loss = None if trained is None else out_of_fold_loss(self.data, trained.out_of_fold)
        if loss is not None and not np.isfinite(loss):
            status, trained, reason, loss = "failed", None, "its predictions are not finite", None
        trial = Trial(len(self.trials), family, config, status, loss, seconds, self.budget.elapsed(), trained, reason)
        self.trials.append(trial)

    def _measure_memory(self) -> None:
        """Find out how much memory a pack may take; a run that goes on takes what it began with, so that its packs are the same."""
        held = self.store.notes().get("held bytes")
        if held is None:
            held = resident_bytes()
            self.store.note({"held bytes": held})
        self._room, sentence = room_for_packs(self.budget.memory_limit, int(held))
        if sentence is not None:
            self._tell(sentence)
            self.log.add("search", "size of packs", "smallest", sentence, [], "Budget(memory='4GB')")

    # ── going on after a crash

    def _go_on(self) -> None:
        """Count the time that an earlier process spent; with a clock, take its trials as they are.

        Without a clock the search asks for the same packs again, and finds them in the record; see :meth:`_repeat`.
        """
        last = self.store.last
        if last is None:
            return
        if self.budget.timed:
            self._adopt()
        # What comes after the search has its share of the budget, however late the last pack came.
        self.budget.spend(min(last.elapsed, self._until * self.budget.limit))

    def _repeat(self, queue: Queue, configs: Sequence[Config]) -> bool:
        """Take the next recorded pack in place of training `configs`, if it is the same; return whether nothing is left to train."""
        pack = self.store.upcoming
        if pack is None:
            return False
        if pack.family != queue.family.name or json.loads(json.dumps(list(configs))) != list(pack.asked):
            self._tell("the recorded trials are not what would be tried next here; they are taken as they are")
            bare = [{key: value for key, value in config.items() if key != "seed"} for config in configs]
            queue.asked -= {key_of(config) for config in bare}
            queue.portfolio[:0] = bare
            self._adopt()
            return True
        try:
            trials = self.store.take(queue.family, self.data.spec, self.data.rows)
        except ArtifactError as problem:
            self._tell(f"a recorded pack is trained again: {problem}")
            self.store.again(pack)
            return False
        self._take_over(queue, pack, trials)
        return True

    def _adopt(self) -> None:
        """Take all recorded packs as they are."""
        while (pack := self.store.upcoming) is not None:
            queue = self._queues.get(pack.family)
            if queue is None:
                known = sorted(self._queues)
                raise DataError(f"A resumed run must have the families of its record, out of {known} here. Received {pack.family!r}.")
            try:
                trials = self.store.take(queue.family, self.data.spec, self.data.rows)
            except ArtifactError as problem:
                first, share = len(self.trials), pack.seconds / len(pack.asked)
                trials = [
                    Trial(first + place, queue.family, config, "failed", None, share, pack.elapsed, None, str(problem))
                    for place, config in enumerate(pack.asked)
                ]
            self._take_over(queue, pack, trials)
            self._rng.bit_generator.state = pack.generator
        for queue in self._queues.values():
            queue.portfolio = [config for config in queue.portfolio if key_of(config) not in queue.asked]

    def _take_over(self, queue: Queue, pack: RecordedPack, trials: Sequence[Trial]) -> None:
        """Put recorded trials among the others, and their family where it was behind them."""
        self.trials.extend(trials)
        queue.asked.update(key_of(config) for config in pack.asked)
        self._spent(queue, pack.seconds)
        queue.exhausted, queue.largest = pack.exhausted, pack.largest
        if pack.largest is not None and pack.largest < len(pack.asked):
            self._shrunk(queue, len(pack.asked))
        self._tell(f"{queue.family.title}: {len(trials)} taken over from the record")

    def _counted(self) -> int:
        """Trials that count against the cap: all but those for comparison alone."""
        return sum(self.plan.competes(trial.family) for trial in self.trials)

    def _full(self) -> bool:
        return self.budget.trials is not None and self._counted() >= self.budget.trials

    def _tell(self, message: str) -> None:
        if self.on_progress is not None:
            self.on_progress(message)


def loss_of(trial: Trial | None) -> float:
    """Return the loss of a trial, infinite where it has none."""
    return float("inf") if trial is None or trial.loss is None else float(trial.loss)


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
