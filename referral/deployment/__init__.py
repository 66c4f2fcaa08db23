"""What must hold before real people's data come in: each rule says what is wrong and what to do about it.

A rule is not advice: ``flask check-deploy`` ends with 1 where one fails, and with ``PRODUCTION=yes`` the server does
not start, but for the rules that say ``stops=False``. Rules look at what *is* (the connection, an answer of
the application, a file), not only at what was set.
"""

from referral.deployment import backups, machine, settings, stores, upkeep
from referral.deployment.house import Finding, House, Rule

RULES: tuple[Rule, ...] = (*settings.RULES, *stores.RULES, *backups.RULES, *machine.RULES, *upkeep.RULES)

__all__ = ["RULES", "Finding", "House", "Rule", "check"]


def check(house: House) -> list[Finding]:
    """Ask every rule that this kind of database knows. One that cannot look does not hold."""
    return [Finding(rule, _ask(rule, house)) for rule in RULES if rule.database in (None, house.database)]


def _ask(rule: Rule, house: House) -> str:
    try:
        return rule.fault(house)
    except OSError as error:
        return f"{error.filename or 'something'} cannot be looked at: {error.strerror}"
