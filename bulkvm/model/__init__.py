"""The data types of all folders: boxes, records, changes, outcomes, problems, sheets, settings, errors. No I/O."""
