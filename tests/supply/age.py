"""Say how long ago the table of known holes was read: a line of ``.ci/run``, which fails nothing by the calendar."""

import yaml

from referral import clock
from referral.deployment.machine import ADVISORIES
from referral.deployment.upkeep import age

table = yaml.safe_load(ADVISORIES.read_text("utf-8"))
days = age(table, clock.today())
late = ": READ THEM ANEW before a release" if days > table["most_days"] else ""
print(f"-- advisories: read {days} days ago, at most {table['most_days']}{late}")  # noqa: T201 - a command
