"""Fills a fresh SFTPGo 2.7 server with one of everything, through its REST API, and writes a dump of it.

    python3 populate.py http://127.0.0.1:8080 dump.json clear.json

The server must have been started with create_default_admin and the administrator admin / admin-secret. clear.json gets the
texts that the server made up: keys, tokens, secrets of second factors, recovery codes.
"""

import base64
import hashlib
import hmac
import json
import struct
import sys
import time
import urllib.error
import urllib.request

BASE = sys.argv[1] + "/api/v2"
CLEAR = {}


def call(method, path, body=None, token=None, basic=None, headers=None, ok=(200, 201)):
    request = urllib.request.Request(BASE + path, method=method, headers=dict(headers or {}))
    if body is not None:
        request.data = json.dumps(body).encode()
        request.add_header("Content-Type", "application/json")
    if token:
        request.add_header("Authorization", "Bearer " + token)
    if basic:
        request.add_header("Authorization", "Basic " + base64.b64encode(":".join(basic).encode()).decode())
    try:
        with urllib.request.urlopen(request) as answer:
            text = answer.read()
            return json.loads(text) if text else None
    except urllib.error.HTTPError as error:
        raise SystemExit(f"{method} {path}: {error.code} {error.read().decode()}\n{json.dumps(body)}")


def token_of(name, password, path="/token", headers=None):
    return call("GET", path, basic=(name, password), headers=headers)["access_token"]


def totp(secret, at=None):
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", int((at or time.time()) // 30)), hashlib.sha1).digest()
    offset = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[offset:offset + 4])[0] & 0x7FFFFFFF) % 1000000:06}"


def plain(text):
    return {"status": "Plain", "payload": text}


ADMIN = token_of("admin", "admin-secret")


def add(path, body):
    return call("POST", path, body, token=ADMIN)


GCS = json.dumps({"type": "service_account", "project_id": "p", "private_key_id": "1", "client_email": "a@p.example",
                  "private_key": "not a key", "token_uri": "https://oauth2.example/token"})
STORAGES = {
    "local": {"provider": 0, "osconfig": {"read_buffer_size": 2, "write_buffer_size": 1}},
    "s3": {"provider": 1, "s3config": {"bucket": "bucket", "region": "eu-central-1", "access_key": "AKIA",
           "access_secret": plain("s3 access secret"), "sse_customer_key": plain("s3 sse customer key, long enough for the rule"),
           "endpoint": "http://127.0.0.1:9000", "storage_class": "STANDARD", "acl": "private", "upload_part_size": 6,
           "upload_concurrency": 3, "upload_part_max_time": 60, "download_part_size": 7, "download_concurrency": 2,
           "download_part_max_time": 30, "force_path_style": True, "key_prefix": "folder/", "skip_tls_verify": True}},
    "gcs": {"provider": 2, "gcsconfig": {"bucket": "bucket", "credentials": plain(GCS), "storage_class": "NEARLINE",
            "acl": "private", "key_prefix": "folder/", "upload_part_size": 16, "upload_part_max_time": 60}},
    "azure": {"provider": 3, "azblobconfig": {"container": "container", "account_name": "name",
              "account_key": plain("YXp1cmUgYWNjb3VudCBrZXk="), "endpoint": "http://127.0.0.1:10000", "upload_part_size": 6,
              "upload_concurrency": 4, "download_part_size": 5, "download_concurrency": 2, "access_tier": "Hot",
              "key_prefix": "folder/", "use_emulator": True}},
    "azure-sas": {"provider": 3, "azblobconfig": {"sas_url": plain("https://account.blob.example/container?sig=azure+sas")}},
    "crypt": {"provider": 4, "cryptconfig": {"passphrase": plain("the passphrase of the encrypted storage"), "read_buffer_size": 1}},
    "sftp": {"provider": 5, "sftpconfig": {"endpoint": "127.0.0.1:2222", "username": "remote",
             "password": plain("sftp password"), "fingerprints": ["SHA256:RFzBCUItH9LZS0cKB5UE6ceAYhBD5C8GeOBip8Z11+4"],
             "prefix": "/remote", "disable_concurrent_reads": True, "buffer_size": 3, "equality_check_mode": 1,
             "socks_proxy": "socks5://127.0.0.1:1080", "socks_username": "socks", "socks_password": plain("socks password")}},
    "http": {"provider": 6, "httpconfig": {"endpoint": "http://127.0.0.1:9999/v1", "username": "web",
             "password": plain("http password"), "api_key": plain("http api key"), "skip_tls_verify": True,
             "equality_check_mode": 1}},
}
# The clear texts of the above, by the place of the secret.
CLEAR["storages"] = {
    "s3": {"s3config.access_secret": "s3 access secret", "s3config.sse_customer_key": "s3 sse customer key, long enough for the rule"},
    "gcs": {"gcsconfig.credentials": GCS},
    "azure": {"azblobconfig.account_key": "YXp1cmUgYWNjb3VudCBrZXk="},
    "azure-sas": {"azblobconfig.sas_url": "https://account.blob.example/container?sig=azure+sas"},
    "crypt": {"cryptconfig.passphrase": "the passphrase of the encrypted storage"},
    "sftp": {"sftpconfig.password": "sftp password", "sftpconfig.socks_password": "socks password"},
    "http": {"httpconfig.password": "http password", "httpconfig.api_key": "http api key"},
}
KEYS = [
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKs4EABgZ9mN8/rhTdGuOh+5MNM/jvOsZIlsiSU/rNJs ed25519@example",
    "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBMo8jrCYnxmYs0tmq98xSe0mcI8i2m3Oo1bdCq"
    "57fUMXF5KOkh8xHngY5KEHgqaeVBBC4o5asDPw7+0B4IVPPjM= ecdsa@example",
]


