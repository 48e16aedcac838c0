"""The model, one piece per module, by era.

Letters for dimensions, everywhere: B batch, T time (queries), S source length (keys), C channels (width),
H heads, D channels per head, V vocabulary.
"""
