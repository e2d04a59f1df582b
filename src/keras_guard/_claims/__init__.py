"""Claims: what a rule says of live objects, and the means to prove it again at any time."""