def roles_folders_groups():
    add("/roles", {"name": "r-support", "description": "people who help"})
    add("/roles", {"name": "r-sales"})
    for name, storage in STORAGES.items():
        folder = {"name": "f-" + name, "mapped_path": "/srv/import/folders/" + name, "description": name + " folder",
                  "filesystem": storage}
        add("/folders", folder)
    mounts = [
        {"name": "f-local", "virtual_path": "/shared", "quota_size": -1, "quota_files": -1},
        {"name": "f-s3", "virtual_path": "/cloud", "quota_size": 1000000, "quota_files": 100},
    ]
    full = {
        "home_dir": "/srv/import/groups/%username%", "max_sessions": 3, "quota_size": 1 << 30, "quota_files": 5000,
        "permissions": {"/readonly": ["list", "download"]}, "upload_bandwidth": 512, "download_bandwidth": 1024,
        "upload_data_transfer": 100, "download_data_transfer": 200, "expires_in": 30,
        "filters": {
            "allowed_ip": ["192.0.2.0/24"], "denied_ip": ["198.51.100.0/24"], "denied_login_methods": ["keyboard-interactive"],
            "denied_protocols": ["DAV"], "file_patterns": [{"path": "/shared", "denied_patterns": ["*.exe"], "deny_policy": 1}],
            "max_upload_file_size": 1 << 20, "web_client": ["write-disabled"], "disable_fs_checks": True,
            "bandwidth_limits": [{"sources": ["10.0.0.0/8"], "upload_bandwidth": 64, "download_bandwidth": 128}],
            "external_auth_cache_time": 60, "start_directory": "/shared", "default_shares_expiration": 5,
            "max_shares_expiration": 10, "password_expiration": 90, "password_strength": 50,
            "access_time": [{"day_of_week": 1, "from": "08:00", "to": "18:00"}],
        },
        "filesystem": {"provider": 0},
    }
    add("/groups", {"name": "g-primary", "description": "the main one", "user_settings": full, "virtual_folders": mounts})
    add("/groups", {"name": "g-secondary", "user_settings": {"filters": {"denied_protocols": ["FTP"]}},
                    "virtual_folders": [{"name": "f-crypt", "virtual_path": "/vault/%username%", "quota_size": 0, "quota_files": 0}]})
    add("/groups", {"name": "g-members"})
    for name, storage in STORAGES.items():
        add("/groups", {"name": "g-" + name, "user_settings": {"home_dir": "/srv/import/groups/x", "filesystem": storage}})


