"""The requests of the differential run: every administrative operation with good and with bad input.

Each is made with `R`. They run in order against fresh servers whose only account is the administrator admin / admin-secret.
"""

from dataclasses import dataclass, field
from typing import Any

ROOT = "/srv/differential"
LONG = "x" * 300


@dataclass
class R:
    """One request. `who` is none, garbage, admin, clerk (may only view users), role (of the role r1), user, or name:password."""

    name: str
    method: str
    path: str
    body: Any = None
    who: str = "admin"
    raw: bytes | None = None
    headers: dict = field(default_factory=dict)


def user(name, **more):
    body = {"username": name, "status": 1, "password": "user-secret", "home_dir": f"{ROOT}/{name}", "permissions": {"/": ["*"]}}
    body.update(more)
    return {key: value for key, value in body.items() if value is not ...}


def collection(noun, base, good, name, changed, bad, deny=True):
    """The life of an object, and everything that can be wrong with it."""
    one = f"{base}/{name}"
    yield R(f"{noun}: list while empty or not", "GET", base)
    for query in ("limit=1", "limit=0", "limit=x", "limit=501", "limit=-1", "offset=1", "offset=x", "offset=-1", "offset=1000",
                  "order=DESC", "order=ASC", "order=asc", "order=x", "limit=", "order=", "unknown=1"):
        yield R(f"{noun}: list with {query}", "GET", f"{base}?{query}")
    for who in ("none", "garbage", "user", "clerk"):
        yield R(f"{noun}: list as {who}", "GET", base, who=who)
        yield R(f"{noun}: get as {who}", "GET", one, who=who)
        yield R(f"{noun}: add as {who}", "POST", base, good, who=who)
        yield R(f"{noun}: update as {who}", "PUT", one, good, who=who)
        yield R(f"{noun}: delete as {who}", "DELETE", one, who=who)
    for label, text in (("no body", b""), ("half a body", b'{"name":'), ("a list", b"[]"), ("a text", b'"x"'), ("null", b"null"),
                        ("an empty object", b"{}"), ("no JSON", b"name=x"), ("a number as name", b'{"name":5,"username":5}')):
        yield R(f"{noun}: add {label}", "POST", base, raw=text)
        yield R(f"{noun}: update a missing one with {label}", "PUT", f"{base}/missing", raw=text)
    yield R(f"{noun}: get a missing one", "GET", f"{base}/missing")
    yield R(f"{noun}: update a missing one", "PUT", f"{base}/missing", changed)
    yield R(f"{noun}: delete a missing one", "DELETE", f"{base}/missing")
    yield R(f"{noun}: method that is not there", "PATCH", base)
    yield R(f"{noun}: method that is not there for one", "POST", one, good)
    key = "username" if "username" in good else "name"
    for index, (label, body) in enumerate(bad):
        # A name of its own: what one server takes must not stand in the way of the next.
        own = f"{name}-{index}"
        yield R(f"{noun}: add {label}", "POST", base, {**body, key: own} if isinstance(body.get(key), str) else body)
        yield R(f"{noun}: clear away", "DELETE", f"{base}/{own}")
    yield R(f"{noun}: add", "POST", base, good)
    yield R(f"{noun}: add again", "POST", base, good)
    yield R(f"{noun}: get", "GET", one)
    yield R(f"{noun}: get confidential", "GET", f"{one}?confidential_data=1")
    yield R(f"{noun}: get confidential wrong", "GET", f"{one}?confidential_data=x")
    yield R(f"{noun}: HEAD", "HEAD", one)
    yield R(f"{noun}: list with one", "GET", base)
    for label, text in (("no body", b""), ("half a body", b'{"name":'), ("a list", b"[]")):
        yield R(f"{noun}: update with {label}", "PUT", one, raw=text)
    for label, body in bad:
        yield R(f"{noun}: update to {label}", "PUT", one, body)
    yield R(f"{noun}: update", "PUT", one, changed)
    yield R(f"{noun}: get the updated", "GET", one)
    yield R(f"{noun}: update with another name", "PUT", one, {**changed, "name": "other", "username": "other"})
    yield R(f"{noun}: the other name", "GET", f"{base}/other")
    yield R(f"{noun}: trailing slash", "GET", one + "/")


