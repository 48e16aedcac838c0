"""Part II. Statistical learning (1993-2012)."""
