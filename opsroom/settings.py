"""All settings, read once from the environment. docs/operating.md lists the variables."""

import os
import sys
from pathlib import Path

import django_stubs_ext

from opsroom import embedded, logs
from opsroom.env import Env
from opsroom.keys import field_keys, kept_secret
from opsroom.servers.address import DatabaseAddress, database_address, redis_address

# Lets `ModelAdmin[Shop]` and its like run as they are typed.
django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = embedded.VAR
env = Env(os.environ)

# --- What kind of start is this? -----------------------------------------------------------------------------------
DEBUG = env.flag("OPSROOM_DEBUG")
IS_PRODUCTION = env.has("DATABASE_URL")
# The embedded default is served on http://localhost; production sits behind TLS.
IS_SECURE = env.flag("OPSROOM_HTTPS", default=IS_PRODUCTION)
PUBLIC_URL = env.text("OPSROOM_URL", "https://localhost" if IS_SECURE else "http://localhost:8000").rstrip("/")
ALLOWED_HOSTS = env.words("OPSROOM_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.words("OPSROOM_TRUSTED_ORIGINS")
ROOT_URLCONF = "opsroom.urls"
WSGI_APPLICATION = "opsroom.wsgi.application"
ASGI_APPLICATION = "opsroom.asgi.application"

# --- Keys ------------------------------------------------------------------------------------------------------------
SECRET_KEY = kept_secret(env, "OPSROOM_SECRET_KEY", VAR_DIR, generate=not IS_PRODUCTION)
SECRET_KEY_FALLBACKS = env.words("OPSROOM_OLD_SECRET_KEYS")
# The first seals, all open: put a new key in front, run `manage.py rotate_keys`, then drop the old one.
FIELD_KEYS = field_keys(env, VAR_DIR, generate=not IS_PRODUCTION)

# --- Apps ------------------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "opsroom",
    "opsroom.people",
    "opsroom.privacy",
    "drafts",
    "alerts",
    "connectors",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "template_partials",
    "django_htmx",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
]

MIDDLEWARE = [
    "opsroom.request_id.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "opsroom.people.middleware.TimeZoneMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- Databases -------------------------------------------------------------------------------------------------------
_database: DatabaseAddress = database_address(env, embedded.place())
# Chaos, rehearsals and their workers run beside the app in a database of their own.
DATABASE_NAME = env.text("OPSROOM_DATABASE_NAME", _database.name)
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql" if env.has("DATABASE_URL") else "opsroom.postgres",
        "NAME": DATABASE_NAME,
        "USER": _database.user,
        "PASSWORD": _database.password,
        "HOST": _database.host,
        "PORT": _database.port,
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"application_name": "opsroom", **_database.options},
        "TEST": {"NAME": "_".join(filter(None, ["test_opsroom", env.text("OPSROOM_TEST_SUFFIX")]))},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Used sign-in codes and rate limits live in a table: flushing Redis must not make a used code good again.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "people_cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

# --- Queue -----------------------------------------------------------------------------------------------------------
CELERY_BROKER_URL = redis_address(env, embedded.place())

# --- People ----------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 7
ACCOUNT_ADAPTER = "opsroom.people.adapters.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 300
ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS = 3
ACCOUNT_REAUTHENTICATION_TIMEOUT = 120
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = "[Ops Room] "
# Five guesses in five minutes for one account, ten tries a minute from one address.
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/5m/key", "login": "30/m/ip"}
# Behind a proxy all visitors share its address; the last of X-Forwarded-For is the one that the proxy itself wrote.
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if env.flag("OPSROOM_BEHIND_PROXY") else 0
MFA_ADAPTER = "opsroom.people.adapters.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_USER_VERIFICATION = "required"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not IS_SECURE
MFA_TOTP_TOLERANCE = 0
MFA_TOTP_ISSUER = "Ops Room"
MFA_TRUST_ENABLED = False

# --- API and MCP -----------------------------------------------------------------------------------------------------
# Calls that one token may make in a minute, over all processes.
API_READS_A_MINUTE = env.whole("OPSROOM_API_READS_A_MINUTE", 60, least=1)
API_PROPOSALS_A_MINUTE = env.whole("OPSROOM_API_PROPOSALS_A_MINUTE", 20, least=1)
# Names under which the MCP server may be reached over HTTP; any other Host is refused (DNS rebinding).
MCP_HOSTS = env.words("OPSROOM_MCP_HOSTS", ["localhost:*", "127.0.0.1:*", "[::1]:*"])
# Whom `manage.py mcp` works for over stdio.
MCP_TOKEN = env.text("OPSROOM_TOKEN")

# --- Browser security ------------------------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "manifest-src": ["'self'"],
        "worker-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SECURE_SSL_REDIRECT = IS_SECURE
