"""Whole ways through the house, by pages, API, commands and mail."""
