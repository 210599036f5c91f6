"""Settings of the whole project. Every secret and address comes from the environment (`configuration.env`).

`bin/dev` makes up what development needs; the README lists what a production environment gives.
"""

from pathlib import Path

from csp.constants import NONE, SELF

from plg_site import logs, queues
from plg_site.configuration import cdn, env, safety, site_file, storages, traces

BASE_DIR = Path(__file__).resolve().parent.parent
STATE_DIR = env.folder("STATE_DIR", BASE_DIR / ".local")

DEBUG = env.flag("DEBUG", False)
# Development without DEBUG: changed files are seen at once, but people get the real error pages.
WATCH_FILES = env.flag("WATCH_FILES", DEBUG)
# An error is shown with its place in the code, to this machine alone (plg_site.development.debug_page).
SHOW_ERRORS = env.flag("SHOW_ERRORS", False)
SECRET_KEY = env.text("SECRET_KEY")
# Keys of before: what was signed or sealed with them is good for as long as they stand here.
SECRET_KEY_FALLBACKS = env.names("SECRET_KEY_FALLBACKS")

BRAND = site_file.brand()  # name, line, mark, sender: {% brand "name" %} in every template

# --- Hosts -------------------------------------------------------------------------------------
SITE_DOMAIN = env.text("SITE_DOMAIN", "plg.localhost").lower()  # website and sign-in
APP_DOMAIN = env.text("APP_DOMAIN", SITE_DOMAIN).lower()  # workspaces are <slug>.APP_DOMAIN
FILES_DOMAIN = env.text(
    "FILES_DOMAIN", "plg-files.localhost"
).lower()  # uploads; never sees a session
PUBLIC_SCHEME = env.one_of("PUBLIC_SCHEME", "http", ("http", "https"))
PUBLIC_PORT = env.number("PUBLIC_PORT", 8000)
BIND_HOSTS = (
    safety.bind_hosts()
)  # where the web process listens; plg_site.configuration.safety looks at it
_port = "" if (PUBLIC_SCHEME, PUBLIC_PORT) in {("http", 80), ("https", 443)} else f":{PUBLIC_PORT}"
PUBLIC_PORT_SUFFIX = _port
SITE_URL = f"{PUBLIC_SCHEME}://{SITE_DOMAIN}{_port}"
FILES_URL = f"{PUBLIC_SCHEME}://{FILES_DOMAIN}{_port}"
WORKSPACES_URL_PATTERN = f"{PUBLIC_SCHEME}://*.{APP_DOMAIN}{_port}"

# The `live` process, an origin of its own; "" leaves pages to ask once a second.
LIVE_URL = env.text(
    "LIVE_URL",
    f"http://{SITE_DOMAIN}:{PUBLIC_PORT + 2}" if PUBLIC_SCHEME == "http" else "",
)
LIVE_MAX_LISTENERS = env.number("LIVE_MAX_LISTENERS", 5_000)  # open pages, for each live process
LIVE_MAX_LISTENERS_PER_WORKSPACE = env.number("LIVE_MAX_LISTENERS_PER_WORKSPACE", 200)

# The `collect` process, an origin of its own, for the SDKs of websites, apps and servers; "": none.
COLLECT_URL = env.text(
    "COLLECT_URL",
    f"http://{SITE_DOMAIN}:{PUBLIC_PORT + 3}" if PUBLIC_SCHEME == "http" else "",
).rstrip("/")
# Events of websites and apps, whose keys everybody can read, by address and of all whose address is not
# known, for each collect process.
COLLECT_BY_ADDRESS = env.rate("COLLECT_BY_ADDRESS", "6000/m")
COLLECT_FROM_UNKNOWN = env.rate("COLLECT_FROM_UNKNOWN", "60000/m")

ALLOWED_HOSTS = ["*"]  # tenants.middleware.HostMiddleware answers 404 in words to unknown hosts
USE_X_FORWARDED_HOST = False
SECURE_PROXY_SSL_HEADER = None  # plg_site.web.client_address sets the scheme, and asks who says so
# Whose X-Forwarded-For and X-Forwarded-Proto are believed: networks, addresses, "unix" for sockets.
TRUSTED_PROXIES = env.names("TRUSTED_PROXIES")
# Who may ask /readyz and /livez for more than a word, beside this machine: networks and addresses.
INTERNAL_NETWORKS = env.names("INTERNAL_NETWORKS")
# Seconds for which a web or live goes on after SIGTERM, while /readyz already says no.
DRAIN_SECONDS = env.number("DRAIN_SECONDS", 0 if WATCH_FILES else 5)
CSRF_TRUSTED_ORIGINS = [SITE_URL, WORKSPACES_URL_PATTERN]

