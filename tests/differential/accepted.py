"""Differences that are meant, each with its reason. The first that fits counts."""

import re

# (pattern of the request's name or path, pattern of what differs, pattern of "peer -> own" or None, reason)
RULES = [
    (r": clear away$", r"^status$", None, "follows from whether the wrong object was taken"),
    (r"update a missing one with", r"^status$", r"^404.* -> 400", "a body that cannot be read is refused before the object is looked for"),
    (r"with (limit=0|limit=-1|offset=-1)$", r"^status$", r"^(200|500).* -> 400", "API-029: a page has at least one object; the peer answers nothing or fails"),
    (r"get confidential wrong", r"^status$", r"^200.* -> 400", "API-010: a number that is none is refused by name"),
    (r"update with wrong disconnect", r"^status$", None, "API-010, ACC-066: a wrong parameter changes nothing"),
    (r"", r"^header Location$", r"", "ACC-056: the location escapes more characters than the peer's; both name the same path"),
    (r"", r"\.status$", r"^Secretbox -> AES-256-GCM", "SEC-026: AES-256-GCM is the default of the enterprise edition; local:// selects Secretbox"),
    (r"", r"\.two_factor_protocols$|\.web_client$", r"'(\w+|write-disabled)', '\1'", "repetitions in lists of options are dropped"),
    (r"anonymous|^dump", r"denied_login_methods$", None, "ACC-300: the list of methods that are denied has those of the enterprise edition, too"),
    (r"(negative|large gid|status 3)", r"^status$", r"^20.* -> 400", "ACC-020…ACC-045: numbers outside their range are refused, not stored"),
    (r"wrong (type|security of FTP|preferences|equality|endpoint)|long description|HTTP with wrong equality", r"^status$", r"^20.* -> 400",
     "values that mean nothing are refused, not stored"),
    (r"a hash that is none", r"^status$", r"^20.* -> 400", "SEC-040: what looks like a hash and is none is refused"),
    (r"storage: S3 with absolute prefix", r"^status$", r"^400.* -> 20", "ACC-263: a leading slash is removed"),
    (r"unknown (folder|group|action)", r"^status$", r"^500.* -> (409|400)", "ACC-060, API-115: a missing reference is a mistake of the client"),
    (r"redacted", r"^status$", r"^500.* -> 400", "SEC-015: the peer answers 500 for folders and groups, 400 for users"),
    (r"admin: get confidential", r"password$", None, "SEC-008: confidential_data of the contract holds for administrators, too"),
    (r"^dump .*scopes=fly", r"^status$", r"^200.* -> 400", "API-087: an unknown scope is refused"),
    (r"^load the future", r"^status$", r"^200.* -> 400", "API-090: a backup of a newer version is refused"),
    (r"^load .*(mode|scan) that is none|mode=5|scan-quota=5", r"^status$", r"^200.* -> 400", "API-092: unknown modes are refused"),
    (r"^load a key without its hash", r"^status$", r"^500.* -> 400", "API-096"),
    (r"^load (a user|a rule|a share) of an unknown", r"^status$", r"^500.* -> (400|409)", "API-094: the status is that of the object, as over REST"),
    (r"^/version|^GET /version|^status", r"^body", None, "each server tells of itself"),
    (r"", r"\.actions\[\d+\]\.description$", r"^None -> ", "a rule shows its actions with all their members"),
    (r"^dump", r"\.(rules|admins|users|groups)$", r"^None -> ", "who refers to an object is told in dumps, too; it is not read when loading"),
    (r"^rule: ", r"^body.message$", r"Event rules updated", "the message names one rule, as those of other objects do"),
    (r"^rule: |^dump", r"\.minute$|schedules", None, "the minute of schedules is a member of the contract that the open-source peer does not know"),
    (r"schedule with a wrong minute", r"^status$", r"^20.* -> 400", "the minute of schedules is a member of the contract that the open-source peer does not know"),
    (r"retention without path", r"^status$", r"^20.* -> 400", "ACT-027: paths are required"),
    (r"key: add that ended", r"^status$", r"^201.* -> 400", "SEC-090: a key that has ended is of no use"),
    (r"key: list", r"^body$", None, "follows from the key that had ended"),
    (r"loaded: /users", r"last_login$", r"^None -> ", "API-095: loaded users keep their last login"),
    (r"loaded: /folders", r"used_quota_size$", r" -> None$", "API-095: usage is counted, not loaded"),
    (r"storage SFTP|^dump", r"sftpconfig\.endpoint$", r"^h:22 -> h$", "SFS-001: 22 is the default; the endpoint is kept as it was given"),
    (r"^dump", r"\.api_keys$", None, "follows from the key that had ended"),
    (r"HTTP without timeout", r"^status$", r"^400.* -> 20", "ACT-076: without a timeout it is 15 seconds"),
    (r"^list \d: add mode 0", r"^status$", r"^400.* -> 201", "an entry that does not say what it is for lets in"),
    (r"^list \d: add many protocols", r"^status$", r"^409.* -> 400", "API-077: a mask of protocols ends at 15"),
    (r"^list \d: add another type", r"^status$", r"^400.* -> 201", "the list is that of the path"),
    (r"^list \d: get the address", r"^status$", r"^404.* -> 200", "IPL-004: an address is the network of itself"),
    (r"^list \d: get no network", r"^status$", r"^404.* -> 400", "what is no network is refused by name"),
    (r"^list 4", r"^status$", r"^400.* -> 20", "API-083: the trusted list is one of the contract, not of the open-source peer"),
    (r"^list \d: all|^dump", r"^body$|ip_lists$", None, "follows from the entries above; networks are written in one way"),
    (r"^defender: hosts", r"score$", None, "SEC-096: API keys that are refused count, too"),
    (r"totp", r"\.issuer$", None, "the issuer is the name of the product"),
]


def reason(request, what, peer, own):
    values = f"{peer} -> {own}"
    for subject, difference, pattern, why in RULES:
        if (re.search(subject, request.name) or re.search(subject, request.path)) and re.search(difference, what) and (
                pattern is None or re.search(pattern, values, re.DOTALL)):
            return why
    return None