def gone(noun, base, name):
    yield R(f"{noun}: delete", "DELETE", f"{base}/{name}")
    yield R(f"{noun}: delete again", "DELETE", f"{base}/{name}")
    yield R(f"{noun}: get the deleted", "GET", f"{base}/{name}")


def names(noun, base, make):
    """Names that somebody might try."""
    for label, name in (("empty", ""), ("with a slash", "a/b"), ("with a dot", "a.b"), ("of dots", ".."), ("with blanks around", " trimmed "),
                        ("blank", "   "), ("with a blank", "a b"), ("with an at", "a@b.c"), ("long", LONG), ("of 255", "y" * 255),
                        ("with a line break", "a\nb"), ("with NUL", "a\0b"), ("in Greek", "αβγ"), ("with an emoji", "a😀"),
                        ("with a percent", "a%2Fb"), ("in capitals", "UPPER"), ("with a quote", "a'b\"c"), ("with a backslash", "a\\b"),
                        ("with a tilde", "~a"), ("with a plus", "a+b")):
        yield R(f"{noun}: name {label}", "POST", base, make(name))


STORAGES_BAD = [
    ("unknown provider", {"provider": 99}),
    ("negative provider", {"provider": -1}),
    ("provider as text", {"provider": "1"}),
    ("S3 without bucket", {"provider": 1, "s3config": {"region": "r"}}),
    ("S3 without region", {"provider": 1, "s3config": {"bucket": "b"}}),
    ("S3 with half of the key", {"provider": 1, "s3config": {"bucket": "b", "region": "r", "access_key": "a"}}),
    ("S3 with the other half", {"provider": 1, "s3config": {"bucket": "b", "region": "r", "access_secret": {"status": "Plain", "payload": "x"}}}),
    ("S3 with absolute prefix", {"provider": 1, "s3config": {"bucket": "b", "region": "r", "key_prefix": "/a"}}),
    ("S3 with small parts", {"provider": 1, "s3config": {"bucket": "b", "region": "r", "upload_part_size": 3}}),
    ("S3 with many uploads", {"provider": 1, "s3config": {"bucket": "b", "region": "r", "upload_concurrency": 65}}),
    ("GCS without bucket", {"provider": 2, "gcsconfig": {"automatic_credentials": 1}}),
    ("GCS without credentials", {"provider": 2, "gcsconfig": {"bucket": "b"}}),
    ("Azure without anything", {"provider": 3}),
    ("Azure without container", {"provider": 3, "azblobconfig": {"account_name": "a", "account_key": {"status": "Plain", "payload": "eA=="}}}),
    ("Azure with wrong tier", {"provider": 3, "azblobconfig": {"container": "c", "account_name": "a", "access_tier": "Warm",
     "account_key": {"status": "Plain", "payload": "eA=="}}}),
    ("crypt without passphrase", {"provider": 4}),
    ("crypt with redacted passphrase", {"provider": 4, "cryptconfig": {"passphrase": {"status": "Redacted", "payload": "x"}}}),
    ("crypt with unknown status", {"provider": 4, "cryptconfig": {"passphrase": {"status": "Rot13", "payload": "x"}}}),
    ("SFTP without endpoint", {"provider": 5, "sftpconfig": {"username": "u", "password": {"status": "Plain", "payload": "x"}}}),
    ("SFTP without username", {"provider": 5, "sftpconfig": {"endpoint": "h:22", "password": {"status": "Plain", "payload": "x"}}}),
    ("SFTP without credentials", {"provider": 5, "sftpconfig": {"endpoint": "h:22", "username": "u"}}),
    ("SFTP with large buffer", {"provider": 5, "sftpconfig": {"endpoint": "h:22", "username": "u", "buffer_size": 17,
     "password": {"status": "Plain", "payload": "x"}}}),
    ("SFTP with wrong endpoint", {"provider": 5, "sftpconfig": {"endpoint": "h:x", "username": "u", "password": {"status": "Plain", "payload": "x"}}}),
    ("HTTP without endpoint", {"provider": 6}),
    ("HTTP with wrong endpoint", {"provider": 6, "httpconfig": {"endpoint": "ftp://x"}}),
    ("HTTP with wrong equality", {"provider": 6, "httpconfig": {"endpoint": "http://x", "equality_check_mode": 2}}),
]
STORAGES_GOOD = [
    ("local with buffers", {"provider": 0, "osconfig": {"read_buffer_size": 5, "write_buffer_size": 6}}),
    ("S3", {"provider": 1, "s3config": {"bucket": "b", "region": "r", "access_key": "a", "access_secret": {"status": "Plain", "payload": "x"},
     "key_prefix": "a/b", "endpoint": "http://h:9000", "storage_class": "STANDARD", "upload_part_size": 6, "upload_concurrency": 2,
     "force_path_style": True}}),
    ("GCS automatic", {"provider": 2, "gcsconfig": {"bucket": "b", "automatic_credentials": 1, "key_prefix": "p/"}}),
    ("Azure by key", {"provider": 3, "azblobconfig": {"container": "c", "account_name": "a", "account_key": {"status": "Plain", "payload": "eA=="}}}),
    ("Azure by SAS", {"provider": 3, "azblobconfig": {"sas_url": {"status": "Plain", "payload": "https://a.example/c?sig=x"}}}),
    ("crypt", {"provider": 4, "cryptconfig": {"passphrase": {"status": "Plain", "payload": "correct horse battery staple, all of them"}}}),
    ("SFTP", {"provider": 5, "sftpconfig": {"endpoint": "h", "username": "u", "password": {"status": "Plain", "payload": "x"}, "prefix": "a/../b"}}),
    ("HTTP", {"provider": 6, "httpconfig": {"endpoint": "http://h/v1", "password": {"status": "Plain", "payload": "x"}}}),
]


