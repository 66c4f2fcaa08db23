"""Rules about what was set, and about what the application answers with it."""

from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import text
from sqlalchemy.orm import Session

from referral import audit, keys
from referral.deployment.house import House, Rule, rule
from referral.sealing import Ring

RULES: list[Rule] = []
OTHERS = 0o007
"""What a file lets those do who are neither its owner nor of its group."""

LONG_ENOUGH = 32  # characters of a key; ours have 64
MANY_ENOUGH = 8  # different ones among them
LARGEST_FORM = 1024 * 1024
ONE_YEAR = 365 * 24 * 3600
LONGEST_PROOF = 30  # minutes: as long as a session may be silent


@rule(RULES, "FLASK_DEBUG", "no debugger answers", "take FLASK_DEBUG away and serve with gunicorn")
def debugger(house: House) -> str:
    """A debugger runs what a stranger types."""
    asked = house.environment.get("FLASK_DEBUG", "0").lower() not in ("", "0", "no", "false")
    return "the debugger is on" if asked or house.app.debug or house.app.testing else ""


@rule(
    RULES,
    "SECRETS",
    "nobody else reads the secrets",
    "let the folder and its files be read by the users of the services alone (chmod o= )",
)
def secrets_apart(house: House) -> str:
    """Whoever has an account on the machine must not find the keys in a folder."""
    folder = house.environment.get("SECRETS")
    if not folder:
        return ""
    inside = sorted(path for path in Path(folder).iterdir() if path.name.isupper())
    read = [path.name for path in inside if path.stat().st_mode & OTHERS]
    shut = not Path(folder).stat().st_mode & OTHERS
    return "" if shut or not read else f"others read {', '.join(read)}"


@rule(RULES, "SECRET_KEY", "long and random", "take SECRET_KEY away; the next start makes one")
def secret_key(house: House) -> str:
    """It signs the cookies of everybody."""
    return weakness(house.settings.secret_key)


@rule(
    RULES,
    "SECRET_KEY_BEFORE",
    "no old key still opens",
    "take SECRET_KEY_BEFORE away",
    stops=False,  # for half a day it is as it should be: sessions run out under it
)
def old_keys(house: House) -> str:
    """A key that was given up still signs while it is listed."""
    return "an old key is still accepted" if house.app.config.get("SECRET_KEY_FALLBACKS") else ""


@rule(RULES, "AUDIT_KEY", "long, random and no other key", "give AUDIT_KEY 64 characters of its own")
def audit_key(house: House) -> str:
    """It seals the trail."""
    if house.settings.audit_key == house.settings.secret_key:
        return "it is the SECRET_KEY too"
    return weakness(house.settings.audit_key)


@rule(
    RULES,
    "AUDIT_KEY",
    "kept apart from the data",
    "hand AUDIT_KEY in by the environment, from a place that is not backed up with the data",
)
def audit_key_apart(house: House) -> str:
    """Whoever takes the data and the key can write the trail anew."""
    return "" if house.environment.get("AUDIT_KEY") else "it lies in a file beside the data"


@rule(
    RULES,
    "AUDIT_KEY",
    "the trail goes on with its own key",
    "put the AUDIT_KEY of before back, stop all that writes, and change it by flask audit new-key",
)
def audit_key_fits(house: House) -> str:
    """Behind an entry of another key nothing holds any more."""
    known = audit.Keys(house.settings.audit_key, audit.read_old_keys(house.settings.audit_keys_before))
    with Session(house.connection) as session:
        fits = audit.head_fits(session, known)
    return "" if fits else "its last entry was sealed with another"


@rule(
    RULES,
    "DATA_KEYS",
    "what opens the data is kept apart from them",
    "hand DATA_KEYS in by the environment, from a place that is not backed up with the data",
)
def data_keys_apart(house: House) -> str:
    """Whoever takes the data and the keys reads them."""
    return "" if house.environment.get("DATA_KEYS") else "they lie in a file beside the data"


