"""Part III. Deep learning (2013-2018)."""
