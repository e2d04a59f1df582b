"""Frozen data at the bottom of the house: nothing here imports Keras, IPython or another room."""
