"""A real DNS server on loopback, over UDP, with the records that a test gives it."""

from __future__ import annotations

import socket
import threading

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset


class DnsServer:
    """Answers from `records` ({(name, type): [texts]}); "away" answers nothing, "broken" SERVFAIL."""

    def __init__(self) -> None:
        self.records: dict[tuple[str, str], list[str]] = {}
        self.mood = "well"
        self.asked = 0
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.address = f"127.0.0.1#{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def has(self, name: str, kind: str, *values: str) -> None:
        """Set the records of this name and type; none takes them away."""
        self.records[name, kind] = list(values)

    def close(self) -> None:
        port = self._socket.getsockname()[1]
        self.mood = "ended"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", ("127.0.0.1", port))
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            wire, sender = self._socket.recvfrom(4096)
            if self.mood == "ended":
                return
            self.asked += 1
            if self.mood != "away":
                self._socket.sendto(self._answer(dns.message.from_wire(wire)), sender)

    def _answer(self, query: dns.message.Message) -> bytes:
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA
        [question] = query.question
        name = str(question.name).rstrip(".").lower()
        kind = dns.rdatatype.to_text(question.rdtype)
        if self.mood == "broken":
            response.set_rcode(dns.rcode.SERVFAIL)
            return response.to_wire()
        self._add(response, name, kind)
        if not response.answer and not any(known == name for known, _ in self.records):
            response.set_rcode(dns.rcode.NXDOMAIN)
        return response.to_wire()

    def _add(self, response: dns.message.Message, name: str, kind: str) -> None:
        alias = self.records.get((name, "CNAME"))
        if alias and kind != "CNAME":
            response.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", "CNAME", *alias))
            self._add(response, alias[0].rstrip("."), kind)
            return
        values = self.records.get((name, kind))
        if values:
            quoted = [f'"{value}"' for value in values] if kind == "TXT" else values
            response.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", kind, *quoted))
