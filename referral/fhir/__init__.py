"""A case as a FHIR R4 document, for other systems: one mapper a resource, plain data in and plain data out."""

from referral.fhir.document import document_bundle

__all__ = ["document_bundle"]
