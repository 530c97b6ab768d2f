"""Overrides for working on the forum and for the demonstration on one's own machine."""
