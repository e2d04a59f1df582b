"""``keras-guard run``: notebooks and scripts in processes of their own, and reports of what they lose."""
