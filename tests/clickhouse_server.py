"""ClickHouse's HTTP interface over the engine in chDB: `python -m tests.clickhouse_server FOLDER PORT`.

For tests and benches only: no users, no TLS, one process a folder. It answers what clickhouse-connect
sends (https://clickhouse.com/docs/interfaces/http): settings, `database` and parameters in the query
string, statement and rows in the body. SIGKILL it and start it again on the same folder at will.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

import chdb
import lz4.frame

# What the HTTP interface itself understands; every other parameter is a setting.
_NOT_SETTINGS = {"query", "database", "session_id", "query_id", "client_protocol_version", "role",
                 "wait_end_of_query", "buffer_size", "compress", "decompress", "enable_http_compression",
                 "send_progress_in_http_headers", "http_headers_progress_interval_ms"}  # fmt: skip
_DECOMPRESS: dict[str, Any] = {"lz4": lz4.frame.decompress, "gzip": gzip.decompress}
_INSERT = re.compile(rb"\s*(INSERT\s+INTO\s.+?)\s+FORMAT\s+(\w+)[ \t]*\n?", re.I | re.S)
_FORMAT = re.compile(rb"\sFORMAT\s+(\w+)\s*;?\s*$", re.I)


class Handler(BaseHTTPRequestHandler):
    """A fresh handle of the one engine for each request: settings end with it."""

    folder: ClassVar[str]
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # headers and body in one packet

    def do_GET(self) -> None:
        """`/ping`, or a query in the query string."""
        if self.path.startswith("/ping"):
            self._answer(200, b"Ok.\n")
        else:
            self.do_POST()

    def do_POST(self) -> None:
        """One statement."""
        asked = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        body = self._body()
        statement, rows = asked["query"].encode() if "query" in asked else body, body
        handle = chdb.connect(self.folder)
        try:
            if asked.get("database"):
                handle.query(f"USE `{asked['database']}`")
            for name, value in asked.items():
                if name not in _NOT_SETTINGS and not name.startswith("param_"):
                    handle.query(f"SET {name} = '{_escaped(value)}'")
            self._answer(*self._run(handle, statement, rows, asked))
        except Exception as error:
            message = str(error)
            code = re.search(r"Code: (\d+)", message)
            named = {"X-ClickHouse-Exception-Code": code[1] if code else "0"}
            self._answer(500, message.encode(), named)
        finally:
            handle.close()

    def _run(
        self, handle: Any, statement: bytes, rows: bytes, asked: dict[str, str]
    ) -> tuple[int, bytes, Any]:
        if insert := _INSERT.match(statement):
            with handle.send_insert(insert[1].decode(), insert[2].decode()) as stream:
                stream.append(rows if "query" in asked else statement[insert.end() :])
                return 200, b"", {"written_rows": str(stream.finish().rows_written)}
        wanted = _FORMAT.search(statement)
        text = statement[: wanted.start()] if wanted else statement
        values = {key[6:]: value for key, value in asked.items() if key.startswith("param_")}
        found = handle.query(text.decode(), wanted[1].decode() if wanted else "TSV", params=values)
        return 200, found.bytes(), {"read_rows": str(found.rows_read())}

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            parts = []
            while size := int(self.rfile.readline(), 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            body = b"".join(parts)
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        encoding = self.headers.get("Content-Encoding")
        return _DECOMPRESS[encoding](body) if encoding else body

    def _answer(self, status: int, body: bytes, more: dict[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-ClickHouse-Timezone", "UTC")
        if status == 200:
            self.send_header("X-ClickHouse-Summary", json.dumps(more or {}))
        else:
            for name, value in (more or {}).items():
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *_: Any) -> None:
        """Silence: the test that asked sees the answer."""


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "\\'")


if __name__ == "__main__":
    Handler.folder = sys.argv[1]
    kept = chdb.connect(Handler.folder)  # the engine lives as long as one handle of it
    kept.query("SELECT 1")
    ThreadingHTTPServer.daemon_threads = True
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2])), Handler).serve_forever()
