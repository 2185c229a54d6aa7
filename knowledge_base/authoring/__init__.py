"""How articles are written: the editor, versions and the import of existing texts."""
