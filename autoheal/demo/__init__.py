"""The demo: real commands fail, and it is shown live what Auto-Heal makes of them."""
