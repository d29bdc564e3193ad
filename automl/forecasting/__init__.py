"""Forecasting: many series, backtested by rolling origin, with intervals that hold.

A training *window* (series, origin) plays the part that a row plays for tables: what lies before the origin is what a model may look at,
the `horizon` steps from it on are what it answers for.

    frequency, panel, columns   rows of a table → series on a regular grid, with what is known in advance, known for the past, fixed
    windows, lags, calendar     what models look at; nothing at or behind an origin but what is known in advance
    families/                   one file each: networks (packed), trees and ridge on lags, ETS, theta, drift, seasonal naive
    study, joining, conformal   search by rolling origin, greedy weights on the weighted quantile loss, intervals that are corrected
    run, forecaster, storage    the stages in order, what the user holds, and the file that it is kept in
"""
