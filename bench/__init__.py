"""What the figures in the documentation come from: each module is run by hand and prints a table."""
