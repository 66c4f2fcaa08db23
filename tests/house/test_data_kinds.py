"""Every kind of data has its rules, in one table that says of sealing and of deleting what the code does."""

from collections import Counter

import pytest
import yaml
from sqlalchemy import Table

from referral.actions.deletion import tables_of_cases
from referral.columns import Sealed
from referral.models import Base
from tests.house.test_asvs import FOLDER, Row, missing

TOLD = yaml.safe_load((FOLDER / "data.yaml").read_text("utf-8"))
KINDS: dict[str, Row] = TOLD["kinds"]
ASKED = {"what", "read", "sealed", "goes", "kept", "elsewhere", "tables", "tests"}
PACKS = {"pack"}  # named by no foreign key: it is deleted with any of its cases, as its test holds


def is_sealed(table: Table) -> bool:
    return any(isinstance(column.type, Sealed) for column in table.columns)


def tables_where(name: str, value: str) -> set[str]:
    return {table for rules in KINDS.values() if rules[name] == value for table in rules["tables"]}


def test_each_table_is_of_one_kind() -> None:
    told = Counter(table for rules in KINDS.values() for table in rules["tables"])

    assert set(told) == set(Base.metadata.tables)
    assert set(told.values()) == {1}


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_has_every_rule_and_names_tests_that_exist(kind: str) -> None:
    assert set(KINDS[kind]) == ASKED
    assert all(KINDS[kind].values())
    assert missing(KINDS[kind]) == []


def test_what_is_said_of_sealing_is_so() -> None:
    sealed = {table.name for table in Base.metadata.tables.values() if is_sealed(table)}

    assert tables_where("sealed", "all text and bytes") <= sealed
    assert tables_where("sealed", "nothing").isdisjoint(sealed)
    assert sealed <= tables_where("sealed", "all text and bytes") | tables_where("sealed", "some columns")


def test_what_is_said_of_going_with_a_case_is_so() -> None:
    of_cases = {table.name for table in tables_of_cases()}

    assert tables_where("goes", "with its case") == (of_cases - {"audit_entry"}) | PACKS


def test_what_lies_beside_the_database_is_named_too() -> None:
    assert all(isinstance(rule, str) and rule for rule in TOLD["beside the database"].values())
