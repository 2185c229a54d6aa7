"""The public HTTP and WebSocket API: parse a request, call one function, answer."""
