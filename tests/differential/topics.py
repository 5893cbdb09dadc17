"""The other operations: tokens, own accounts, event manager, lists, quota, maintenance."""

from objects import ROOT, R, admin, collection, folder, gone, names, user


def tokens():
    for path in ("/token", "/user/token"):
        yield R(f"{path}: without credentials", "GET", path, who="none")
        yield R(f"{path}: wrong password", "GET", path, who="admin:wrong")
        yield R(f"{path}: unknown", "GET", path, who="nobody:wrong")
        yield R(f"{path}: empty password", "GET", path, who="admin:")
        yield R(f"{path}: a bearer", "GET", path, who="admin")
        yield R(f"{path}: wrong method", "POST", path, who="admin:admin-secret")
    yield R("/token: right", "GET", "/token", who="admin:admin-secret")
    yield R("/token: with a code nobody asked for", "GET", "/token", who="admin:admin-secret", headers={"X-SFTPGO-OTP": "123456"})
    yield R("/user/token: right", "GET", "/user/token", who="user:user-secret")
    yield R("/token: of a user", "GET", "/token", who="user:user-secret")
    for path in ("/version", "/status", "/connections", "/defender/hosts", "/user/profile", "/admin/profile", "/admin/totp/configs",
                 "/user/totp/configs", "/apikeys", "/eventactions", "/retention/users/checks", "/dumpdata?output-data=1"):
        for who in ("none", "garbage", "clerk", "user"):
            yield R(f"{path} as {who}", "GET", path, who=who)
    for path in ("/version", "/nothing", "/users/a/b", ""):
        yield R(f"GET {path or 'nothing'}", "GET", path)
        yield R(f"GET {path or 'nothing'} without token", "GET", path, who="none")
    yield R("log out without token", "GET", "/logout", who="none")
    yield R("log out a user at the wrong door", "GET", "/logout", who="user")


