"""Where a request comes from, as far as its owner should see it in the list of sessions."""

from flask import request

from referral.auth.sessions import Whence

BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS = (
    ("Windows", "Windows"), ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"), ("Linux", "Linux"),
)  # fmt: skip
"""What a browser's own description holds, the more special first: each also names those that it descends from."""


def whence() -> Whence:
    """Say from where the present request comes."""
    return Whence(request.remote_addr, browser_family(request.user_agent.string))


def browser_family(described: str) -> str:
    """Name family and system of a browser. More of what it says of itself is not kept."""
    browser = next((name for sign, name in BROWSERS if sign in described), "Another browser")
    system = next((name for sign, name in SYSTEMS if sign in described), "")
    return f"{browser} on {system}" if system else browser
