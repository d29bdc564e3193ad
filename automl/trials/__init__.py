"""The record of every trial: in memory for the ensemble, in SQLite so that a run that was cut off goes on where it stopped."""

from automl.trials.folder import RunFolder, forget_run, note_run, noting, recorded_run
from automl.trials.store import TrialStore
from automl.trials.trial import Pack, RecordedPack, Trial

__all__ = ["Pack", "RecordedPack", "RunFolder", "Trial", "TrialStore", "forget_run", "note_run", "noting", "recorded_run"]