# In the database: a sign-in survives the loss of Redis. And it is good only on the hosts it began on.
SESSION_ENGINE = "identity.sessions"
SESSION_COOKIE_DOMAIN = f".{SITE_DOMAIN}"
# Browsers take a name that begins like this from https only: nobody on the way, and no page without
# https, gives a browser a session of theirs. (`__Host-` forbids the domain that workspaces share.)
_COOKIE = "__Secure-plg" if PUBLIC_SCHEME == "https" else "plg"
SESSION_COOKIE_NAME = f"{_COOKIE}_session"
VISITOR_COOKIE_NAME = f"{_COOKIE}_aid"
SIGNED_IN_COOKIE_NAME = f"{_COOKIE}_signed_in"
# What browsers still have from before; read where there is none of the new name, then replaced.
FORMER_COOKIE_NAMES = {SESSION_COOKIE_NAME: "plg_session", VISITOR_COOKIE_NAME: "plg_aid"}
SESSION_COOKIE_AGE = 60 * 60 * 24 * 30
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PUBLIC_SCHEME == "https"
CSRF_COOKIE_DOMAIN = SESSION_COOKIE_DOMAIN
CSRF_COOKIE_NAME = f"{_COOKIE}_csrf"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
_A_YEAR = 31_536_000
SECURE_HSTS_SECONDS = env.number("SECURE_HSTS_SECONDS", _A_YEAR if PUBLIC_SCHEME == "https" else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.flag("SECURE_HSTS_INCLUDE_SUBDOMAINS", False)
# What a page of ours may ask of the browser, and who may: nobody, or only we ourselves.
PERMISSIONS_POLICY: dict[str, list[str]] = {
    "accelerometer": [],
    "browsing-topics": [],
    "camera": [],
    "display-capture": [],
    "geolocation": [],
    "gyroscope": [],
    "magnetometer": [],
    "microphone": [],
    "midi": [],
    "payment": [],
    "usb": [],
    "clipboard-write": ["self"],
    "fullscreen": ["self"],
    "publickey-credentials-create": ["self"],
    "publickey-credentials-get": ["self"],
}
X_FRAME_OPTIONS = "SAMEORIGIN"  # Wagtail's preview frames the page it edits

_CHECKOUT_HOSTS = [  # where a form of ours may lead: the hosted pages, and the way to a card's bank
    "https://checkout.stripe.com",
    "https://billing.stripe.com",
    "https://hooks.stripe.com",
    "https://invoice.stripe.com",
]
STRIPE_API_HOST = env.text("STRIPE_API_HOST", "https://api.stripe.com")
STRIPE_SIMULATED = env.flag("STRIPE_SIMULATED", False)
STRIPE_PAGES_URL = env.text("STRIPE_PAGES_URL", STRIPE_API_HOST)
CONTENT_SECURITY_POLICY = {
    # Wagtail's admin has inline scripts and styles; it gets its own policy in cms.public.middleware.
    "EXCLUDE_URL_PREFIXES": ["/cms/"],
    "DIRECTIVES": {
        "default-src": [SELF],
        "connect-src": [
            SELF,
            *([LIVE_URL] if LIVE_URL else []),
            *([SITE_URL, WORKSPACES_URL_PATTERN] if WATCH_FILES else []),  # static/js/reachable.js
        ],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "frame-ancestors": [SELF],
        # Browsers apply form-action to the redirect that follows a POST, too.
        "form-action": [
            SELF,
            SITE_URL,
            WORKSPACES_URL_PATTERN,
            *([STRIPE_PAGES_URL] if STRIPE_SIMULATED else _CHECKOUT_HOSTS),
        ],
    },
}

# --- Apps --------------------------------------------------------------------------------------
PRODUCT_APP = env.text("PRODUCT_APP", site_file.product())

SHARED_APPS = [
    "plg_site.apps.PlgSiteConfig",
    "events",
    "identity",
    "cms",
    "staff",
    "outbound",
    "tenants",
    "tenants.domains",
    "metering",
    "billing",
    "django_tenants",
    "billing.djstripe_app.LateResourcesConfig",
    "wagtail.contrib.forms",
    "wagtail.contrib.redirects",
    "wagtail.contrib.settings",
    "wagtail.embeds",
    "cms.wagtail_sites.KeptSitesConfig",
    "cms.wagtail_users.EditorUsersConfig",
    "wagtail.snippets",
    "wagtail.documents",
    "wagtail.images",
    "wagtail.search",
    "wagtail.admin",
    "wagtail",
    "modelcluster",
    "taggit",
    "allauth",
    "allauth.account",
    "allauth.idp.oidc",
    "allauth.mfa",
    "ninja",
    "anymail",
    "django_htmx",
    "csp",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.contrib.sitemaps",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
]
# Content types stay in public only: their cache is process-global and would mix up ids.
TENANT_APPS = [PRODUCT_APP]
INSTALLED_APPS = [*SHARED_APPS, *TENANT_APPS]

# Navigation of a workspace: the product's own entries come first (PRODUCT_APP.nav.NAV).
WORKSPACE_NAV = [
    ("Usage", "metering:usage", "gauge"),
    ("Members", "tenants:members", "users"),
    ("Billing", "billing:overview", "card"),
    ("Settings", "tenants:settings", "settings"),
]

# --- Tenancy -----------------------------------------------------------------------------------
TENANT_MODEL = "tenants.Tenant"
TENANT_DOMAIN_MODEL = "tenants.Domain"
PUBLIC_SCHEMA_NAME = "public"
ROOT_URLCONF = "plg_site.urls.workspace"
PUBLIC_SCHEMA_URLCONF = "plg_site.urls.site"
FILES_URLCONF = "plg_site.urls.files"
# Ready schemas of each template: the least and the most, and for how many seconds of sign-ups at the
# rate of late they shall last without a refill.
POOL_MIN = env.number("POOL_MIN", 24)
POOL_MAX = env.number("POOL_MAX", 200)
POOL_SECONDS = env.number("POOL_SECONDS", 60)

# Free workspaces that a person may own, deleted ones in their days of grace included; fewer while
# their address is not proved.
FREE_WORKSPACES_PER_PERSON = env.number("FREE_WORKSPACES_PER_PERSON", 3)
FREE_WORKSPACES_UNPROVED = env.number("FREE_WORKSPACES_UNPROVED", 1)
# A workspace that moves leaves its old address redirecting, and nobody else can take it, for so long.
FORMER_ADDRESS_DAYS = env.number("FORMER_ADDRESS_DAYS", 90)
DELETION_GRACE_DAYS = env.number("DELETION_GRACE_DAYS", 30)  # until the purge; undo is possible
DELETION_WARNING_DAYS = env.number("DELETION_WARNING_DAYS", 3)  # the last mail is so long before it
API_KEY_WARNING_DAYS = env.number("API_KEY_WARNING_DAYS", 7)  # the mail before a key's last day
# Words that no workspace's address may carry, or look like: the product's name and the site's.
BRAND_WORDS = env.names("BRAND_WORDS", ",".join([*BRAND.words, SITE_DOMAIN.partition(".")[0]]))
# Mail providers for everybody, beside those of the libraries: no workspace opens its door for them.
PUBLIC_MAIL_DOMAINS = env.names("PUBLIC_MAIL_DOMAINS")

# --- Domains of the workspaces' own (tenants.domains, docs/custom-domains.md) --------------------
# What their CNAME names, and for names that can have none, the addresses behind it.
CUSTOM_DOMAIN_TARGET = env.text("CUSTOM_DOMAIN_TARGET", f"domains.{APP_DOMAIN}")
CUSTOM_DOMAIN_ADDRESSES = env.names("CUSTOM_DOMAIN_ADDRESSES")
# Asked in this order, "address" or "address#port"; none: those of the machine.
DNS_RESOLVERS = env.names("DNS_RESOLVERS", "1.1.1.1,8.8.8.8,9.9.9.9")
TLS_ASK_TOKEN = env.text("TLS_ASK_TOKEN", "")  # part of the address that Caddy asks; "" closes it

# --- Data --------------------------------------------------------------------------------------
# Seconds for which a request waits for a connection while all are in use; then it is a 503.
DATABASE_WAIT = env.number("DATABASE_WAIT", 5)
_database = env.postgres("DATABASE_URL")
DATABASES = {
    "default": {
        "ENGINE": "tenants.database",
        **_database,
        "CONN_MAX_AGE": 0,  # the pool keeps connections, not the thread
        "CONN_HEALTH_CHECKS": True,  # nobody gets a connection that died with the server
        "OPTIONS": {
            "pool": {
                "min_size": env.number("DATABASE_POOL_MIN", 1),
                "max_size": env.number("DATABASE_POOL_SIZE", 16),  # the threads of a web process
                "timeout": DATABASE_WAIT,
                # What the last burst needed goes, one in each of these spans; each is some 6 MB there.
                "max_idle": 15,
                # A backend that has visited thousands of schemas keeps their catalogue in memory.
                "max_lifetime": 600,
            },
            "connect_timeout": DATABASE_WAIT,
            **_database["OPTIONS"],  # sslmode and whatever else stands in the address
        },
    }
}
# The connection budget, which `manage.py doctor` compares with what the servers give: how many of each
# process there are at the most, on all machines together.
WEB_THREADS = env.number("WEB_THREADS", 16)
WEB_PROCESSES = env.number("WEB_PROCESSES", env.number("WEB_WORKERS", 2))
WORKER_PROCESSES = env.number("WORKER_PROCESSES", 2)
EVENTS_PROCESSES = env.number("EVENTS_PROCESSES", 1)
READERS_PROCESSES = env.number("READERS_PROCESSES", 1)
COLLECT_PROCESSES = env.number("COLLECT_PROCESSES", 1)
OUTBOUND_PROCESSES = env.number("OUTBOUND_PROCESSES", 1)
UPDATE_SURGE_PERCENT = env.number("UPDATE_SURGE_PERCENT", 0)  # started before the old ones end
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

EVENTS_DATABASE_URL = env.events_store("EVENTS_DATABASE_URL")
EVENTS_STREAM = env.text("EVENTS_STREAM", "events")
EVENTS_CLICKHOUSE_CLUSTER = env.text("EVENTS_CLICKHOUSE_CLUSTER", "")
EVENTS_SPOOL_DIR = STATE_DIR / "spool"
EVENTS_SPOOL_MAX_BYTES = env.number("EVENTS_SPOOL_MAX_BYTES", 256 * 1024 * 1024)
EVENTS_STREAM_MAX_LENGTH = env.number("EVENTS_STREAM_MAX_LENGTH", 1_000_000)
EVENTS_POOL_SIZE = env.number("EVENTS_POOL_SIZE", 8)
EVENTS_NICE = env.number("EVENTS_NICE", 5)  # how far who stores stands behind who takes; 0: not
READERS_THREADS = env.number("READERS_THREADS", 4)  # readers of the log at work at once, a process
READERS_NICE = env.number("READERS_NICE", 10)  # how far they stand behind who stores; 0: not
EVENTS_RETENTION_DAYS = env.number("EVENTS_RETENTION_DAYS", 800)  # 0: raw events stay for ever
EVENTS_ARCHIVE_DIR = env.folder("EVENTS_ARCHIVE_DIR", STATE_DIR / "archive")

REDIS_URL = env.redis("REDIS_URL")
# The highest level of pressure that signals lead to (0: only people do), and of how many events that
# may be left out one is kept (events.shedding).
PRESSURE_BY_ITSELF = env.number("PRESSURE_BY_ITSELF", 3)
PRESSURE_KEEP_ONE_IN = env.number("PRESSURE_KEEP_ONE_IN", 10)
METERING_LATE_AFTER = env.number("METERING_LATE_AFTER", 300)  # seconds; an event is marked as late
METERING_CLOSE_AFTER = env.number("METERING_CLOSE_AFTER", 3600)  # seconds after a period's end
QUOTA_PREFIX = env.text("QUOTA_PREFIX", "quota")  # of the counters' keys
# One click counts for a link and a client within so many seconds (0: every one), and from one address,
# whatever browsers it names, so many; of all whose address is not known, from one proxy.
CLICK_WINDOW_SECONDS = env.number("CLICK_WINDOW_SECONDS", 10)
CLICKS_PER_ADDRESS = env.number("CLICKS_PER_ADDRESS", 60)
CLICKS_FROM_UNKNOWN = env.number("CLICKS_FROM_UNKNOWN", 300)
# A bucket for each, that fills up again in a second, minute or hour: "100/s", "6000/m".
API_RATE_PER_KEY = env.rate("API_RATE_PER_KEY", "6000/m")
API_RATE_PER_WORKSPACE = env.rate("API_RATE_PER_WORKSPACE", "18000/m")
CACHES = {
    "default": {
        "BACKEND": "plg_site.operating.cache.RedisOrLocalCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": env.text("CACHE_PREFIX", "plg"),
        "OPTIONS": {"socket_timeout": 0.5, "socket_connect_timeout": 0.5},
    }
}

WORKER_NICE = env.number("WORKER_NICE", 10)  # how far a worker stands behind web (nice(2)); 0: not
CELERY_BROKER_URL, CELERY_BROKER_USE_SSL = env.redis_tls(REDIS_URL)
CELERY_BROKER_TRANSPORT = "plg_site.operating.broker:Transport"
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a worker waits for Redis as long as it takes
_queue = env.text("CELERY_QUEUE", "plg")
CELERY_QUEUE = _queue
if _queue == EVENTS_STREAM:
    env.note_wrong("CELERY_QUEUE and EVENTS_STREAM are both keys in Redis: they must differ")
CELERY_TASK_QUEUES = queues.declared(_queue)
CELERY_TASK_ROUTES = queues.routes(_queue, product=PRODUCT_APP)
# Kept by a worker of processes; one of threads (`bin/dev`) cannot end what is stuck.
CELERY_TASK_ANNOTATIONS = queues.time_limits()
CELERY_TASK_TIME_LIMIT = queues.LONGEST[queues.SOON]
CELERY_TASK_DEFAULT_QUEUE = queues.name(_queue, queues.SOON)
CELERY_WORKER_PREFETCH_MULTIPLIER = 1  # what lies in the queue another worker can take
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "queue_order_strategy": "priority",  # in the order of CELERY_TASK_QUEUES
    # A worker says of each task in its hands that it lives (plg_site.operating.broker). When nobody
    # says so for as long as this (s), another one gets it; looked for each 10 s.
    "visibility_timeout": 45,
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
    "unacked_mutex_expire": 30,  # who looked died meanwhile
    "socket_timeout": 5,
    "socket_connect_timeout": 1,
    "max_retries": 0,  # a request that enqueues must not wait for a dead broker
}
CELERY_TASK_PUBLISH_RETRY = False  # who enqueues decides what to do without a broker
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "plg_site.operating.scheduler:Scheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 10  # seconds; so often it says that it is alive
CELERY_BEAT_SCHEDULE = queues.every(
    _queue,
    {
        "tenants.domains.tasks.check_domains": 60.0,
        "tenants.tasks.check_doors": 60.0,
        "identity.tasks.forget_ended_sign_ins": 3600.0,
        "tenants.tasks.refill_pool": 15.0,
        "tenants.tasks.prepare_workspaces": 5.0,
        "tenants.tasks.look_after_lives": 3600.0,
        "billing.tasks.ask_stripe": 600.0,
        "billing.tasks.work_off_inbox": 30.0,
        "billing.tasks.bill_usage": 600.0,
        "billing.tasks.reconcile": 24 * 3600.0,
        "tenants.tasks.purge_workspaces": 3600.0,
        "tenants.archive.tasks.tend": 30.0,
        "events.tasks.maintain": 3600.0,
        "metering.tasks.close_periods": 60.0,
        "staff.tasks.forget_looks": 24 * 3600.0,
        "identity.tasks.tidy_sessions": 24 * 3600.0,
        "identity.tasks.finish_erasures": 3600.0,
        "metering.tasks.evaluate_alerts": 15.0,
        "cms.tasks.publish_scheduled": 60.0,
    },
)

