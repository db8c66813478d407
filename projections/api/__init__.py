"""The query API: one file per resource; `app.build_api` puts them together."""
