"""The tables, a file a topic."""

from referral.models.adoptions import Adoption
from referral.models.attachments import Attachment
from referral.models.base import Base, OrganisationKind
from referral.models.care import Correction, FollowUp, ProgrammeRules, Transplant, WorkupStep
from referral.models.cases import (
    Packet,
    PacketTrouble,
    Referral,
    ReferralVersion,
    SearchWord,
    StandingVerdict,
)
from referral.models.decisions import Decision, Letter, LetterKind, LetterTemplate, Mail, Outcome
from referral.models.emergencies import EmergencyAccess, EmergencyOutcome, EmergencyReason
from referral.models.evidence import EvidenceItem, HandOver, PersonKey, SamePerson, SamePersonAnswer
from referral.models.factors import FactorKind, RecoveryCode, SecondFactor
from referral.models.imports import CaseImport, ImportKind
from referral.models.keys import DataKey
from referral.models.marks import TimeMark
from referral.models.meetings import (
    AgendaItem,
    Attendance,
    Interest,
    Meeting,
    Opinion,
    Overall,
    QuorumWaiver,
    Specialty,
    Tie,
)
from referral.models.moves import Looking, SavedView, Stay
from referral.models.packs import Pack
from referral.models.people import Invitation, Organisation, Proof, SignInAttempt, User, UserSession
from referral.models.questions import Audience, Message, Question
from referral.models.retention import ErasureRequest, LegalHold
from referral.models.sign_on import SignOnAttempt, SignOnSubject
from referral.models.trail import AuditEntry

__all__ = [
    "Adoption",
    "AgendaItem",
    "Attachment",
    "Attendance",
    "Audience",
    "AuditEntry",
    "Base",
    "CaseImport",
    "Correction",
    "DataKey",
    "Decision",
    "EmergencyAccess",
    "EmergencyOutcome",
    "EmergencyReason",
    "ErasureRequest",
    "EvidenceItem",
    "FactorKind",
    "FollowUp",
    "HandOver",
    "ImportKind",
    "Interest",
    "Invitation",
    "LegalHold",
    "Letter",
    "LetterKind",
    "LetterTemplate",
    "Looking",
    "Mail",
    "Meeting",
    "Message",
    "Opinion",
    "Organisation",
    "OrganisationKind",
    "Outcome",
    "Overall",
    "Pack",
    "Packet",
    "PacketTrouble",
    "PersonKey",
    "ProgrammeRules",
    "Proof",
    "Question",
    "QuorumWaiver",
    "RecoveryCode",
    "Referral",
    "ReferralVersion",
    "SamePerson",
    "SamePersonAnswer",
    "SavedView",
    "SearchWord",
    "SecondFactor",
    "SignInAttempt",
    "SignOnAttempt",
    "SignOnSubject",
    "Specialty",
    "StandingVerdict",
    "Stay",
    "Tie",
    "TimeMark",
    "Transplant",
    "User",
    "UserSession",
    "WorkupStep",
]