def filters(**more):
    return {"filters": more}


USER_BAD = [
    ("without permissions", user("u1", permissions=...)),
    ("with empty permissions", user("u1", permissions={})),
    ("without permissions for the root", user("u1", permissions={"/a": ["*"]})),
    ("with an unknown permission", user("u1", permissions={"/": ["fly"]})),
    ("with no permission in a folder", user("u1", permissions={"/": ["*"], "/a": []})),
    ("with a relative permission path", user("u1", permissions={"/": ["*"], "a": ["list"]})),
    ("with a relative home", user("u1", home_dir="relative")),
    ("with negative quota", user("u1", quota_size=-1)),
    ("with negative files", user("u1", quota_files=-1)),
    ("with negative sessions", user("u1", max_sessions=-1)),
    ("with negative bandwidth", user("u1", upload_bandwidth=-1)),
    ("with negative transfer", user("u1", total_data_transfer=-1)),
    ("with negative uid", user("u1", uid=-1)),
    ("with large gid", user("u1", gid=2 ** 31)),
    ("with status 2", user("u1", status=2)),
    ("with status as text", user("u1", status="1")),
    ("with a wrong address", user("u1", email="no address")),
    ("with a wrong key", user("u1", public_keys=["not a key"])),
    ("with an empty key", user("u1", public_keys=[""])),
    ("with an unknown role", user("u1", role="missing")),
    ("with an unknown group", user("u1", groups=[{"name": "missing", "type": 1}])),
    ("with a wrong kind of group", user("u1", groups=[{"name": "g0", "type": 4}])),
    ("with two primary groups", user("u1", groups=[{"name": "g0", "type": 1}, {"name": "g9", "type": 1}])),
    ("with a group twice", user("u1", groups=[{"name": "g0", "type": 2}, {"name": "g0", "type": 3}])),
    ("with an unknown folder", user("u1", virtual_folders=[{"name": "missing", "virtual_path": "/v"}])),
    ("with a folder without a path", user("u1", virtual_folders=[{"name": "f0"}])),
    ("with a folder at the root", user("u1", virtual_folders=[{"name": "f0", "virtual_path": "/"}])),
    ("with a path twice", user("u1", virtual_folders=[{"name": "f0", "virtual_path": "/v"}, {"name": "f9", "virtual_path": "/v"}])),
    ("with half of a mount's quota", user("u1", virtual_folders=[{"name": "f0", "virtual_path": "/v", "quota_size": -1, "quota_files": 5}])),
    ("with a folder inside another", user("u1", virtual_folders=[{"name": "f0", "virtual_path": "/v"}, {"name": "f9", "virtual_path": "/v/w"}])),
    ("with a wrong network", user("u1", **filters(allowed_ip=["x"]))),
    ("with a network without a mask", user("u1", **filters(denied_ip=["192.0.2.1"]))),
    ("with an unknown login method", user("u1", **filters(denied_login_methods=["smile"]))),
    ("with every login method denied", user("u1", **filters(denied_login_methods=["publickey", "password", "password-over-SSH",
     "keyboard-interactive", "publickey+password", "publickey+keyboard-interactive", "TLSCertificate", "TLSCertificate+password"]))),
    ("with an unknown protocol", user("u1", **filters(denied_protocols=["GOPHER"]))),
    ("with every protocol denied", user("u1", **filters(denied_protocols=["SSH", "FTP", "DAV", "HTTP"]))),
    ("with a wrong pattern", user("u1", **filters(file_patterns=[{"path": "/", "allowed_patterns": ["a\\"]}]))),
    ("with an empty pattern", user("u1", **filters(file_patterns=[{"path": "/"}]))),
    ("with a pattern path twice", user("u1", **filters(file_patterns=[{"path": "/", "allowed_patterns": ["*"]}, {"path": "/", "denied_patterns": ["*"]}]))),
    ("with a relative pattern path", user("u1", **filters(file_patterns=[{"path": "a", "allowed_patterns": ["*"]}]))),
    ("with a wrong deny policy", user("u1", **filters(file_patterns=[{"path": "/", "denied_patterns": ["*"], "deny_policy": 5}]))),
    ("with a wrong option of the client", user("u1", **filters(web_client=["fly"]))),
    ("with a wrong TLS name", user("u1", **filters(tls_username="Surname"))),
    ("with a wrong type", user("u1", **filters(user_type="Martian"))),
    ("with a wrong limit", user("u1", **filters(bandwidth_limits=[{"sources": ["x"], "upload_bandwidth": 1}]))),
    ("with a limit without sources", user("u1", **filters(bandwidth_limits=[{"sources": [], "upload_bandwidth": 1}]))),
    ("with a wrong day", user("u1", **filters(access_time=[{"day_of_week": 7, "from": "08:00", "to": "09:00"}]))),
    ("with a wrong hour", user("u1", **filters(access_time=[{"day_of_week": 1, "from": "8", "to": "09:00"}]))),
    ("with hours backwards", user("u1", **filters(access_time=[{"day_of_week": 1, "from": "10:00", "to": "09:00"}]))),
    ("with a wrong second factor protocol", user("u1", **filters(two_factor_protocols=["DAV"]))),
    ("with a wrong security of FTP", user("u1", **filters(ftp_security=3))),
    ("with a relative start", user("u1", **filters(start_directory="a"))),
    ("with negative cache time", user("u1", **filters(external_auth_cache_time=-1))),
    ("with negative strength", user("u1", **filters(password_strength=-1))),
    ("with negative expiration", user("u1", **filters(password_expiration=-1))),
    ("with a default above the most", user("u1", **filters(default_shares_expiration=10, max_shares_expiration=5))),
    ("with a wrong further address", user("u1", **filters(additional_emails=["x"]))),
    ("with a wrong certificate", user("u1", **filters(tls_certs=["x"]))),
    ("with a hash that is none", user("u1", password="$argon2id$broken")),
    ("with negative expiry", user("u1", expiration_date=-1)),
    ("with a list as name", {"username": []}),
    ("with a long description", user("u1", description="d" * 600)),
] + [(f"with storage: {label}", user("u1", filesystem=storage)) for label, storage in STORAGES_BAD]