def users():
    for name, password in PASSWORD_HASHES.items():
        user(name, {"password": password[1]})
        CLEAR.setdefault("passwords", {})[name] = password[0]
    for name, storage in STORAGES.items():
        user("u-" + name, {"filesystem": storage})
    user("u-keys", {"public_keys": KEYS, "password": ""})
    user("u-full", {
        "email": "full@example.com", "description": "everything set", "expiration_date": 4102444800000, "uid": 1000, "gid": 1001,
        "max_sessions": 2, "quota_size": 1 << 20, "quota_files": 10, "upload_bandwidth": 100, "download_bandwidth": 200,
        "total_data_transfer": 300, "additional_info": "more", "role": "r-support",
        "permissions": {"/": ["list", "download", "upload", "create_dirs", "rename_files", "delete_dirs", "chmod", "copy"],
                        "/in": ["*"], "/out": ["list", "download"]},
        "groups": [{"name": "g-primary", "type": 1}, {"name": "g-secondary", "type": 2}, {"name": "g-members", "type": 3}],
        "virtual_folders": [
            {"name": "f-local", "virtual_path": "/mine", "quota_size": -1, "quota_files": -1},
            {"name": "f-sftp", "virtual_path": "/far", "quota_size": 5000, "quota_files": 50},
        ],
        "filters": {
            "allowed_ip": ["127.0.0.0/8"], "denied_ip": ["203.0.113.0/24"], "denied_login_methods": ["publickey+password"],
            "denied_protocols": ["FTP"], "tls_username": "CommonName", "web_client": ["shares-without-password-disabled"],
            "file_patterns": [{"path": "/", "allowed_patterns": ["*.jpg"], "deny_policy": 0},
                              {"path": "/in", "denied_patterns": ["*.tmp"], "deny_policy": 1}],
            "max_upload_file_size": 4096, "hooks": {"external_auth_disabled": True, "pre_login_disabled": True,
                                                    "check_password_disabled": True},
            "allow_api_key_auth": True, "user_type": "LDAPUser", "require_password_change": False,
            "bandwidth_limits": [{"sources": ["127.0.0.1/32"], "upload_bandwidth": 1, "download_bandwidth": 2}],
            "start_directory": "/in", "two_factor_protocols": ["SSH"], "ftp_security": 1, "password_strength": 40,
            "access_time": [{"day_of_week": 0, "from": "00:00", "to": "23:59"}], "additional_emails": ["two@example.com"],
            "enforce_secure_algorithms": True, "custom1": "placeholder",
        },
    })
    user("u-anonymous", {"filters": {"is_anonymous": True, "denied_protocols": ["SSH"]}, "permissions": {"/": ["list", "download"]}})
    user("u-disabled", {"status": 0})


def user(name, more):
    body = {"username": name, "status": 1, "password": name + "-secret", "home_dir": "/srv/import/users/" + name,
            "permissions": {"/": ["*"]}}
    body.update(more)
    add("/users", body)


def admins():
    add("/admins", {"username": "a-argon", "status": 1, "password": PASSWORD_HASHES["h-argon2id"][1], "permissions": ["*"]})
    CLEAR["passwords"]["a-argon"] = PASSWORD_HASHES["h-argon2id"][0]
    add("/admins", {
        "username": "a-role", "status": 1, "password": "a-role-secret", "role": "r-support", "email": "role@example.com",
        "description": "confined", "permissions": ["add_users", "edit_users", "del_users", "view_users", "view_conns"],
        "filters": {"allow_list": ["127.0.0.0/8", "192.0.2.0/24"], "allow_api_key_auth": True,
                    "preferences": {"hide_user_page_sections": 12, "default_users_expiration": 7}},
        "groups": [{"name": "g-primary", "options": {"add_to_users_as": 1}}, {"name": "g-members", "options": {"add_to_users_as": 0}}],
        "additional_info": "about",
    })
    add("/admins", {"username": "a-totp", "status": 1, "password": "a-totp-secret", "permissions": ["*"]})
    add("/admins", {"username": "a-off", "status": 0, "password": "a-off-secret", "permissions": ["view_users", "manage_folders"]})


def second_factors():
    user("u-totp", {"filters": {"two_factor_protocols": ["SSH", "HTTP"]}})
    for kind, name in (("admin", "a-totp"), ("user", "u-totp")):
        token = token_of(name, name + "-secret", "/token" if kind == "admin" else "/user/token")
        made = call("POST", f"/{kind}/totp/generate", {"config_name": "Default"}, token=token)
        call("POST", f"/{kind}/totp/validate",
             {"config_name": "Default", "passcode": totp(made["secret"]), "secret": made["secret"]}, token=token)
        save = {"enabled": True, "config_name": "Default", "secret": plain(made["secret"])}
        if kind == "user":
            save["protocols"] = ["SSH", "HTTP"]
        call("POST", f"/{kind}/totp/save", save, token=token)
        token = token_of(name, name + "-secret", "/token" if kind == "admin" else "/user/token",
                         {"X-SFTPGO-OTP": totp(made["secret"], time.time() + 30)})
        codes = call("GET", f"/{kind}/2fa/recoverycodes", token=token)
        CLEAR.setdefault("totp", {})[name] = {"secret": made["secret"], "codes": [code["code"] for code in codes]}