# --- Files -------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Collected with the image, where that says so; else by `prepare`.
STATIC_ROOT = env.folder("STATIC_DIR", STATE_DIR / "static")
MEDIA_ROOT = STATE_DIR / "media"
MEDIA_URL = "/media/"
# Folders of this machine, or a bucket that several machines share; docs/deploy/storages.md.
STORAGE = storages.bucket()
STORAGES = storages.storages(
    STORAGE,
    state=STATE_DIR,
    static="django.contrib.staticfiles.storage.StaticFilesStorage"
    if WATCH_FILES
    else "plg_site.web.static_storage.StaticStorage",
)
WHITENOISE_USE_FINDERS = WATCH_FILES
WHITENOISE_AUTOREFRESH = WATCH_FILES
SITE_RELEASES_DIR = STATE_DIR / "releases"
UPLOAD_MAX_BYTES = env.number("UPLOAD_MAX_BYTES", 20 * 1024 * 1024)
# Enough to start a download, too short to be passed around.
DOWNLOAD_LINK_SECONDS = env.number("DOWNLOAD_LINK_SECONDS", 10 * 60)
EXPORT_KEPT_DAYS = env.number("EXPORT_KEPT_DAYS", 7)
# Of an archive that somebody brings: as it comes, unpacked, and how many files it may hold.
IMPORT_MAX_BYTES = env.number("IMPORT_MAX_BYTES", 2 * 1024**3)
IMPORT_MAX_UNPACKED_BYTES = env.number("IMPORT_MAX_UNPACKED_BYTES", 10 * 1024**3)
IMPORT_MAX_ENTRIES = env.number("IMPORT_MAX_ENTRIES", 100_000)
# What `doctor` expects of backups; deploy/backup makes them.
BACKUP_HOURS = env.number("BACKUP_HOURS", 26)
BACKUP_SLOT = env.text("BACKUP_SLOT", "plg_backup")
RESTORE_PROVED_DAYS = env.number("RESTORE_PROVED_DAYS", 30)
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024  # bodies without files
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]

