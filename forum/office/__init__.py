"""Office files: judging, reading, cleaning and writing them. No database, no Flask, no network.

What reads a stranger's bytes runs in a child process with limits (limited.py, child.py).
"""
