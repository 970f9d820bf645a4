"""Deliberate faults: how a source is changed, which tests are to notice, and how each is tried."""