def users():
    yield from collection("user", "/users", user("u1", email="a@example.com", description="one"), "u1",
                          user("u1", email="b@example.com", password=..., quota_size=5), USER_BAD)
    yield R("user: password stays without one", "GET", "/user/token", who="u1:user-secret")
    yield R("user: update to no password", "PUT", "/users/u1", user("u1", password=""))
    yield R("user: no password", "GET", "/user/token", who="u1:user-secret")
    yield R("user: update with disconnect", "PUT", "/users/u1?disconnect=1", user("u1"))
    yield R("user: update with wrong disconnect", "PUT", "/users/u1?disconnect=x", user("u1"))
    yield R("user: disable the second factor without one", "PUT", "/users/u1/2fa/disable")
    yield R("user: disable the second factor of a missing one", "PUT", "/users/missing/2fa/disable")
    yield R("user: disable the second factor as clerk", "PUT", "/users/u1/2fa/disable", who="clerk")
    yield R("user: as a role administrator", "GET", "/users/u1", who="role")
    yield R("user: add as a role administrator", "POST", "/users", user("of-role", role="other"), who="role")
    yield R("user: list as a role administrator", "GET", "/users", who="role")
    yield R("user: get own role", "GET", "/users/of-role", who="role")
    yield from gone("user", "/users", "u1")
    yield R("user: delete of the role", "DELETE", "/users/of-role")
    yield from names("user", "/users", lambda name: user(name, home_dir=f"{ROOT}/x"))
    for index, (label, storage) in enumerate(STORAGES_GOOD):
        name = f"s{index}"
        yield R(f"user: add with storage {label}", "POST", "/users", user(name, filesystem=storage))
        yield R(f"user: get with storage {label}", "GET", f"/users/{name}")
        yield R(f"user: update with what was sent, storage {label}", "PUT", f"/users/{name}", user(name, filesystem=storage))
    good = [
        ("with everything", user("full", public_keys=[], max_sessions=2, quota_size=10, quota_files=3, upload_bandwidth=4,
         download_bandwidth=5, upload_data_transfer=6, download_data_transfer=7, additional_info="i", expiration_date=4102444800000,
         permissions={"/": ["list", "download", "list"], "/a/../b/": ["upload"]}, groups=[{"name": "g0", "type": 2}], role="r1",
         virtual_folders=[{"name": "f0", "virtual_path": "/v/", "quota_size": 5, "quota_files": 6}],
         filters={"allowed_ip": ["192.0.2.0/24", "192.0.2.0/24"], "denied_login_methods": ["password"], "denied_protocols": ["FTP"],
                  "file_patterns": [{"path": "/a/", "allowed_patterns": ["*.JPG", "*.png", "*.png"], "denied_patterns": []}],
                  "web_client": ["write-disabled", "write-disabled"], "max_upload_file_size": 5, "tls_username": "None",
                  "access_time": [{"day_of_week": 1, "from": "08:00", "to": "09:00"}], "start_directory": "/a/../b",
                  "bandwidth_limits": [{"sources": ["10.0.0.0/8"], "upload_bandwidth": -5, "download_bandwidth": 1}],
                  "password_strength": 20, "two_factor_protocols": ["SSH", "SSH"], "additional_emails": ["x@example.com"]})),
        ("with total transfer", user("total", total_data_transfer=5, upload_data_transfer=6)),
        ("with null members", {**user("nulls"), "groups": None, "filters": None, "public_keys": None, "virtual_folders": None}),
        ("with unknown members", {**user("unknown"), "from_the_future": {"x": 1}}),
        ("anonymous", user("anon", permissions={"/": ["*"]}, filters={"is_anonymous": True})),
        ("disabled", user("off", status=0)),
        ("with counters", user("counted", used_quota_size=5, used_quota_files=5, last_login=5, created_at=5)),
        ("with an id", user("id", id=77)),
        ("with a second factor in it", user("factor", filters={"totp_config": {"enabled": True, "config_name": "Default",
         "secret": {"status": "Plain", "payload": "JBSWY3DPEHPK3PXP"}, "protocols": ["SSH"]}})),
        ("with a hash", user("hashed", password="$2a$10$h9nZJ6cZ0g5n3cV4ZkQ2Hu0ZgWcZ9uYzJ6bqYB9h1q0jX8cE7x0Iu")),
        ("with clear text and spaces", user("spaces", password=" with spaces ")),
        ("without a password", user("keyless", password=...)),
    ]
    for label, body in good:
        yield R(f"user: add {label}", "POST", "/users", body)
        yield R(f"user: get {label}", "GET", f"/users/{body['username']}")
        yield R(f"user: put back what {label} was", "PUT", f"/users/{body['username']}", body)
        yield R(f"user: get again {label}", "GET", f"/users/{body['username']}")
    yield R("user: login with spaces", "GET", "/user/token", who="spaces: with spaces ")
    yield R("user: add with confidential answer", "POST", "/users?confidential_data=1", user("shown"))


