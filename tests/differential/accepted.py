"""Differences that are meant, each with its reason. The first that fits counts."""

import re

# (pattern of the request's name or path, pattern of what differs, pattern of "peer -> own" or None, reason)
RULES = [
    (r": clear away$", r"^status$", None, "follows from whether the wrong object was taken"),
]


def reason(request, what, peer, own):
    values = f"{peer} -> {own}"
    for subject, difference, pattern, why in RULES:
        if (re.search(subject, request.name) or re.search(subject, request.path)) and re.search(difference, what) and (
                pattern is None or re.search(pattern, values)):
            return why
    return None