def own_account():
    for kind, who in (("admin", "clerk"), ("user", "user")):
        yield R(f"{kind} profile", "GET", f"/{kind}/profile", who=who)
        yield R(f"{kind} profile: change", "PUT", f"/{kind}/profile", {"email": "new@example.com", "description": "new"}, who=who)
        yield R(f"{kind} profile: changed", "GET", f"/{kind}/profile", who=who)
        yield R(f"{kind} profile: wrong address", "PUT", f"/{kind}/profile", {"email": "x"}, who=who)
        yield R(f"{kind} profile: no body", "PUT", f"/{kind}/profile", raw=b"", who=who)
        yield R(f"{kind} profile: a list", "PUT", f"/{kind}/profile", raw=b"[]", who=who)
        yield R(f"{kind} profile: wrong type", "PUT", f"/{kind}/profile", {"email": 5}, who=who)
        old = "admin-secret" if kind == "admin" else "user-secret"
        for label, body in (
            ("empty", {}), ("without new", {"current_password": old}), ("without current", {"new_password": "something"}),
            ("wrong current", {"current_password": "wrong", "new_password": "something"}),
            ("the same", {"current_password": old, "new_password": old}), ("wrong type", {"current_password": 5}),
        ):
            yield R(f"{kind} password: {label}", "PUT", f"/{kind}/changepwd", body, who=who)
        yield R(f"{kind} password: no body", "PUT", f"/{kind}/changepwd", raw=b"", who=who)
        yield R(f"{kind} totp: configurations", "GET", f"/{kind}/totp/configs", who=who)
        for label, body in (("unknown", {"config_name": "missing"}), ("empty", {}), ("wrong type", {"config_name": 5})):
            yield R(f"{kind} totp: generate {label}", "POST", f"/{kind}/totp/generate", body, who=who)
        yield R(f"{kind} totp: generate", "POST", f"/{kind}/totp/generate", {"config_name": "Default"}, who=who)
        secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
        for label, body in (
            ("wrong code", {"config_name": "Default", "passcode": "000000", "secret": secret}),
            ("unknown configuration", {"config_name": "missing", "passcode": "000000", "secret": secret}),
            ("empty", {}), ("no code", {"config_name": "Default", "secret": secret}),
        ):
            yield R(f"{kind} totp: validate {label}", "POST", f"/{kind}/totp/validate", body, who=who)
        for label, body in (
            ("empty", {}), ("without secret", {"enabled": True, "config_name": "Default", "protocols": ["SSH"]}),
            ("unknown configuration", {"enabled": True, "config_name": "missing", "secret": {"status": "Plain", "payload": secret}, "protocols": ["SSH"]}),
            ("without protocols", {"enabled": True, "config_name": "Default", "secret": {"status": "Plain", "payload": secret}}),
            ("wrong protocols", {"enabled": True, "config_name": "Default", "secret": {"status": "Plain", "payload": secret}, "protocols": ["DAV"]}),
        ):
            if kind == "user" or label not in ("without protocols", "wrong protocols"):
                yield R(f"{kind} totp: save {label}", "POST", f"/{kind}/totp/save", body, who=who)
        yield R(f"{kind} recovery codes without a second factor", "GET", f"/{kind}/2fa/recoverycodes", who=who)
        yield R(f"{kind} recovery codes made without a second factor", "POST", f"/{kind}/2fa/recoverycodes", who=who)
        for path in ("forgot-password", "reset-password"):
            yield R(f"{kind}: {path} empty", "POST", f"/{kind}s/missing/{path}", {}, who="none")
    yield R("admin: forgot password", "POST", "/admins/clerk/forgot-password", who="none")
    yield R("admin: forgot password of nobody", "POST", "/admins/nobody/forgot-password", who="none")
    yield R("admin: reset with a wrong code", "POST", "/admins/clerk/reset-password", {"code": "1", "password": "x"}, who="none")
    yield R("user: forgot password", "POST", "/users/user/forgot-password", who="none")
    yield R("user: forgot password of nobody", "POST", "/users/nobody/forgot-password", who="none")
    yield R("user: reset with a wrong code", "POST", "/users/user/reset-password", {"code": "1", "password": "x"}, who="none")


def action(name, kind=4, **config):
    return {"name": name, "description": "an action", "type": kind, "options": config}


