"""Reads of one tenant, by noun: what routes answer with, as plain values. No HTTP."""
