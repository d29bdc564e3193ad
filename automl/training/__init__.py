"""Trains one pack of networks: configurations × folds as members of one program. Knows Keras and nothing about families.

Every member sees the same batches. A row weight of 0 hides a member's own validation rows from it, so one pass over the data
serves all folds and the out-of-fold predictions come for free. The members' losses are added, so their gradients do not mix.
"""

from automl.training.program import PackData
from automl.training.schedule import Schedule, coslog4
from automl.training.scoring import refined_log_loss
from automl.training.state import PackResult
from automl.training.trainer import PackTrainer

__all__ = ["PackData", "PackResult", "PackTrainer", "Schedule", "coslog4", "refined_log_loss"]