def group(name, **more):
    return {"name": name, "description": "a group", "user_settings": {"filters": {}, "filesystem": {"provider": 0}}, **more}


def settings(**more):
    return {"user_settings": {"filters": {}, "filesystem": {"provider": 0}, **more}}


def groups():
    bad = [
        ("with a relative home", group("g1", **settings(home_dir="x"))),
        ("with negative quota", group("g1", **settings(quota_size=-5))),
        ("with a wrong permission", group("g1", **settings(permissions={"/": ["fly"]}))),
        ("with permissions elsewhere", group("g1", **settings(permissions={"/a": ["list"]}))),
        ("with negative expiry", group("g1", **settings(expires_in=-1))),
        ("with a wrong network", group("g1", **settings(filters={"allowed_ip": ["x"]}))),
        ("with an unknown folder", group("g1", virtual_folders=[{"name": "missing", "virtual_path": "/v"}])),
        ("with a mount at the root", group("g1", virtual_folders=[{"name": "f0", "virtual_path": "/"}])),
        ("with a wrong mount", group("g1", virtual_folders=[{"name": "f0", "virtual_path": "/v", "quota_size": -1, "quota_files": 0}])),
    ] + [(f"with storage: {label}", group("g1", **settings(filesystem=storage))) for label, storage in STORAGES_BAD]
    yield from collection("group", "/groups", group("g1"), "g1", group("g1", description="changed", **settings(max_sessions=3, expires_in=4)), bad)
    yield R("group: add a member", "POST", "/users", user("member", groups=[{"name": "g1", "type": 1}]))
    yield R("group: with a member", "GET", "/groups/g1")
    yield R("group: delete in use", "DELETE", "/groups/g1")
    yield R("group: remove the member", "DELETE", "/users/member")
    yield R("group: with mounts", "POST", "/groups", group("g2", virtual_folders=[{"name": "f0", "virtual_path": "/v", "quota_size": 0, "quota_files": 0}]))
    yield R("group: get with mounts", "GET", "/groups/g2")
    for index, (label, storage) in enumerate(STORAGES_GOOD):
        yield R(f"group: add with storage {label}", "POST", "/groups", group(f"gs{index}", **settings(filesystem=storage)))
        yield R(f"group: get with storage {label}", "GET", f"/groups/gs{index}")
    yield from gone("group", "/groups", "g1")
    yield from names("group", "/groups", group)