# --- Requests ----------------------------------------------------------------------------------
MIDDLEWARE = [
    "plg_site.web.seen.SeenMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "tenants.hosts.headers.PermissionsPolicyMiddleware",
    "plg_site.web.readable.ReadableMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "plg_site.web.try_again.TryAgainMiddleware",
    # Before the host is looked up: a host that leads nowhere gets the same headers.
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "cms.public.middleware.EditorPolicyMiddleware",
    "tenants.middleware.HostMiddleware",
    "events.middleware.EventBufferMiddleware",
    "plg_site.web.request_bodies.BodyLimitMiddleware",
    "identity.cookies.HostOnlyCookiesMiddleware",
    "identity.sessions.HostSessionMiddleware",
    "identity.oidc.policy.FormActionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "identity.middleware.VisitorMiddleware",
    "tenants.middleware.MembershipMiddleware",
    "staff.guard.SecondFactorMiddleware",
    "cms.public.middleware.SiteRedirectMiddleware",
    "cms.public.hand_made.HandMadeRequestsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": [
                "plg_site.templatetags.icons",
                "plg_site.templatetags.contact",
                "plg_site.templatetags.branding",
                "plg_site.templatetags.repeated",
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "plg_site.web.context.site",
                "tenants.pages.context.workspace",
            ],
        },
    }
]
WSGI_APPLICATION = "plg_site.wsgi.application"
APPEND_SLASH = True

