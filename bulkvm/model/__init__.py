"""What the other folders talk about: boxes, records, changes, outcomes, problems, sheets, settings, errors."""
