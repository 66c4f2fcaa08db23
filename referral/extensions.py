"""The extensions, made once and wired to the application by its factory."""

from flask_login import LoginManager
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect
from sqlalchemy import MetaData

# Every constraint has a name, so that a migration can find it and an error says which one refused.
CONSTRAINT_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

# What was loaded stays loaded after the commit: a page is drawn without opening a second transaction.
db = SQLAlchemy(
    metadata=MetaData(naming_convention=CONSTRAINT_NAMES), session_options={"expire_on_commit": False}
)
migrate = Migrate()
csrf = CSRFProtect()
login_manager = LoginManager()