KEY = [{"key": "k", "value": "v"}]
ACTIONS_GOOD = [
    ("HTTP", 1, {"http_config": {"endpoint": "https://h.example/x", "method": "POST", "timeout": 10, "headers": KEY, "query_parameters": KEY,
                 "body": "{{.Name}}", "username": "u", "password": {"status": "Plain", "payload": "x"}}}),
    ("HTTP with parts", 1, {"http_config": {"endpoint": "https://h.example/x", "method": "POST", "timeout": 10,
                            "parts": [{"name": "a", "body": "b", "headers": KEY}, {"name": "f", "filepath": "/x"}]}}),
    ("email", 3, {"email_config": {"recipients": ["a@example.com"], "subject": "s", "body": "b", "content_type": 1, "attachments": ["/a", "/a"]}}),
    ("backup", 4, {}), ("user quota", 5, {}), ("folder quota", 6, {}), ("transfer quota", 7, {}), ("expiration", 12, {}), ("rotation", 15, {}),
    ("retention", 8, {"retention_config": {"folders": [{"path": "/a/../b", "retention": 5, "delete_empty_dirs": True}, {"path": "/", "retention": 1}]}}),
    ("rename", 9, {"fs_config": {"type": 1, "renames": [{"key": "/a", "value": "/b/../c"}]}}),
    ("delete", 9, {"fs_config": {"type": 2, "deletes": ["/a", "/a", "b"]}}),
    ("mkdirs", 9, {"fs_config": {"type": 3, "mkdirs": ["/a/"]}}),
    ("exist", 9, {"fs_config": {"type": 4, "exist": ["/a"]}}),
    ("compress", 9, {"fs_config": {"type": 5, "compress": {"name": "/a.zip", "paths": ["/b", "/b"]}}}),
    ("copy", 9, {"fs_config": {"type": 6, "copy": [{"key": "/a/", "value": "/b/"}]}}),
    ("password expiration", 11, {"pwd_expiration_config": {"threshold": 3}}),
    ("identity provider", 13, {"idp_config": {"mode": 1, "template_user": "{\"username\":\"x\"}"}}),
    ("inactivity", 14, {"user_inactivity_config": {"disable_threshold": 5, "delete_threshold": 6}}),
]
ACTIONS_BAD = [
    ("of type 0", action("a1", 0)), ("of type 99", action("a1", 99)), ("with type as text", {"name": "a1", "type": "4"}),
    ("HTTP without anything", action("a1", 1)),
    ("HTTP without endpoint", action("a1", 1, http_config={"method": "GET", "timeout": 10})),
    ("HTTP to another scheme", action("a1", 1, http_config={"endpoint": "ftp://x", "method": "GET", "timeout": 10})),
    ("HTTP with a wrong method", action("a1", 1, http_config={"endpoint": "http://x", "method": "FLY", "timeout": 10})),
    ("HTTP without timeout", action("a1", 1, http_config={"endpoint": "http://x", "method": "GET"})),
    ("HTTP with a long timeout", action("a1", 1, http_config={"endpoint": "http://x", "method": "GET", "timeout": 181})),
    ("HTTP with an empty header", action("a1", 1, http_config={"endpoint": "http://x", "method": "GET", "timeout": 1, "headers": [{"key": "", "value": "v"}]})),
    ("HTTP with body and parts", action("a1", 1, http_config={"endpoint": "http://x", "method": "POST", "timeout": 1, "body": "b", "parts": [{"name": "a", "body": "b"}]})),
    ("HTTP with a part without a name", action("a1", 1, http_config={"endpoint": "http://x", "method": "POST", "timeout": 1, "parts": [{"body": "b"}]})),
    ("HTTP with a redacted password", action("a1", 1, http_config={"endpoint": "http://x", "method": "GET", "timeout": 1, "password": {"status": "Redacted", "payload": "x"}})),
    ("command without anything", action("a1", 2)),
    ("command that is not allowed", action("a1", 2, cmd_config={"cmd": "/bin/ls", "timeout": 10})),
    ("relative command", action("a1", 2, cmd_config={"cmd": "ls", "timeout": 10})),
    ("email without anything", action("a1", 3)),
    ("email without subject", action("a1", 3, email_config={"recipients": ["a@b.c"], "body": "b"})),
    ("email without body", action("a1", 3, email_config={"recipients": ["a@b.c"], "subject": "b"})),
    ("email without recipients", action("a1", 3, email_config={"subject": "a", "body": "b"})),
    ("email to an empty one", action("a1", 3, email_config={"recipients": [""], "subject": "a", "body": "b"})),
    ("email of wrong type", action("a1", 3, email_config={"recipients": ["a@b.c"], "subject": "a", "body": "b", "content_type": 5})),
    ("retention without folders", action("a1", 8)),
    ("retention of nothing", action("a1", 8, retention_config={"folders": [{"path": "/a", "retention": 0}]})),
    ("retention of a negative time", action("a1", 8, retention_config={"folders": [{"path": "/a", "retention": -1}]})),
    ("retention of a folder twice", action("a1", 8, retention_config={"folders": [{"path": "/a", "retention": 1}, {"path": "/a/", "retention": 2}]})),
    ("retention without path", action("a1", 8, retention_config={"folders": [{"retention": 1}]})),
    ("files without type", action("a1", 9)), ("files of type 77", action("a1", 9, fs_config={"type": 77})),
    ("rename of nothing", action("a1", 9, fs_config={"type": 1})),
    ("rename without target", action("a1", 9, fs_config={"type": 1, "renames": [{"key": "/a", "value": ""}]})),
    ("rename to itself", action("a1", 9, fs_config={"type": 1, "renames": [{"key": "/a", "value": "/a"}]})),
    ("rename of the root", action("a1", 9, fs_config={"type": 1, "renames": [{"key": "/", "value": "/a"}]})),
    ("delete of nothing", action("a1", 9, fs_config={"type": 2})),
    ("delete of an empty path", action("a1", 9, fs_config={"type": 2, "deletes": [""]})),
    ("mkdirs of nothing", action("a1", 9, fs_config={"type": 3})),
    ("exist of nothing", action("a1", 9, fs_config={"type": 4})),
    ("compress without name", action("a1", 9, fs_config={"type": 5, "compress": {"paths": ["/a"]}})),
    ("compress without paths", action("a1", 9, fs_config={"type": 5, "compress": {"name": "/a.zip"}})),
    ("copy of nothing", action("a1", 9, fs_config={"type": 6})),
    ("copy onto itself", action("a1", 9, fs_config={"type": 6, "copy": [{"key": "/a", "value": "/a"}]})),
    ("password expiration of nothing", action("a1", 11)),
    ("identity provider of nothing", action("a1", 13)),
    ("identity provider in mode 7", action("a1", 13, idp_config={"mode": 7, "template_user": "{}"})),
    ("inactivity of nothing", action("a1", 14)),
    ("inactivity backwards", action("a1", 14, user_inactivity_config={"disable_threshold": 6, "delete_threshold": 5})),
]


