"""Multilabel learning: a row has any number of labels, none among them.

cells       a target of joined labels, or several columns of two values → one column of 0 and 1 for each label, and back
plan        read, detect and check once for all labels; which of them can be learnt; one split, one preparation
run         one calibrated binary model for each label, all under one clock
judging     all labels together, on rows that no choice has seen
collect     what was found, as the facts of the report
model       from raw rows to a probability and a decision for each label
classifier  what the user holds: fit, predict, predict_proba, explain, report, save
"""
