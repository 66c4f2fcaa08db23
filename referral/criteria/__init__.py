"""Published criteria as cited data, and the asking of them."""

from referral.criteria.edition import Criterion, Edition
from referral.criteria.load import BadEdition, first_shown, judgements, judgements_read, library

__all__ = ["BadEdition", "Criterion", "Edition", "first_shown", "judgements", "judgements_read", "library"]