SECURE_HSTS_SECONDS = 60 * 60 * 24 * 365 if IS_SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = IS_SECURE
SECURE_HSTS_PRELOAD = IS_SECURE
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.flag("OPSROOM_BEHIND_PROXY") else None
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_SECURE
# Browsers tie a `__Host-` cookie to this host, this path and TLS; they refuse the name without TLS.
SESSION_COOKIE_NAME = "__Host-session" if IS_SECURE else "opsroom_session"
CSRF_COOKIE_NAME = "__Host-csrf" if IS_SECURE else "opsroom_csrf"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
# A 10 MB message is quarantined by its step; anything above is refused before it is read.
DATA_UPLOAD_MAX_MEMORY_SIZE = 12 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000
FILE_UPLOAD_HANDLERS = [
    "opsroom.reports.limit.Limit",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

# --- Logs ------------------------------------------------------------------------------------------------------------
LOGGING = logs.logging_settings(
    level=env.text("OPSROOM_LOG_LEVEL", "INFO", choices=["DEBUG", "INFO", "WARNING", "ERROR"]),
    is_terminal=sys.stderr.isatty(),
)
logs.configure()

# --- Who we are ------------------------------------------------------------------------------------------------------
# What replies and purchase orders are signed with; empty: the shop's own name without the words for its channel.
COMPANY = env.text("OPSROOM_COMPANY")

# --- Mail ------------------------------------------------------------------------------------------------------------
_mail = env.url("OPSROOM_SMTP_URL", schemes=["smtp", "smtps", "smtp+tls"])
EMAIL_BACKEND = "connectors.mail_backend.OutboxBackend" if _mail else "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = VAR_DIR / "mail"
EMAIL_HOST = (_mail.hostname or "localhost") if _mail else "localhost"
EMAIL_PORT = (_mail.port if _mail else None) or 25
EMAIL_HOST_USER = env.text("OPSROOM_SMTP_USER", (_mail.username if _mail else None) or "")
EMAIL_HOST_PASSWORD = env.text("OPSROOM_SMTP_PASSWORD", (_mail.password if _mail else None) or "")
EMAIL_USE_SSL = bool(_mail and _mail.scheme == "smtps")
EMAIL_USE_TLS = bool(_mail and _mail.scheme == "smtp+tls")
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.text("OPSROOM_MAIL_FROM", "Ops Room <opsroom@localhost>")

# --- Metrics ---------------------------------------------------------------------------------------------------------
# Whoever scrapes /metrics sends it as a bearer token; without one there is no such page.
METRICS_TOKEN = env.text("OPSROOM_METRICS_TOKEN")

# --- Twin market -----------------------------------------------------------------------------------------------------
# Where `make run` put its simulated market; empty where there is none.
TWIN_URL = env.text("OPSROOM_TWIN_URL")

# --- Money -----------------------------------------------------------------------------------------------------------
BASE_CURRENCY = env.text("OPSROOM_BASE_CURRENCY", "USD").upper()

# --- Language model --------------------------------------------------------------------------------------------------
# Without a key everything is ranked by the computed dollars and written from templates; each card says which it was.
MODEL_API_KEY = env.text("ANTHROPIC_API_KEY")
MODEL_BASE_URL = env.text("ANTHROPIC_BASE_URL", "https://api.anthropic.com").rstrip("/")
MODEL_TIMEOUT_SECONDS = env.whole("OPSROOM_MODEL_TIMEOUT", 60, least=1, most=600)
MODEL_RETRIES = env.whole("OPSROOM_MODEL_RETRIES", 2, most=5)

# --- Writes to the outside -------------------------------------------------------------------------------------------
# A second factor proves a decision for so long.
PROOF_SECONDS = 120
# None: each kind's own window for undoing. A single owner waits instead of asking a second person.
EXECUTION_HOLD = env.seconds("OPSROOM_HOLD_SECONDS", None)
EXECUTION_ALONE_DELAY = env.seconds("OPSROOM_ALONE_DELAY_SECONDS", 15 * 60)
# A call must end within the lease: byte one leaves no later than lease minus timeout after the claim.
EXECUTION_LEASE = env.seconds("OPSROOM_LEASE_SECONDS", 120)
EXECUTION_CALL_TIMEOUT = env.seconds("OPSROOM_CALL_TIMEOUT_SECONDS", 40)
# An unknown effect may still land for so long after the call; only then is its absence believed.
EXECUTION_QUIET = env.seconds("OPSROOM_QUIET_SECONDS", 60)
EXECUTION_READ_GAP = env.seconds("OPSROOM_READ_GAP_SECONDS", 30)
EXECUTION_FIRST_RETRY = env.seconds("OPSROOM_FIRST_RETRY_SECONDS", 5)
EXECUTION_LONGEST_RETRY = env.seconds("OPSROOM_LONGEST_RETRY_SECONDS", 600)
EXECUTION_GIVE_UP = env.seconds("OPSROOM_GIVE_UP_SECONDS", 24 * 60 * 60)
EXECUTION_FIRST_LOOK = env.seconds("OPSROOM_FIRST_LOOK_SECONDS", 2)
# After failures of a whole shop nothing is sent to it for so long; then one write is the trial.
EXECUTION_HOLD_BACK = env.seconds("OPSROOM_HOLD_BACK_SECONDS", 300)
EXECUTION_MOST_SENDS = 4
EXECUTION_MOST_READS = 6
# From so many proved writes on, what is new to the installation begins as a canary.
CANARY_AFTER = 100

# --- Language, time, files -------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
LOCALE_PATHS = [BASE_DIR / "opsroom" / "locale"]
STATIC_URL = "/static/"
STATICFILES_DIRS = [path for path in [BASE_DIR / "static"] if path.is_dir()]
STATIC_ROOT = VAR_DIR / "static"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
WHITENOISE_USE_FINDERS = not IS_PRODUCTION
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if IS_PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
MEDIA_ROOT = VAR_DIR / "media"
