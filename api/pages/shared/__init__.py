"""What every server-rendered page uses: rendering, translation, labels, static files."""
