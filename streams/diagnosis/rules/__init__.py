"""The packaged rules: one TOML file per category, each a list of ``[[rules]]``."""