def actions():
    yield from collection("action", "/eventactions", action("a1"), "a1", action("a1", 12), ACTIONS_BAD)
    for index, (label, kind, config) in enumerate(ACTIONS_GOOD):
        body = {"name": f"ax{index}", "type": kind, "options": config}
        yield R(f"action: add {label}", "POST", "/eventactions", body)
        yield R(f"action: get {label}", "GET", f"/eventactions/ax{index}")
        yield R(f"action: put back {label}", "PUT", f"/eventactions/ax{index}", body)
    yield from names("action", "/eventactions", action)


def rule(name, trigger=6, acts=({"name": "a1", "order": 1},), **more):
    return {"name": name, "description": "a rule", "status": 1, "trigger": trigger, "actions": list(acts), **more}


def rules():
    every = [{"minute": "0", "hour": "1", "day_of_week": "*", "day_of_month": "*", "month": "*"}]
    bad = [
        ("with trigger 0", rule("e1", 0)), ("with trigger 99", rule("e1", 99)), ("with status 2", rule("e1", status=2)),
        ("without actions", rule("e1", acts=())), ("with an unknown action", rule("e1", acts=({"name": "missing", "order": 1},))),
        ("with an action twice", rule("e1", acts=({"name": "a1", "order": 1}, {"name": "a1", "order": 2}))),
        ("with an order twice", rule("e1", acts=({"name": "a1", "order": 1}, {"name": "ax3", "order": 1}))),
        ("with only a failure action", rule("e1", acts=({"name": "a1", "order": 1, "relation_options": {"is_failure_action": True}},))),
        ("files without events", rule("e1", 1)), ("files with an unknown event", rule("e1", 1, conditions={"fs_events": ["fly"]})),
        ("provider without events", rule("e1", 2)), ("provider with an unknown event", rule("e1", 2, conditions={"provider_events": ["fly"]})),
        ("provider with an unknown object", rule("e1", 2, conditions={"provider_events": ["add"], "options": {"provider_objects": ["fly"]}})),
        ("schedule without schedules", rule("e1", 3)),
        ("schedule with a wrong minute", rule("e1", 3, conditions={"schedules": [{**every[0], "minute": "99"}]})),
        ("schedule with an empty hour", rule("e1", 3, conditions={"schedules": [{**every[0], "hour": ""}]})),
        ("identity provider with a wrong event", rule("e1", 7, conditions={"idp_login_event": 9})),
        ("with a wrong protocol", rule("e1", 1, conditions={"fs_events": ["upload"], "options": {"protocols": ["GOPHER"]}})),
        ("with wrong sizes", rule("e1", 1, conditions={"fs_events": ["upload"], "options": {"min_size": 5, "max_size": 4}})),
        ("with an empty pattern", rule("e1", 1, conditions={"fs_events": ["upload"], "options": {"names": [{"pattern": ""}]}})),
        ("with a wrong status of events", rule("e1", 1, conditions={"fs_events": ["upload"], "options": {"event_statuses": [9]}})),
        ("sync for a schedule", rule("e1", 3, ({"name": "a1", "order": 1, "relation_options": {"execute_sync": True}},), conditions={"schedules": every})),
    ]
    yield from collection("rule", "/eventrules", rule("e1"), "e1", rule("e1", status=0, description="changed"), bad)
    yield R("rule: the action in use", "GET", "/eventactions/a1")
    yield R("rule: delete the action in use", "DELETE", "/eventactions/a1")
    good = [
        ("files", rule("ef", 1, conditions={"fs_events": ["upload", "download"], "options": {"names": [{"pattern": "a*", "inverse_match": True}],
         "fs_paths": [{"pattern": "/a/**"}], "protocols": ["SFTP"], "min_size": 1, "max_size": 9, "event_statuses": [1]}})),
        ("provider", rule("ep", 2, conditions={"provider_events": ["add"], "options": {"provider_objects": ["user"]}})),
        ("schedule", rule("es", 3, conditions={"schedules": every, "options": {"concurrent_execution": True}})),
        ("blocked", rule("eb", 4)), ("certificate", rule("ec", 5)), ("identity provider", rule("ei", 7, conditions={"idp_login_event": 1})),
        ("with foreign conditions", rule("ex", 6, conditions={"fs_events": ["upload"], "schedules": every})),
        ("with two actions", rule("e2", 6, ({"name": "ax3", "order": 2}, {"name": "a1", "order": 1, "relation_options": {"stop_on_failure": True}}))),
    ]
    for label, body in good:
        yield R(f"rule: add {label}", "POST", "/eventrules", body)
        yield R(f"rule: get {label}", "GET", f"/eventrules/{body['name']}")
        yield R(f"rule: put back {label}", "PUT", f"/eventrules/{body['name']}", body)
    yield R("rule: run a missing one", "POST", "/eventrules/run/missing")
    yield R("rule: run one that is not on demand", "POST", "/eventrules/run/ef")
    yield R("rule: run as clerk", "POST", "/eventrules/run/e1", who="clerk")
    yield from gone("rule", "/eventrules", "e1")
    yield from names("rule", "/eventrules", lambda name: rule(name, 4, ({"name": "ax3", "order": 1},)))