def folder(name, **more):
    return {"name": name, "mapped_path": f"{ROOT}/folders/{name or 'x'}", "description": "a folder", **more}


def folders():
    bad = [
        ("with a relative path", folder("f1", mapped_path="x")),
        ("without a path", {"name": "f1"}),
        ("with a number as path", folder("f1", mapped_path=5)),
    ] + [(f"with storage: {label}", folder("f1", filesystem=storage)) for label, storage in STORAGES_BAD]
    yield from collection("folder", "/folders", folder("f1"), "f1", folder("f1", description="changed"), bad)
    yield R("folder: mounted", "POST", "/users", user("mounter", virtual_folders=[{"name": "f1", "virtual_path": "/m", "quota_size": -1, "quota_files": -1}]))
    yield R("folder: with its user", "GET", "/folders/f1")
    yield R("folder: usage from the client", "PUT", "/folders/f1", folder("f1", used_quota_size=5, used_quota_files=5))
    yield R("folder: usage stays", "GET", "/folders/f1")
    for index, (label, storage) in enumerate(STORAGES_GOOD):
        yield R(f"folder: add with storage {label}", "POST", "/folders", folder(f"fs{index}", filesystem=storage))
        yield R(f"folder: get with storage {label}", "GET", f"/folders/fs{index}")
    yield from gone("folder", "/folders", "f1")
    yield R("folder: the user lost the mount", "GET", "/users/mounter")
    yield from names("folder", "/folders", folder)


