"""Attacks: what somebody would try who wants to read, change or stall what is not theirs."""
