"""The database: its tables, engine, migrations and closed sets."""