def api_keys():
    good = {"name": "k", "scope": 1, "description": "a key"}
    base = "/apikeys"
    for query in ("", "?limit=1", "?limit=x", "?order=DESC"):
        yield R(f"key: list {query}", "GET", base + query)
    for who in ("none", "garbage", "user", "clerk"):
        yield R(f"key: list as {who}", "GET", base, who=who)
        yield R(f"key: add as {who}", "POST", base, good, who=who)
    for label, body in (
        ("empty", {}), ("without name", {"scope": 1}), ("without scope", {"name": "k"}), ("with scope 9", {"name": "k", "scope": 9}),
        ("for an unknown user", {"name": "k", "scope": 2, "user": "missing"}), ("for an unknown administrator", {"name": "k", "scope": 1, "admin": "missing"}),
        ("for both", {"name": "k", "scope": 1, "admin": "clerk", "user": "user"}), ("with the wrong owner", {"name": "k", "scope": 2, "admin": "clerk"}),
        ("that ended", {"name": "k", "scope": 1, "expires_at": 5}), ("with negative end", {"name": "k", "scope": 1, "expires_at": -5}),
        ("with a number as name", {"name": 5, "scope": 1}), ("with a long name", {"name": "x" * 300, "scope": 1}),
    ):
        yield R(f"key: add {label}", "POST", base, body)
    yield R("key: add no body", "POST", base, raw=b"")
    yield R("key: add", "POST", base, good)
    yield R("key: add for a user", "POST", base, {"name": "ku", "scope": 2, "user": "user", "id": "mine", "key": "mine"})
    yield R("key: list with two", "GET", base)
    for method, body in (("GET", None), ("PUT", good), ("DELETE", None)):
        yield R(f"key: {method} a missing one", method, f"{base}/missing", body)
    yield R("key: wrong key", "GET", "/version", who="none", headers={"X-SFTPGO-API-KEY": "a.b"})
    yield R("key: malformed key", "GET", "/version", who="none", headers={"X-SFTPGO-API-KEY": "ab"})


