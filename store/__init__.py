"""The system of record: every table, the engine, and the migrations."""
