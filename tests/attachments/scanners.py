"""Scanners of a line, as an installation might name them: what is on standard input goes in, an exit code comes out."""

FINDS = ("sh", "-c", "! grep -q EICAR")
BLIND = ("sh", "-c", "cat > /dev/null")
BARKS = ("sh", "-c", "exit 1")
BROKEN = ("sh", "-c", "exit 2")
KILLED = ("sh", "-c", "kill -9 $$")
SLEEPY = ("sh", "-c", "cat > /dev/null; sleep 0.3")
SLOW = ("sh", "-c", "sleep 60")
MISSING = ("/nowhere/clamdscan", "-")
NO_PROGRAM = ("/", "-")
ANSWERLESS = {
    "broken": (BROKEN, "the scanner ended with 2"),
    "killed": (KILLED, "the scanner ended with -9"),
    "slow": (SLOW, "the scanner gave no answer within 0.5 seconds"),
    "missing": (MISSING, "the scanner cannot be run: ENOENT"),
    "a folder": (NO_PROGRAM, "the scanner cannot be run: EACCES"),
}
