"""The Keras adapter: the only room that imports Keras or reads its private attributes.

Nothing here imports Keras itself: Keras is looked up in ``sys.modules`` once the user has
imported it, so that loading the guard costs nothing.
"""
