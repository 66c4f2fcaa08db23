"""What gunicorn reads when it starts here: how each of its processes gets ready."""

import gc


def post_worker_init(worker: object) -> None:
    """Load what stays, and keep the search for garbage out of it: else it stops everybody for 0.2 s at a time."""
    from referral.actions.evidence import catalogue
    from referral.criteria import library
    from referral.reference import drugs
    from referral.web.which_editions import editions_with_windows, sections_read

    for load in (library, drugs, catalogue, editions_with_windows, sections_read):
        load()
    gc.collect()
    gc.freeze()
