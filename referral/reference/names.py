"""How one says the codes that forms and paper share."""

SYSTEMS = {"bowel_bladder": "bowel and bladder", "spinal_cord": "spinal cord"}
"""Functional systems whose name is more than their code."""
PHENOTYPES = {
    "CIS": "Clinically isolated syndrome (CIS)",
    "RRMS": "Relapsing-remitting MS (RRMS)",
    "SPMS": "Secondary progressive MS (SPMS)",
    "PPMS": "Primary progressive MS (PPMS)",
    "PRMS": "Progressive-relapsing MS (PRMS)",
    "NMOSD": "Neuromyelitis optica spectrum disorder (NMOSD)",
    "MOGAD": "MOG antibody-associated disease (MOGAD)",
    "other": "Another disease",
}