def roles():
    bad = [("with a long description", {"name": "ro1", "description": "d" * 600}), ("with a number as description", {"name": "ro1", "description": 5})]
    yield from collection("role", "/roles", {"name": "ro1", "description": "a role"}, "ro1", {"name": "ro1", "description": "changed"}, bad)
    yield R("role: given to a user", "POST", "/users", user("roled", role="ro1"))
    yield R("role: with its user", "GET", "/roles/ro1")
    yield R("role: given to an administrator", "POST", "/admins", admin("roled", permissions=["view_users"], role="ro1"))
    yield R("role: delete in use", "DELETE", "/roles/ro1")
    yield R("role: without its administrator", "DELETE", "/admins/roled")
    yield from gone("role", "/roles", "ro1")
    yield R("role: the user lost it", "GET", "/users/roled")
    yield from names("role", "/roles", lambda name: {"name": name})


def admin(name, **more):
    return {"username": name, "status": 1, "password": "admin-secret", "permissions": ["*"], **more}


def admins():
    bad = [
        ("without a password", {"username": "ad1", "status": 1, "permissions": ["*"]}),
        ("without permissions", admin("ad1", permissions=[])),
        ("with an unknown permission", admin("ad1", permissions=["fly"])),
        ("with a wrong address", admin("ad1", email="x")),
        ("with status 3", admin("ad1", status=3)),
        ("with an unknown role", admin("ad1", permissions=["view_users"], role="missing")),
        ("with a role and everything", admin("ad1", role="r1")),
        ("with a wrong network", admin("ad1", filters={"allow_list": ["x"]})),
        ("with an unknown group", admin("ad1", groups=[{"name": "missing", "options": {"add_to_users_as": 1}}])),
        ("with a wrong kind of group", admin("ad1", groups=[{"name": "g0", "options": {"add_to_users_as": 9}}])),
        ("with wrong preferences", admin("ad1", filters={"preferences": {"hide_user_page_sections": 5000}})),
        ("with negative preferences", admin("ad1", filters={"preferences": {"default_users_expiration": -1}})),
    ]
    good = admin("ad1", email="a@example.com", filters={"allow_list": ["127.0.0.0/8"], "preferences": {"hide_user_page_sections": 3}})
    yield from collection("admin", "/admins", good, "ad1", admin("ad1", permissions=["view_users", "view_users", "edit_users"]), bad)
    yield R("admin: log in", "GET", "/token", who="ad1:admin-secret")
    yield R("admin: disable the second factor without one", "PUT", "/admins/ad1/2fa/disable")
    yield R("admin: disable the second factor of a missing one", "PUT", "/admins/missing/2fa/disable")
    yield R("admin: delete oneself", "DELETE", "/admins/admin")
    yield R("admin: disable oneself", "PUT", "/admins/admin", admin("admin", status=0))
    yield R("admin: take one's own permissions", "PUT", "/admins/admin", admin("admin", permissions=["view_users"]))
    yield R("admin: give oneself a role", "PUT", "/admins/admin", admin("admin", permissions=["*"], role="r1"))
    yield R("admin: with groups", "POST", "/admins", admin("grouped", groups=[{"name": "g0", "options": {"add_to_users_as": 2}}]))
    yield R("admin: get with groups", "GET", "/admins/grouped")
    yield R("admin: with a second factor in it", "POST", "/admins", admin("factor", filters={"totp_config": {"enabled": True,
            "config_name": "Default", "secret": {"status": "Plain", "payload": "JBSWY3DPEHPK3PXP"}}}))
    yield R("admin: get with a second factor in it", "GET", "/admins/factor")
    yield from gone("admin", "/admins", "ad1")
    yield from names("admin", "/admins", admin)


def prepare():
    """What the others refer to."""
    yield R("prepare: role", "POST", "/roles", {"name": "r1"})
    for name in ("f0", "f9"):
        yield R(f"prepare: folder {name}", "POST", "/folders", folder(name))
    for name in ("g0", "g9"):
        yield R(f"prepare: group {name}", "POST", "/groups", group(name))
    yield R("prepare: clerk", "POST", "/admins", admin("clerk", permissions=["view_users"]))
    yield R("prepare: role administrator", "POST", "/admins", admin("roleadmin", permissions=["add_users", "edit_users", "del_users", "view_users"], role="r1"))
    yield R("prepare: user", "POST", "/users", user("user", email="user@example.com"))