def ip_lists():
    for kind in (1, 2, 3):
        base = f"/iplists/{kind}"
        mode = 1
        good = {"ipornet": "192.0.2.0/24", "mode": mode, "type": kind, "description": "d", "protocols": 0}
        bad = [("a wrong network", "x"), ("no network", ""), ("a wrong mask", "192.0.2.0/99")]
        yield R(f"list {kind}: empty", "GET", base)
        for query in ("limit=1", "limit=x", "order=DESC", "order=x", "filter=192", "from=192.0.2.0/24"):
            yield R(f"list {kind}: {query}", "GET", f"{base}?{query}")
        for label, network in bad:
            yield R(f"list {kind}: add {label}", "POST", base, {**good, "ipornet": network})
        for label, more in (("mode 0", {"mode": 0}), ("mode 9", {"mode": 9}), ("mode 2", {"mode": 2, "ipornet": "198.51.100.1"}),
                            ("negative protocols", {"protocols": -1}), ("many protocols", {"protocols": 99}), ("another type", {"type": 9, "ipornet": "10.1.0.0/16"})):
            yield R(f"list {kind}: add {label}", "POST", base, {**good, **more})
        yield R(f"list {kind}: add no body", "POST", base, raw=b"")
        yield R(f"list {kind}: add", "POST", base, good)
        yield R(f"list {kind}: add again", "POST", base, good)
        yield R(f"list {kind}: add an address", "POST", base, {**good, "ipornet": "203.0.113.9"})
        yield R(f"list {kind}: add an IPv6", "POST", base, {**good, "ipornet": "2001:DB8::/32"})
        yield R(f"list {kind}: add host bits", "POST", base, {**good, "ipornet": "203.0.113.77/24"})
        yield R(f"list {kind}: get", "GET", f"{base}/192.0.2.0%2F24")
        yield R(f"list {kind}: get the address", "GET", f"{base}/203.0.113.9")
        yield R(f"list {kind}: get the address with mask", "GET", f"{base}/203.0.113.9%2F32")
        yield R(f"list {kind}: get a missing one", "GET", f"{base}/10.0.0.0%2F8")
        yield R(f"list {kind}: get no network", "GET", f"{base}/x")
        yield R(f"list {kind}: update", "PUT", f"{base}/192.0.2.0%2F24", {**good, "description": "changed"})
        yield R(f"list {kind}: update to mode 9", "PUT", f"{base}/192.0.2.0%2F24", {**good, "mode": 9})
        yield R(f"list {kind}: update a missing one", "PUT", f"{base}/10.0.0.0%2F8", good)
        yield R(f"list {kind}: all", "GET", base)
        yield R(f"list {kind}: filtered", "GET", f"{base}?filter=192.")
        for who in ("none", "user", "clerk"):
            yield R(f"list {kind}: as {who}", "GET", base, who=who)
            yield R(f"list {kind}: delete as {who}", "DELETE", f"{base}/192.0.2.0%2F24", who=who)
        yield R(f"list {kind}: delete", "DELETE", f"{base}/192.0.2.0%2F24")
        yield R(f"list {kind}: delete again", "DELETE", f"{base}/192.0.2.0%2F24")
    for kind in ("0", "4", "x"):
        yield R(f"list {kind}", "GET", f"/iplists/{kind}")
        yield R(f"list {kind}: add", "POST", f"/iplists/{kind}", {"ipornet": "10.0.0.0/8", "mode": 1})


