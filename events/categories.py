"""The closed set of error categories (S1, S2): every failure has exactly one of them."""

from typing import Literal, get_args

Category = Literal["timeout", "executor_crash", "provider_error", "validation_failure", "unknown"]

CATEGORIES: tuple[Category, ...] = get_args(Category)
