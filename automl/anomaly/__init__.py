"""Anomaly detection: what is unusual in a table or in a series, without a target.

design      typed columns → scaled numbers and indicators, each with the column that it belongs to
families/   one file each: masked autoencoder, variational autoencoder, residuals of forecasts, isolation forest, robust z-scores
scores      scores of a family → how rare they are; the mean of the families; the threshold for a rate of alarms
run         the stages in order, on folds: no row is scored by a model that has learnt from it
imputing    missing values by the masked autoencoder, measured against medians and neighbours
detector    what the user holds: fit, predict, impute, report, save
"""