def operations():
    yield R("connections", "GET", "/connections")
    yield R("connections: end a missing one", "DELETE", "/connections/missing")
    yield R("defender: hosts", "GET", "/defender/hosts")
    for name in ("192.0.2.7", "missing", "3139322e302e322e37"):
        yield R(f"defender: host {name}", "GET", f"/defender/hosts/{name}")
        yield R(f"defender: forget {name}", "DELETE", f"/defender/hosts/{name}")
    for kind, name in (("users", "user"), ("folders", "f0")):
        yield R(f"quota: scans of {kind}", "GET", f"/quotas/{kind}/scans")
        yield R(f"quota: scan a missing one of {kind}", "POST", f"/quotas/{kind}/missing/scan")
        yield R(f"quota: scan of {kind} as clerk", "POST", f"/quotas/{kind}/{name}/scan", who="clerk")
        for mode in ("", "?mode=add", "?mode=reset", "?mode=x"):
            for label, body in (("good", {"used_quota_size": 100, "used_quota_files": 2}), ("negative", {"used_quota_size": -1, "used_quota_files": 2}),
                                ("empty", {}), ("wrong type", {"used_quota_size": "x"})):
                yield R(f"quota: usage of {kind} {mode} {label}", "PUT", f"/quotas/{kind}/{name}/usage{mode}", body)
        yield R(f"quota: usage of a missing one of {kind}", "PUT", f"/quotas/{kind}/missing/usage", {"used_quota_size": 1})
        yield R(f"quota: usage of {kind} no body", "PUT", f"/quotas/{kind}/{name}/usage", raw=b"")
        yield R(f"quota: {kind} afterwards", "GET", f"/{kind}/{name}")
    for mode in ("", "?mode=add", "?mode=reset", "?mode=x"):
        for label, body in (("good", {"used_upload_data_transfer": 5, "used_download_data_transfer": 6}), ("negative", {"used_upload_data_transfer": -1}),
                            ("empty", {}), ("wrong type", {"used_upload_data_transfer": "x"})):
            yield R(f"quota: transfer {mode} {label}", "PUT", f"/quotas/users/user/transfer-usage{mode}", body)
    yield R("quota: transfer afterwards", "GET", "/users/user")
    yield R("quota: transfer of a missing one", "PUT", "/quotas/users/missing/transfer-usage", {"used_upload_data_transfer": 5})
    yield R("quota: add without a limit", "PUT", "/quotas/users/limited/usage?mode=add", {"used_quota_size": 1})
    yield R("quota: a user with a limit", "POST", "/users", user("limited", quota_size=100, total_data_transfer=5))
    for mode in ("add", "reset"):
        yield R(f"quota: limited usage {mode}", "PUT", f"/quotas/users/limited/usage?mode={mode}", {"used_quota_size": 10, "used_quota_files": 1})
        yield R(f"quota: limited transfer {mode}", "PUT", f"/quotas/users/limited/transfer-usage?mode={mode}", {"used_upload_data_transfer": 7})
        yield R(f"quota: limited afterwards {mode}", "GET", "/users/limited")
    yield R("retention: checks", "GET", "/retention/users/checks")
    for kind in ("fs", "provider", "logs"):
        yield R(f"events: {kind} as clerk", "GET", f"/events/{kind}", who="clerk")
        yield R(f"events: {kind} without token", "GET", f"/events/{kind}", who="none")
    yield R("status", "GET", "/status")