@rule(
    RULES,
    "DATA_KEYS",
    "each key that is needed is at hand",
    "put the key that is named back into DATA_KEYS",
)
def data_keys_at_hand(house: House) -> str:
    """What was sealed with a lost key nobody reads."""
    proofs = house.connection.execute(text("SELECT name, proof FROM data_key"))
    return keys.faults(dict(proofs.all()), Ring.read(house.settings.data_keys))


@rule(
    RULES,
    "DATA_KEYS",
    "no older key is needed",
    "run flask keys rotate, and take the older key out",
    stops=False,  # keys are changed while people work
)
def data_keys_changed(house: House) -> str:
    """A key that was given up for a reason still opens what it has sealed."""
    older = house.ask("SELECT count(*) FROM data_key") - 1
    return f"{older} older keys are" if older > 0 else ""


@rule(
    RULES,
    "AUDIT_ANCHOR",
    "heads of the trail go elsewhere",
    "name a file on another machine's disk in AUDIT_ANCHOR",
)
def anchor_apart(house: House) -> str:
    """A tail that was cut off leaves a chain that holds: only heads elsewhere show it."""
    anchor = house.settings.audit_anchor.resolve()
    beside = house.database == "sqlite" and anchor.parent == house.database_file.parent
    return "the file lies beside the data" if beside or not house.environment.get("AUDIT_ANCHOR") else ""


@rule(RULES, "SECURE_COOKIES", "cookies by https only, for this host only", "set SECURE_COOKIES=yes")
def cookies(house: House) -> str:
    """A cookie by plain http can be read on the way."""
    name, config = house.app.config["SESSION_COOKIE_NAME"], house.app.config
    whole = config["SESSION_COOKIE_SECURE"] and config["SESSION_COOKIE_HTTPONLY"]
    strict = name.startswith("__Host-") and config["SESSION_COOKIE_SAMESITE"] in ("Lax", "Strict")
    return "" if whole and strict else f"the cookie {name} may travel in the clear"


@rule(
    RULES, "TRUSTED_HOSTS", "the house answers to its own names only", "list the names, with commas between"
)
def hosts(house: House) -> str:
    """Else a forged name ends up in links."""
    names = house.settings.trusted_hosts or ()
    if not names:
        return "it answers to any name"
    return "it answers to any name below a dot" if any(name.startswith((".", "*")) for name in names) else ""


@rule(
    RULES,
    "HOUSE_URL",
    "the address in notices is https and one of ours",
    "give the address as people type it",
)
def address(house: House) -> str:
    """Links in notices lead there."""
    url = urlsplit(house.settings.house_url)
    if url.scheme != "https":
        return f"it is {house.settings.house_url}"
    return (
        ""
        if url.hostname in (house.settings.trusted_hosts or ())
        else f"{url.hostname} is not in TRUSTED_HOSTS"
    )


@rule(RULES, "PROXIES", "the number of proxies in front is exact", "count your own proxies; one nginx is 1")
def proxies(house: House) -> str:
    """Too few, and every address is the proxy's; too many, and a stranger chooses their own."""
    if "PROXIES" not in house.environment:
        return "it was not given"
    return (
        ""
        if 1 <= house.settings.proxies <= 3
        else f"it is {house.settings.proxies}: something must bring https"
    )


@rule(RULES, "SECOND_FACTOR", "everybody signs in with a second factor", "set SECOND_FACTOR=required")
def second_factor(house: House) -> str:
    """A password alone is guessed, seen or told."""
    return "" if house.settings.second_factor == "required" else "a password alone lets people in"


@rule(RULES, "FACTOR_KEY", "long, random and only for apps", "take FACTOR_KEY away; the next start makes one")
def factor_key(house: House) -> str:
    """It seals what authenticator apps share with us; were it the SECRET_KEY, that could not be exchanged."""
    key = house.settings.factor_key
    if key in (house.settings.secret_key, house.settings.audit_key):
        return "it is another key too"
    return weakness(key)


