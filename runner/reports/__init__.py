"""The comparison of a sweep's runs, for people: table, figures, page."""