def maintenance():
    for query in ("", "?output-data=0", "?output-file=", "?output-file=../x", "?output-file=/tmp/x", "?output-file=one.json",
                  "?output-file=one.json&indent=1", "?output-data=1&scopes=users", "?output-data=1&scopes=users,roles", "?output-data=1&scopes=fly",
                  "?output-data=1&scopes=configs", "?output-data=1&scopes=ip_lists", "?output-data=1&scopes=actions,rules", "?output-data=1&scopes="):
        yield R(f"dump {query}", "GET", f"/dumpdata{query}")
    for query in ("", "?input-file=", "?input-file=missing.json", "?input-file=/missing.json", "?input-file=../x", "?input-file=one.json&mode=5",
                  "?input-file=one.json&mode=x", "?input-file=one.json&scan-quota=5", "?input-file=one.json&scan-quota=x"):
        yield R(f"load {query}", "GET", f"/loaddata{query}")
    for who in ("none", "clerk", "user"):
        yield R(f"dump as {who}", "GET", "/dumpdata?output-data=1", who=who)
        yield R(f"load as {who}", "POST", "/loaddata", {"version": 17}, who=who)
    for label, text in (("no body", b""), ("half", b"{"), ("a list", b"[]"), ("empty", b"{}"), ("version only", b'{"version":17}'),
                        ("the future", b'{"version":18}'), ("version as text", b'{"version":"17"}')):
        yield R(f"load {label}", "POST", "/loaddata", raw=text)
    loads = [
        ("a user", {"users": [user("loaded", created_at=5, last_login=6, used_quota_size=7)]}),
        ("a wrong user", {"users": [user("wrong", permissions={})]}),
        ("a user of an unknown group", {"users": [user("wrong", groups=[{"name": "missing", "type": 1}])]}),
        ("a folder", {"folders": [folder("loaded", used_quota_size=7)]}),
        ("a wrong folder", {"folders": [folder("wrong", mapped_path="x")]}),
        ("a role", {"roles": [{"name": "loaded"}]}),
        ("an administrator", {"admins": [admin("loaded", created_at=5)]}),
        ("an administrator without password", {"admins": [{"username": "wrong", "status": 1, "permissions": ["*"]}]}),
        ("a key without its hash", {"api_keys": [{"id": "abc", "name": "k", "scope": 1}]}),
        ("a group", {"groups": [{"name": "loaded", "user_settings": {"filters": {}, "filesystem": {"provider": 0}}}]}),
        ("an action", {"event_actions": [action("loaded")]}),
        ("a wrong action", {"event_actions": [action("wrong", 99)]}),
        ("a rule", {"event_rules": [rule("loaded", 4, ({"name": "loaded", "order": 1},))]}),
        ("a rule of an unknown action", {"event_rules": [rule("wrong", 4, ({"name": "missing", "order": 1},))]}),
        ("an entry of a list", {"ip_lists": [{"ipornet": "10.9.0.0/16", "mode": 1, "type": 1}]}),
        ("a wrong entry of a list", {"ip_lists": [{"ipornet": "x", "mode": 1, "type": 1}]}),
        ("a share of an unknown user", {"shares": [{"id": "abc", "name": "s", "scope": 1, "paths": ["/"], "username": "missing"}]}),
    ]
    for label, body in loads:
        for query in ("", "?mode=1", "?mode=2"):
            yield R(f"load {label} {query}", "POST", f"/loaddata{query}", {"version": 17, **body})
    for path in ("/users/loaded", "/folders/loaded", "/roles/loaded", "/admins/loaded", "/groups/loaded", "/eventactions/loaded",
                 "/eventrules/loaded", "/iplists/1/10.9.0.0%2F16", "/users/wrong"):
        yield R(f"loaded: {path}", "GET", path)
    yield R("load with a mode that is none", "POST", "/loaddata?mode=7", {"version": 17})
    yield R("load with a scan that is none", "POST", "/loaddata?scan-quota=7", {"version": 17})


ROOT_OF_HOMES = ROOT