# --- Sign-in -----------------------------------------------------------------------------------
AUTH_USER_MODEL = "identity.User"
# Not ModelBackend: an address may belong to several unverified users until one proves it.
AUTHENTICATION_BACKENDS = [
    "identity.passwords.PasswordBackend",
    "allauth.account.auth_backends.AuthenticationBackend",  # that sessions name; asked for no password
]
SILENCED_SYSTEM_CHECKS = [
    "auth.W004",  # email is unique once verified, see identity/README.md
    "djstripe.W002",  # STRIPE_API_HOST is always set; elsewhere only to the simulator
]
PASSWORD_HASHERS = ["identity.hashers.Argon2idHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = f"{SITE_URL}/login/"
LOGIN_REDIRECT_URL = "/go/"
WAGTAILADMIN_LOGIN_URL = "/cms/login/"  # which leads to the one sign-in
ACCOUNT_ADAPTER = "identity.adapters.account_adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "signup": "tenants.signing_up.signup.WorkspaceSignupForm",
    "login": "identity.adapters.forms.SignInForm",
    "request_login_code": "identity.adapters.forms.AskForCodeForm",
    "add_email": "identity.adapters.forms.AddAddressForm",
    "reset_password": "identity.adapters.forms.ResetForm",
    "user_token": "identity.adapters.forms.ResetLinkForm",
    "reset_password_from_key": "identity.adapters.forms.NewPasswordForm",
    "confirm_login_code": "identity.proofs.mailed_codes.ConfirmCodeForm",
    "change_password": "identity.adapters.account_forms.NewPasswordForm",
    "confirm_reauthentication_code": "identity.adapters.account_forms.MailedCodeAgainForm",
}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_MAX_EMAIL_ADDRESSES = 10  # of one person
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_PREVENT_ENUMERATION = "strict"
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 15 * 60
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_GET = ACCOUNT_CONFIRM_EMAIL_ON_GET = False  # a link changes nothing
ACCOUNT_LOGOUT_REDIRECT_URL = f"{SITE_URL}/"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_DEFAULT_HTTP_PROTOCOL = PUBLIC_SCHEME
ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS = 1_000  # identity.proofs.mailed_codes counts, with the code
# What anybody could use against others is limited elsewhere, and never by the address alone:
# identity.attempts.sign_in_limits, identity.proofs.mailed_codes, identity.security.guesses (it counts
# what allauth's second factors count as "login_failed"), identity.adapters.account_adapter.may_mail,
# tenants.signing_up.admission.
ACCOUNT_RATE_LIMITS = dict.fromkeys(
    (
        "signup",
        "login",
        "login_failed",
        "request_login_code",
        "reset_password",
        "reset_password_from_key",
        "confirm_email",  # identity.proofs.mail_limits: each sign-up has its own mail
    )
)
# Wrong passwords for an account and from one address (or a known device); for the account from all
# that are not known; from an address for all accounts, after which a proof of work is asked for.
SIGN_IN_TRIES = env.rate("SIGN_IN_TRIES", "10/h")
SIGN_IN_TRIES_PER_ACCOUNT = env.rate("SIGN_IN_TRIES_PER_ACCOUNT", "100/h")
SIGN_IN_TRIES_PER_ADDRESS = env.rate("SIGN_IN_TRIES_PER_ADDRESS", "100/h")

