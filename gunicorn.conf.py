"""What gunicorn reads when it starts here: how each of its processes gets ready."""

import gc
import os
import shutil
import sys
import tempfile

# Measured with 200 people on two processors (docs/proofs/load-*.md). While one thread waits for PostgreSQL another
# holds the interpreter of its process, so there more processes of fewer threads answer sooner; SQLite hardly waits.
workers, threads = (4, 4) if os.environ.get("DATABASE_URL", "").startswith("postgresql") else (2, 8)
worker_class = "gthread"
worker_connections = threads + 1  # one waits for a thread of this process, all others for any process
keepalive = 0  # else whoever reads a page holds one of these few places
LOG = os.environ.get("LOG", "plain")
# Each process counts in a file of its own here, so that whichever is asked for /metrics tells of all of them.
counts_are_ours = not os.environ.get("PROMETHEUS_MULTIPROC_DIR")
if counts_are_ours:
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="pons-counts-")


def on_exit(server: object) -> None:
    """Take the counts away, if the folder is ours: the next start begins at nought."""
    if counts_are_ours:
        shutil.rmtree(os.environ["PROMETHEUS_MULTIPROC_DIR"], ignore_errors=True)


def on_starting(server: object) -> None:
    """Refuse to serve real people's data from an installation that is not safe for them (PRODUCTION=yes)."""
    from referral import logs

    logs.tell(LOG, "gunicorn.error")
    if os.environ.get("PRODUCTION") != "yes":
        return
    from app import create_app
    from referral.cli_deploy import look_at, say
    from referral.sealing import KeyLostError
    from referral.settings import Settings

    try:
        failed = [finding for finding in look_at(create_app(), Settings.from_environment()) if finding.fault]
    except KeyLostError as lost:
        sys.exit(f"{lost} Not started.")
    said = [say(finding) for finding in failed]
    if not any(finding.rule.stops for finding in failed):
        sys.stderr.writelines(f"{line}\n" for line in said)
    else:
        sys.exit("\n".join([*said, "PRODUCTION=yes: not started. All rules: flask check-deploy"]))


def post_worker_init(worker: object) -> None:
    """Load what stays, and keep the search for garbage out of it: else it stops everybody for 0.2 s at a time."""
    from referral import logs

    logs.tell(LOG, "gunicorn.error")
    from sqlalchemy.orm import configure_mappers

    from referral.actions.evidence import catalogue
    from referral.criteria import library
    from referral.reference import drugs
    from referral.web.which_editions import editions_with_windows, sections_read

    for load in (configure_mappers, library, drugs, catalogue, editions_with_windows, sections_read):
        load()
    _refuse_without_keys(worker)
    gc.collect()
    gc.freeze()
    # A page makes and drops ten thousand things. Looked for after each seven hundred, they took 5 % of the time.
    gc.set_threshold(10_000, 10, 5)


def _refuse_without_keys(worker: object) -> None:
    """Serve nobody while a key is lost with which something was sealed. The whole server ends, in a sentence."""
    from sqlalchemy.exc import OperationalError

    from referral.extensions import db
    from referral.sealing import KeyLostError

    app = worker.app.wsgi()  # type: ignore[attr-defined]  # as gunicorn has it
    try:
        with app.app_context(), db.engine.connect():
            pass
    except OperationalError:
        return  # the database is away; it is asked when it comes
    except KeyLostError as lost:
        sys.stderr.write(f"{lost} Not started.\n")
        sys.exit(3)  # by which gunicorn knows that no other worker will fare better
