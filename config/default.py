"""Every setting with its default. The environment variable is the name with FORUM_ before it."""

# --- where things are -------------------------------------------------------------------------
# development, testing or production: which of the files beside this one overrides the defaults.
ENV = "development"
# Folder for the SQLite database, the search index, attachments and the demonstration's mail.
INSTANCE = "instance"
# SQLAlchemy address of the database; empty: SQLite in the instance folder.
DATABASE_URL = ""
# Search engine: whoosh (embedded, one machine) or postgresql (in the database, for several machines).
SEARCH = "whoosh"
# Address of the search index in PostgreSQL where another role writes it; empty: that of DATABASE_URL.
SEARCH_DATABASE_URL = ""
# redis://host:6379/0 counts limits and wrong passwords for several machines; empty: the database does.
# While Redis is away the database does it too, and /readyz says so.
REDIS_URL = ""
# The public address: every link in mail and feeds begins with it, never with a request's Host.
BASE_URL = "http://127.0.0.1:8000"
# Host names that are answered, separated by commas; empty: the host of BASE_URL and the loopback names.
TRUSTED_HOSTS: tuple[str, ...] = ()
# How many reverse proxies stand in front and set X-Forwarded-*; 0: none is believed.
TRUSTED_PROXIES = 0

# --- secrets ----------------------------------------------------------------------------------
# Signs cookies and links. Empty: made and kept in the instance folder; production must set it.
SECRET_KEY = ""
# Seals authorship under the Chatham House Rule; a key of its own, so that the other can be changed.
SEALING_KEY = ""

# --- who runs it ------------------------------------------------------------------------------
# The name of the site, its owner and how to reach them: on every page and in every mail.
SITE_NAME = "Consultation Forum"
OWNER = "the operator of this forum"
CONTACT = "contact@forum.example"
# Shows "Demonstration, not a service of the Commission" on every page.
DEMONSTRATION = False

# --- translation -------------------------------------------------------------------------------
# none: no text leaves the server. package.module:name of a translator (forum/services/translation_hook.py).
TRANSLATION = "none"
# The TLP labels whose texts may be given to that translator, separated by commas.
TRANSLATION_LABELS: tuple[str, ...] = ("CLEAR",)

# --- mail -------------------------------------------------------------------------------------
# smtp://user:password@host:port (smtps:// for TLS, smtp+starttls://), or folder:NAME under the instance.
MAIL_URL = "folder:mail"
# The address that mail comes from.
MAIL_FROM = "forum@forum.example"

# --- files -------------------------------------------------------------------------------------
# Virus scanner for attachments: clamav:/run/clamav/clamd.ctl, clamav://host:3310, or empty for none.
SCANNER = ""
# Folder with more fonts for PDF, for scripts that the built-in ones lack; empty: the system's own.
PDF_FONTS = ""

# --- the Chatham House Rule -------------------------------------------------------------------
# Days after which a person is told that two others looked up who wrote something of theirs.
UNSEALING_TOLD_AFTER_DAYS = 14

# --- sessions and limits ----------------------------------------------------------------------
# Minutes without activity after which a session ends, and hours after which it ends in any case.
SESSION_IDLE_MINUTES = 30
SESSION_HOURS = 12
# Minutes after which a grave act (a new token, a factor, switching somebody off) asks for a proof again.
PROOF_MINUTES = 10
# Days for which an invitation can be used.
INVITATION_DAYS = 14
# Argon2id: memory in KiB and passes.
ARGON2_MEMORY = 65536
ARGON2_TIME = 3
# Seconds by which a sign-in is delayed for each failure in a row on an account or an address, at most 30.
SIGN_IN_DELAY = 1

# How often, as times/seconds, each person (or each network address, of who is not signed in) may: send a text
# or a flag; search; ask for an account or a seat; invite; ask for and use mailed links; call the API, each
# token or each address without one; show the API a token that is none, each address.
LIMIT_POSTS = "60/600"
LIMIT_SEARCHES = "120/60"
LIMIT_REQUESTS = "10/3600"
LIMIT_INVITATIONS = "200/3600"
LIMIT_LINKS = "30/3600"
LIMIT_API = "600/60"
LIMIT_TOKENS = "30/60"
# --- privacy ----------------------------------------------------------------------------------
# Who answers for the personal data, as the privacy page prints it; empty: OWNER.
CONTROLLER = ""
# How to reach the data protection officer; empty: CONTACT.
DATA_PROTECTION_CONTACT = ""
# The law that applies: gdpr (Regulation (EU) 2016/679), or eu-institutions (Regulation (EU) 2018/1725).
LEGAL_REGIME = "gdpr"
# Days for which data are kept after their purpose ended; 0 keeps them. Sign-in sessions that ended.
RETENTION_SESSIONS_DAYS = 30
# Requests for an account or a seat, once they were decided.
RETENTION_REQUESTS_DAYS = 365
# Invitations that were used, withdrawn or expired.
RETENTION_INVITATIONS_DAYS = 365
# Notices to people, read or not.
RETENTION_NOTICES_DAYS = 730
# The last text of withdrawn posts, for moderators; a charter may set its own (retention_days).
RETENTION_WITHDRAWN_DAYS = 365
# The text of what was rejected; at least 183, the time in which a decision can be contested.
RETENTION_REJECTED_DAYS = 365
# Letters in the folder that takes the place of a mail server (MAIL_URL = folder:...).
RETENTION_MAILS_DAYS = 30
# One-use keys of forms, which hold where a form led.
RETENTION_FORMS_DAYS = 7

# --- OpenID Connect ----------------------------------------------------------------------------
# The issuer of the organisation's provider (https://login.body.example); empty: there is none. Redirect
# address to register there: BASE_URL/accounts/openid/back.
OIDC_ISSUER = ""
OIDC_CLIENT_ID = ""
OIDC_CLIENT_SECRET = ""
# What the button on the sign-in page says.
OIDC_LABEL = "Sign in with your organisation"
# Whether somebody without account and invitation, whose address the provider has verified, gets an account.
OIDC_REGISTER = False

# --- flags ------------------------------------------------------------------------------------
# After so many flags that moderators found unfounded, within so many days, a person pauses (0: never);
# what is illegal can be flagged at any time.
FLAGS_UNFOUNDED = 5
FLAGS_UNFOUNDED_DAYS = 30

# --- seeing it run ---------------------------------------------------------------------------
# text, or json: one object a line, a line a request, with an id and without personal data.
LOG_FORMAT = "text"
# Milliseconds above which a statement of the database is logged, without its values; 0: never.
SLOW_STATEMENT_MS = 500
# Bearer token for /metrics; empty: only the machine itself may ask, past any proxy.
METRICS_TOKEN = ""

# --- serving ----------------------------------------------------------------------------------
# Server processes; 0: one a processor, two at most.
WORKERS = 0
# Whether the site is reached over TLS: Secure cookies and HSTS.
TLS = False