# Sign-up (signing_up.admission): how many go straight through, by what speaks for them; over it the form
# comes back with one more step. By a link that we signed, by a browser that came before, by address
# (or all whose address is not known) where the form was loaded; and without that.
SIGNUPS_BY_LINK = env.rate("SIGNUPS_BY_LINK", "600/h")
SIGNUPS_BY_DEVICE = env.rate("SIGNUPS_BY_DEVICE", "10/h")
SIGNUPS_BY_ADDRESS = env.rate("SIGNUPS_BY_ADDRESS", "20/m")
SIGNUPS_FROM_UNKNOWN = env.rate("SIGNUPS_FROM_UNKNOWN", "600/m")
SIGNUPS_UNSEEN_BY_ADDRESS = env.rate("SIGNUPS_UNSEEN_BY_ADDRESS", "3/m")
SIGNUPS_UNSEEN = env.rate("SIGNUPS_UNSEEN", "60/m")
# In the waiting room of sign-up (signing_up.waiting_room), which opens under the highest pressure.
SIGNUPS_FROM_WAITING_ROOM = env.rate("SIGNUPS_FROM_WAITING_ROOM", "5/s")
SIGNUP_FORM_SECONDS = env.number("SIGNUP_FORM_SECONDS", 2)  # nobody fills the form in faster
UNPROVED_DAYS = env.number("UNPROVED_DAYS", 30)  # then a sign-up that nobody proved or used ends

