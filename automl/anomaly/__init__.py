"""Anomaly detection: what is unusual in a table or in a series, without a target.

design      typed columns → scaled numbers and indicators, each with the column that it belongs to
past        the grid of times: what stood before a row, for how long a value has stayed
pictures    pictures as the shipped network sees them: directions of its features, patches with their places
families/   one file each: Gaussian of all columns, neighbours, stretches of time, patches of pictures, two autoencoders, residuals of
            forecasts; isolation forest and robust z-scores to compare with
scores      scores of a family → how rare they are; how rare they are together; the threshold for a rate of alarms
run         the stages in order, on folds: no row is scored by a model that has learnt from it
imputing    missing values by the masked autoencoder, measured against medians and neighbours
telling     what a run tells: the strangest rows, stretches of time, a map, pictures
page        the report
detector    what the user holds: fit, predict, impute, report, save
"""
