"""A web server on the loopback interface that fails as model providers do."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

ANSWERS: Final = {
    "/v1/limited": (429, b'{"error": {"type": "rate_limit_error", "message": "Rate limit reached for requests"}}'),
    "/v1/overloaded": (503, b'{"error": {"type": "overloaded_error", "message": "The engine is overloaded"}}'),
}


class _Provider(BaseHTTPRequestHandler):
    closing = threading.Event()

    def do_GET(self) -> None:
        if self.path not in ANSWERS:
            self.closing.wait()
            return
        status, body = ANSWERS[self.path]
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep the demo's terminal for the demo."""


@contextmanager
def failing_provider() -> Iterator[str]:
    """Serve for the length of the block, and yield the address; paths without an answer are never answered."""
    _Provider.closing.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), _Provider) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            _Provider.closing.set()
            server.shutdown()
            thread.join()