ACCOUNT_EMAIL_NOTIFICATIONS = True  # of a changed password or address, a new passkey, and the like
# Before what changes how one signs in, or cannot be taken back: a sign-in within so many seconds ...
ACCOUNT_REAUTHENTICATION_TIMEOUT = env.number("REAUTHENTICATION_SECONDS", 15 * 60)
# ... and before the pages of staff and editors, a second factor (identity.security).
STAFF_SIGN_IN_SECONDS = env.number("STAFF_SIGN_IN_SECONDS", 8 * 60 * 60)
STAFF_TRAIL_DAYS = env.number("STAFF_TRAIL_DAYS", 400)  # how long it is kept who looked at what
# Only a development stack: the demo's staff answer with codes that its log shows.
DEMO_SECOND_FACTOR = env.flag("MAIL_OUTBOX", False)
MFA_ADAPTER = "identity.adapters.mfa_adapter.MFAAdapter"
MFA_FORMS = {
    "activate_totp": "identity.adapters.mfa_forms.TOTPForm",
    "add_webauthn": "identity.adapters.mfa_forms.PasskeyForm",
    "authenticate": "identity.adapters.mfa_forms.CodeForm",
    "reauthenticate": "identity.adapters.mfa_forms.CodeAgainForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_TOLERANCE = 1  # a clock may be half a minute off (RFC 6238, 5.2)
MFA_ALLOW_UNVERIFIED_EMAIL = True  # mfa_forms ask for the main address only; others may wait

# The provider (identity.oidc): one sign-in for site, workspaces on their own domains, other properties.
IDP_OIDC_ADAPTER = "identity.oidc.adapter.OIDCAdapter"
IDP_OIDC_REFRESH_TOKEN_EXPIRES_IN = SESSION_COOKIE_AGE

# --- Mail --------------------------------------------------------------------------------------
# smtp://user:password@host:587. Only a development stack may do without: its outbox page shows
# everybody's mail, sign-in codes included, to whoever asks.
# Or a provider: its name at django-anymail ("postmark"); its keys are ANYMAIL_… variables.
MAIL_PROVIDER = env.text("MAIL_PROVIDER", "")
ANYMAIL = env.with_prefix("ANYMAIL_")
EMAIL_URL = env.text(
    "EMAIL_URL",
    "" if env.flag("MAIL_OUTBOX", bool(MAIL_PROVIDER)) else None,
    kind="smtp://, smtps:// or smtp+plain://",
    instead="MAIL_PROVIDER",
)
# The selectors that the mail provider signs with; `manage.py doctor` looks for their keys.
MAIL_DKIM_SELECTORS = env.names("MAIL_DKIM_SELECTORS")
MAIL_OUTBOX_DIR = None if EMAIL_URL or MAIL_PROVIDER else STATE_DIR / "outbox"
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", f"{BRAND.sender} <hello@{SITE_DOMAIN}>")
OUTBOUND_AT_ONCE = False  # tests: what is due leaves with the commit; else `run_outbound` sends it
OUTBOUND_KEPT_DAYS = env.number(
    "OUTBOUND_KEPT_DAYS", 90
)  # rows of what was sent, without its words
# Of each `run_outbound`, while so many wait: one after the other, a server's half second is two a second.
MAIL_AT_ONCE = max(1, env.number("MAIL_AT_ONCE", 4))
# Not a limit that anybody should meet: what is above it waits (outbound.gating.gates). Codes are not counted.
MAIL_ALL_PER_RECIPIENT = env.rate("MAIL_ALL_PER_RECIPIENT", "60/d")
MAIL_ALL_PER_WORKSPACE = env.rate("MAIL_ALL_PER_WORKSPACE", "1000/h")
MAIL_ALL_PER_SENDER = env.rate("MAIL_ALL_PER_SENDER", "300/h")
# What one person gets in a day of theirs, of what they may say no to; and no marketing in these hours.
MAIL_CAPS_A_DAY = {
    "product": env.number("MAIL_PRODUCT_A_DAY", 20),
    "marketing": env.number("MAIL_MARKETING_A_DAY", 1),
}
# The same of in-app messages (the bell).
NOTIFICATIONS_PER_PERSON = env.rate("NOTIFICATIONS_PER_PERSON", "120/d")
NOTIFICATIONS_PER_WORKSPACE = env.rate("NOTIFICATIONS_PER_WORKSPACE", "5000/h")
NOTIFICATIONS_PER_SENDER = env.rate("NOTIFICATIONS_PER_SENDER", "300/h")
NOTIFICATION_CAPS_A_DAY = {
    "product": env.number("NOTIFICATIONS_PRODUCT_A_DAY", 50),
    "marketing": env.number("NOTIFICATIONS_MARKETING_A_DAY", 1),
}
MAIL_QUIET_FROM = env.number("MAIL_QUIET_FROM", 21)
MAIL_QUIET_UNTIL = env.number("MAIL_QUIET_UNTIL", 8)
# Text messages: "twilio", or a provider that speaks its API; "": there are none.
SMS_PROVIDER = env.text("SMS_PROVIDER", "")
SMS_API_URL = env.text("SMS_API_URL", "https://api.twilio.com")
SMS_ACCOUNT = env.text("SMS_ACCOUNT", None if SMS_PROVIDER else "")
SMS_TOKEN = env.text("SMS_TOKEN", None if SMS_PROVIDER else "")
SMS_FROM = env.text("SMS_FROM", None if SMS_PROVIDER else "")
SMS_PER_RECIPIENT = env.rate("SMS_PER_RECIPIENT", "10/d")
SMS_PER_WORKSPACE = env.rate("SMS_PER_WORKSPACE", "100/h")
SMS_PER_SENDER = env.rate("SMS_PER_SENDER", "30/h")
SMS_CAPS_A_DAY = {
    "product": env.number("SMS_PRODUCT_A_DAY", 3),
    "marketing": env.number("SMS_MARKETING_A_DAY", 1),
}
# Webhooks of workspaces go to public addresses over https; only a development stack calls its own machine.
WEBHOOKS_TO_LOOPBACK = env.flag("WEBHOOKS_TO_LOOPBACK", False)
WEBHOOKS_REFUSED_NETWORKS = env.names("WEBHOOKS_REFUSED_NETWORKS")  # public ones that are your own
WEBHOOKS_RESOLVERS = env.names("WEBHOOKS_RESOLVERS")  # "host#port"; empty: those of the machine
# Mail that others cause to somebody who did not ask for it (outbound.gating.strangers), such as invitations.
MAIL_PER_RECIPIENT_OF_WORKSPACE = env.rate("MAIL_PER_RECIPIENT_OF_WORKSPACE", "3/d")
MAIL_PER_RECIPIENT = env.rate("MAIL_PER_RECIPIENT", "10/d")
MAIL_PER_WORKSPACE = env.rate("MAIL_PER_WORKSPACE", "200/d")
MAIL_PER_SENDER = env.rate("MAIL_PER_SENDER", "200/d")
if MAIL_PROVIDER:
    EMAIL_BACKEND = f"anymail.backends.{MAIL_PROVIDER}.EmailBackend"
elif EMAIL_URL:
    globals().update(env.smtp(EMAIL_URL))
else:
    EMAIL_BACKEND = "plg_site.development.outbox.OutboxBackend"

# Where people find help: in the app, in mails, on error pages, in /.well-known/security.txt.
SUPPORT_EMAIL = env.text("SUPPORT_EMAIL", "")
SUPPORT_URL = env.text("SUPPORT_URL", "")
SECURITY_CONTACT = env.text("SECURITY_CONTACT", "")  # "mailto:..." or "https://..."; else support

# --- Billing -----------------------------------------------------------------------------------
_stripe_key = env.text("STRIPE_SECRET_KEY")
STRIPE_LIVE_MODE = _stripe_key.startswith(("sk_live_", "rk_live_"))
STRIPE_TEST_SECRET_KEY = "" if STRIPE_LIVE_MODE else _stripe_key
STRIPE_LIVE_SECRET_KEY = _stripe_key if STRIPE_LIVE_MODE else ""
STRIPE_API_VERSION = "2026-08-26.dahlia"  # the one that the pinned SDK is typed for
STRIPE_WEBHOOK_UUID = env.text("STRIPE_WEBHOOK_UUID", "")
STRIPE_WEBHOOK_SECRET = env.text("STRIPE_WEBHOOK_SECRET", "")
DJSTRIPE_FOREIGN_KEY_TO_FIELD = "id"

# --- Website -----------------------------------------------------------------------------------
WAGTAIL_SITE_NAME = BRAND.name
WAGTAILADMIN_BASE_URL = SITE_URL
WAGTAILIMAGES_IMAGE_MODEL = "cms.SiteImage"
WAGTAIL_PASSWORD_RESET_ENABLED = False  # the one sign-in looks after passwords
WAGTAIL_ENABLE_UPDATE_CHECK = False  # no calls to the outside from an editor's browser
WAGTAIL_GRAVATAR_PROVIDER_URL = None
WAGTAILDOCS_SERVE_METHOD = "serve_view"
WAGTAILSEARCH_BACKENDS = {"default": {"BACKEND": "wagtail.search.backends.database"}}

# Where an anonymous visit may be counted only with consent: no cookie for it before, and a banner.
COOKIE_CONSENT_REQUIRED = env.flag("COOKIE_CONSENT_REQUIRED", False)
# Messages of the website's script (cms.public.visits) by address, and by all whose address is not known.
VISITS_BY_ADDRESS = env.rate("VISITS_BY_ADDRESS", "1200/m")
VISITS_FROM_UNKNOWN = env.rate("VISITS_FROM_UNKNOWN", "60000/m")
# Who keeps copies of public pages in front, and is told when they change (cms.releases.purging).
WAGTAILFRONTENDCACHE = cdn.backends()
# The pages that people agree to when they sign up; one that is not public is not named.
TERMS_ADDRESS = env.text("TERMS_ADDRESS", "/terms/")
PRIVACY_ADDRESS = env.text("PRIVACY_ADDRESS", "/privacy/")

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True

# --- What is seen of it (docs/seeing.md) ---------------------------------------------------------
LOG_FORMAT = env.one_of("LOG_FORMAT", logs.LINE, (logs.LINE, logs.JSON))
# A line for each request, task and batch of events; in development they would hide all others.
LOG_REQUESTS = env.flag("LOG_REQUESTS", LOG_FORMAT == logs.JSON)
LOGGING = logs.configuration(
    LOG_FORMAT, level=env.text("LOG_LEVEL", "INFO"), shows_codes=DEMO_SECOND_FACTOR
)
# Prometheus asks here: the first process of a machine that gets the port answers for all. 0: nobody.
METRICS_PORT = env.number("METRICS_PORT", 0)
METRICS_ADDRESS = env.text("METRICS_ADDRESS", "127.0.0.1")
# Traces go there by OTLP over HTTP; names and meaning are OpenTelemetry's own. "": nothing is drawn.
OTEL_EXPORTER_OTLP_ENDPOINT = traces.endpoint("OTEL_EXPORTER_OTLP_ENDPOINT")
OTEL_EXPORTER_OTLP_HEADERS = env.text("OTEL_EXPORTER_OTLP_HEADERS", "")
OTEL_TRACES_SAMPLER_ARG = traces.share("OTEL_TRACES_SAMPLER_ARG", 0.1)
OTEL_SERVICE_NAME = env.text("OTEL_SERVICE_NAME", "plg")

env.refuse_wrong()
