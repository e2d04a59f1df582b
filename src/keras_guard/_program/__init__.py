"""Programs without cells: scripts and tests."""