def keys_and_shares():
    for body in (
        {"name": "key of an administrator", "scope": 1, "admin": "a-role", "description": "for scripts"},
        {"name": "key of a user", "scope": 2, "user": "u-full", "expires_at": 4102444800000},
        {"name": "key of all administrators", "scope": 1},
        {"name": "expired key", "scope": 2, "expires_at": int(time.time() * 1000) + 86400000},
    ):
        made = add("/apikeys", body)
        CLEAR.setdefault("api_keys", {})[body["name"]] = made["key"]
    token = token_of("u-local", "u-local-secret", "/user/token")
    for body in (
        {"name": "a share", "scope": 1, "paths": ["/out"], "password": "share password", "expires_at": 4102444800000,
         "max_tokens": 10, "allow_from": ["192.0.2.0/24"], "description": "to read"},
        {"name": "an inbox", "scope": 2, "paths": ["/in"]},
        {"name": "both", "scope": 3, "paths": ["/both"], "max_tokens": 0},
    ):
        call("POST", "/user/shares", body, token=token)
    CLEAR["share_passwords"] = {"a share": "share password"}


def actions_and_rules():
    key_values = [{"key": "X-Name", "value": "{{.Name}}"}]
    options = {
        "x-http": (1, {"http_config": {
            "endpoint": "https://hooks.example/{{.VirtualPath}}", "username": "hook", "password": plain("hook password"),
            "headers": key_values, "timeout": 20, "skip_tls_verify": True, "method": "POST", "query_parameters": key_values,
            "parts": [{"name": "meta", "headers": key_values, "body": "{{.Event}}"}, {"name": "file", "filepath": "/{{.VirtualPath}}"}]}}),
        "x-email": (3, {"email_config": {"recipients": ["a@example.com"], "bcc": ["b@example.com"], "subject": "{{.Event}} {{.Name}}",
                                         "body": "<b>{{.ErrorString}}</b>", "content_type": 1, "attachments": ["/{{.VirtualPath}}"]}}),
        "x-backup": (4, {}),
        "x-user-quota": (5, {}),
        "x-folder-quota": (6, {}),
        "x-transfer-quota": (7, {}),
        "x-retention": (8, {"retention_config": {"folders": [
            {"path": "/", "retention": 720, "delete_empty_dirs": True}, {"path": "/keep", "retention": 0}]}}),
        "x-rename": (9, {"fs_config": {"type": 1, "renames": [{"key": "/{{.VirtualPath}}", "value": "/done/{{.ObjectName}}", "update_modtime": True}]}}),
        "x-delete": (9, {"fs_config": {"type": 2, "deletes": ["/tmp/{{.ObjectName}}"]}}),
        "x-mkdirs": (9, {"fs_config": {"type": 3, "mkdirs": ["/in", "/out/{{.Name}}"]}}),
        "x-exist": (9, {"fs_config": {"type": 4, "exist": ["/in/{{.ObjectName}}"]}}),
        "x-compress": (9, {"fs_config": {"type": 5, "compress": {"name": "/{{.Name}}.zip", "paths": ["/out", "/in"]}}}),
        "x-copy": (9, {"fs_config": {"type": 6, "copy": [{"key": "/{{.VirtualPath}}", "value": "/copies/{{.ObjectName}}"}]}}),
        "x-password": (11, {"pwd_expiration_config": {"threshold": 10}}),
        "x-expiration": (12, {}),
        "x-idp": (13, {"idp_config": {"mode": 1, "template_user": "{\"username\":\"{{.Name}}\"}", "template_admin": "{\"username\":\"{{.Name}}\"}"}}),
        "x-inactivity": (14, {"user_inactivity_config": {"disable_threshold": 30, "delete_threshold": 60}}),
        "x-rotate": (15, {}),
    }
    for name, (kind, config) in options.items():
        add("/eventactions", {"name": name, "description": "does " + name, "type": kind, "options": config})
    CLEAR["actions"] = {"x-http": "hook password"}
    follow = {"name": "x-email", "order": 2, "relation_options": {"is_failure_action": True}}
    names = [{"pattern": "u-*", "inverse_match": True}]
    rules = [
        {"name": "e-fs", "trigger": 1, "description": "files", "conditions": {
            "fs_events": ["upload", "download", "delete", "rename", "mkdir", "rmdir", "copy", "ssh_cmd", "first-upload", "first-download"],
            "options": {"names": names, "group_names": [{"pattern": "g-*"}], "role_names": [{"pattern": "r-*"}],
                        "fs_paths": [{"pattern": "/in/**"}], "protocols": ["SFTP", "FTP"], "min_size": 1, "max_size": 1000000,
                        "event_statuses": [1, 2]}},
         "actions": [{"name": "x-http", "order": 1, "relation_options": {"stop_on_failure": True}}, follow]},
        {"name": "e-sync", "trigger": 1, "status": 0, "conditions": {"fs_events": ["upload", "pre-delete"]},
         "actions": [{"name": "x-copy", "order": 1, "relation_options": {"execute_sync": True}}]},
        {"name": "e-provider", "trigger": 2, "conditions": {"provider_events": ["add", "update", "delete"],
         "options": {"provider_objects": ["user", "group", "admin"], "names": names}}, "actions": [{"name": "x-http", "order": 1}]},
        {"name": "e-schedule", "trigger": 3, "conditions": {"schedules": [
            {"minute": "0", "hour": "3", "day_of_week": "*", "day_of_month": "*", "month": "*"},
            {"minute": "30", "hour": "*/2", "day_of_week": "1", "day_of_month": "1", "month": "1-6"}],
            "options": {"concurrent_execution": True, "names": names}}, "actions": [{"name": "x-retention", "order": 1}, follow]},
        {"name": "e-blocked", "trigger": 4, "actions": [{"name": "x-email", "order": 1}]},
        {"name": "e-certificate", "trigger": 5, "actions": [{"name": "x-email", "order": 1}]},
        {"name": "e-demand", "trigger": 6, "actions": [{"name": "x-backup", "order": 1}]},
        {"name": "e-idp", "trigger": 7, "conditions": {"idp_login_event": 1},
         "actions": [{"name": "x-idp", "order": 1, "relation_options": {"execute_sync": True}}]},
    ]
    for rule in rules:
        add("/eventrules", {"status": 1, **rule})


