"""Writing articles: the editor, their versions and the import of existing texts."""
