"""The application's factory: it wires, and nothing imports it."""

from flask import Flask
from jinja2 import StrictUndefined
from werkzeug.middleware.proxy_fix import ProxyFix

from referral import audit, cli, database, keys, logs, web
from referral.auth.hospital import Hospital
from referral.extensions import db, migrate
from referral.sealing import Ring
from referral.settings import Settings

MEBIBYTE = 1024 * 1024


def create_app(settings: Settings | None = None) -> Flask:
    """Build the application of one installation; without settings, from the environment."""
    settings = settings or Settings.from_environment()
    logs.set_up(settings.log)
    app = Flask(__name__)
    cookie_keys_before = [settings.secret_key_before] if settings.secret_key_before else []
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SECRET_KEY_FALLBACKS=cookie_keys_before,
        WTF_CSRF_SECRET_KEY=[*cookie_keys_before, settings.secret_key],  # the last one signs, each opens
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=database.engine_options(
            settings.database_url, settings.audit_key, audit.read_old_keys(settings.audit_keys_before)
        )
        | database.pool_options(settings.database_url),
        DATABASE_ROLE=settings.database_role,
        TRUSTED_HOSTS=list(settings.trusted_hosts) if settings.trusted_hosts else None,
        SESSION_COOKIE_NAME="__Host-pons" if settings.secure_cookies else "pons",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_TIME_LIMIT=None,  # the token ends with the session, not in the middle of a long form
        WTF_CSRF_SSL_STRICT=False,  # we send no referrer; the guard asks the browser for the site instead
        MAX_CONTENT_LENGTH=MEBIBYTE,
        MAX_FORM_MEMORY_SIZE=MEBIBYTE,
        MAX_FORM_PARTS=3000,  # a case has many rows
        ATTACHMENTS=settings.attachments,
        MOST_ATTACHMENTS=settings.most_attachments,
        ATTACHMENTS_SIZE=settings.attachments_size,
        FILE_SCANNER=settings.file_scanner,
        MAIL_URL=settings.mail_url,
        MAIL_FROM=settings.mail_from,
        MAIL_FOLDER=settings.mail_folder,
        HOUSE_URL=settings.house_url,
        HOSPITAL=hospital_of(settings),
        PACKET_KEY=settings.packet_key,
        PACKET_KEY_PASSWORD=settings.packet_key_password,
        AUDIT_ANCHOR=settings.audit_anchor,
        FACTOR_KEYS=(settings.factor_key or settings.secret_key, settings.factor_key_before),
        SECOND_FACTOR=settings.second_factor,
        PROOF_HOLDS=settings.proof_holds,
        BACKUP_KEY=settings.backup_key,
        METRICS_FROM=settings.metrics_from,
        DATA_KEYS=Ring.read(settings.data_keys),
    )
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.autoescape = True  # for every name, not only .html
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    if settings.proxies:
        hops = settings.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]  # as Flask documents it

    db.init_app(app)
    with app.app_context():
        database.prepare(db.engine)
        keys.hang(app.config["DATA_KEYS"], db.engine)
    migrate.init_app(app, db, render_as_batch=True)
    web.register(app)
    cli.register(app)
    return app


def hospital_of(settings: Settings) -> Hospital | None:
    """Give the hospital's own sign-on, if the installation has one."""
    if not settings.oidc_issuer:
        return None
    return Hospital(
        settings.oidc_issuer,
        settings.oidc_client_id,
        settings.oidc_client_secret,
        settings.oidc_second_factor,
    )
