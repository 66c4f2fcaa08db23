"""The packet: what a committee reads, as plain data, as HTML and as PDF. It prints the stored snapshot."""

from referral.packet.contents import Contents, contents
from referral.packet.render import PacketError, render_html, render_pdf

__all__ = ["Contents", "PacketError", "contents", "render_html", "render_pdf"]
