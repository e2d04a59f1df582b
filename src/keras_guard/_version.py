"""The version. Every other file that states it is compared with this one (``tests/unit/test_project.py``)."""

__version__ = "0.1.0"
