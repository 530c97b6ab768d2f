"""Nouns, their states and the rules that hold whoever asks. No Flask, no queries; one file per noun."""
