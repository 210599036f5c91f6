"""What a message says, and how it is kept until it has left.

Between deciding and sending a row holds what the letter says, codes and sign-in links among it. So it
is packed and sealed (`identity.sealing`), and emptied when the message has left.
"""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import dataclass
from typing import Any

from identity import names, sealing

_ABOUT = "outbound.letter"


@dataclass(frozen=True)
class Letter:
    """`subject` becomes one line; `text` is there always, `html` beside it or "". `path` is where an
    in-app message leads to, on the host of its workspace or of the site.

    Raises ValueError without a text: some people read nothing else.
    """

    subject: str
    text: str
    html: str = ""
    path: str = ""

    def __post_init__(self) -> None:
        if not self.text.strip():
            raise ValueError("A letter has a text part.")
        object.__setattr__(self, "subject", names.plain(self.subject)[:250])

    def sealed(self) -> str:
        return sealed_as([self.text, self.html, self.path])

    @classmethod
    def opened(cls, sealed: str, *, subject: str) -> Letter:
        """Raises sealing.NotOpened where SECRET_KEY has changed since."""
        return cls(subject, *opened(sealed))  # two parts, or since then three


def sealed_as(said: Any) -> str:
    """Anything that JSON can say, packed and sealed."""
    packed = zlib.compress(json.dumps(said).encode(), 1)
    return sealing.seal(base64.b64encode(packed).decode(), about=_ABOUT)


def opened(sealed: str) -> Any:
    """What `sealed_as` was given. Raises sealing.NotOpened."""
    return json.loads(zlib.decompress(base64.b64decode(sealing.open_sealed(sealed, about=_ABOUT))))