@rule(
    RULES,
    "FACTOR_KEY_BEFORE",
    "no older key of apps is needed",
    "run flask keys rotate, and take FACTOR_KEY_BEFORE away",
    stops=False,  # keys are changed while people work
)
def factor_key_changed(house: House) -> str:
    """A key that was given up for a reason still opens what it has sealed."""
    return "there is one" if house.settings.factor_key_before else ""


@rule(RULES, "PROOF_HOLDS_MINUTES", "what cannot be undone asks who it is", "give it 5 to 15 minutes")
def fresh_proof(house: House) -> str:
    """Whoever finds a desk unattended must not sign there."""
    minutes = house.settings.proof_holds.total_seconds() / 60
    return "" if 1 <= minutes <= LONGEST_PROOF else f"a proof holds for {minutes:g} minutes"


@rule(
    RULES,
    "OIDC_ISSUER",
    "the hospital's sign-on is asked by https",
    "give OIDC_ISSUER by its https:// address",
)
def sign_on(house: House) -> str:
    """Our secret goes there, and whom it names is let in."""
    issuer = house.settings.oidc_issuer
    return "" if not issuer or issuer.startswith("https://") else f"{issuer} is asked without encryption"


@rule(RULES, "OIDC_CLIENT_SECRET", "the sign-on's secret is long", "have the sign-on give out another secret")
def sign_on_secret(house: House) -> str:
    """With it somebody else asks in our name."""
    settings = house.settings
    return weakness(settings.oidc_client_secret) if settings.oidc_issuer else ""


@rule(RULES, "MAX_CONTENT_LENGTH", "a form has bounds", "leave the sizes of forms as they are shipped")
def sizes(house: House) -> str:
    """A request without bounds fills the memory."""
    found = [house.app.config.get(name) for name in ("MAX_CONTENT_LENGTH", "MAX_FORM_MEMORY_SIZE")]
    bounded = all(size is not None and size <= LARGEST_FORM for size in found)
    return "" if bounded and house.app.config.get("MAX_FORM_PARTS") else "a form may have any size"


@rule(RULES, "SECURE_COOKIES", "browsers are told to come by https for a year", "set SECURE_COOKIES=yes")
def strict_transport(house: House) -> str:
    """Else the first click of the day may be by plain http."""
    told = house.answer.headers.get("Strict-Transport-Security", "")
    return "" if f"max-age={ONE_YEAR}" in told else "they are not"


@rule(RULES, "headers", "a page runs nothing that is not ours", "let the proxy pass our headers as they are")
def policy(house: House) -> str:
    """The policy is the second wall behind escaping."""
    told = house.answer.headers.get("Content-Security-Policy", "")
    return "" if "default-src 'none'" in told and "unsafe" not in told else "the policy is missing or open"


@rule(RULES, "headers", "no answer names a version", "take Server and X-Powered-By away")
def versions(house: House) -> str:
    """A version tells which holes to try."""
    named = [name for name in ("Server", "X-Powered-By") if house.answer.headers.get(name)]
    return f"{', '.join(named)} does" if named else ""


@rule(
    RULES,
    "MAIL_URL",
    "notices leave by an encrypted way",
    "give MAIL_URL as smtps://…, or smtp:// to this machine",
)
def mail(house: House) -> str:
    """A notice names nobody, but its link and its recipient are nobody else's business either."""
    url = urlsplit(house.settings.mail_url)
    if not house.settings.mail_url:
        return "there is no mail server: nobody is told of anything"
    inside = url.hostname in ("localhost", "127.0.0.1", "::1")
    return "" if url.scheme == "smtps" or inside else "notices leave in the clear"


def weakness(key: str) -> str:
    """Say what makes a key easy to guess, if anything."""
    if len(key) < LONG_ENOUGH:
        return f"it has {len(key)} characters"
    return "" if len(set(key)) >= MANY_ENOUGH else "it hardly changes from letter to letter"
