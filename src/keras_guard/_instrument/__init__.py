"""Instrumenting cells: which statements can change a model, and the probes put around them."""
