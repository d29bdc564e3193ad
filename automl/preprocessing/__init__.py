"""Typed columns to arrays; fitted on training rows only, stored without code."""
