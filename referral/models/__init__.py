"""The tables: who works where, what was referred, what was signed, what was printed, what was done."""

from referral.models.adoptions import Adoption
from referral.models.attachments import Attachment
from referral.models.base import Base, OrganisationKind
from referral.models.cases import Packet, Referral, ReferralVersion
from referral.models.evidence import EvidenceItem, HandOver, PersonKey, SamePerson, SamePersonAnswer
from referral.models.people import Organisation, SignInAttempt, User, UserSession
from referral.models.trail import AuditEntry

__all__ = [
    "Adoption",
    "Attachment",
    "AuditEntry",
    "Base",
    "EvidenceItem",
    "HandOver",
    "Organisation",
    "OrganisationKind",
    "Packet",
    "PersonKey",
    "Referral",
    "ReferralVersion",
    "SamePerson",
    "SamePersonAnswer",
    "SignInAttempt",
    "User",
    "UserSession",
]
