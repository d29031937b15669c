"""Which rows are train, validation and test: one class for each option of ``split=``, built from its keys.

A class of your own will do: its ``rows(dataset)`` returns the rows of the three parts.
"""