def lists_and_configurations():
    for kind, entries in ((1, [("192.0.2.0/24", 1), ("2001:db8::/32", 1)]), (2, [("198.51.100.7/32", 2), ("203.0.113.0/24", 1)]),
                          (3, [("10.0.0.0/8", 1)])):
        for network, mode in entries:
            add(f"/iplists/{kind}", {"ipornet": network, "mode": mode, "type": kind, "protocols": 7 if kind == 2 else 0,
                                     "description": "entry " + network})
    # These have a page and no operation of their own; loading is how the API sets them.
    call("POST", "/loaddata?mode=0", {"version": 17, "configs": {
        "sftpd": {"host_key_algos": ["ssh-rsa"], "public_key_algos": ["ssh-rsa"], "kex_algorithms": ["diffie-hellman-group14-sha1"],
                  "ciphers": ["aes128-cbc"], "macs": ["hmac-sha1"]},
        "smtp": {"host": "mail.example.com", "port": 587, "from": "server@example.com", "user": "mailer",
                 "password": plain("smtp password"), "auth_type": 1, "encryption": 2, "domain": "example.com",
                 "oauth2": {"provider": 1, "tenant": "tenant", "client_id": "client", "client_secret": plain("oauth2 client secret"),
                            "refresh_token": plain("oauth2 refresh token")}},
        "acme": {"domain": "files.example.com", "email": "acme@example.com", "http01_challenge": {"port": 80}, "protocols": 7},
    }}, token=ADMIN)
    CLEAR["configs"] = {"smtp.password": "smtp password", "smtp.oauth2.client_secret": "oauth2 client secret",
                        "smtp.oauth2.refresh_token": "oauth2 refresh token"}


# Password and stored form, made with other programs: openssl passwd, htpasswd, mkpasswd, Python's hashlib and argon2-cffi.
PASSWORD_HASHES = json.load(open(sys.argv[4])) if len(sys.argv) > 4 else {}

roles_folders_groups()
users()
admins()
second_factors()
keys_and_shares()
actions_and_rules()
lists_and_configurations()
dump = call("GET", "/dumpdata?output-data=1", token=ADMIN)
with open(sys.argv[2], "w") as file:
    json.dump(dump, file, indent=1)
    file.write("\n")
with open(sys.argv[3], "w") as file:
    json.dump(CLEAR, file, indent=1)
    file.write("\n")
