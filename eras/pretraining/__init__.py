"""Part IV. Pretraining (2018-2022)."""
