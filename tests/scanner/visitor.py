"""Fills in a form as a visitor's browser would, from the public API alone: the work of proof included."""

import base64
import hashlib
import itertools
import json
import time
import urllib.error
import urllib.request


def request(url, body=None):
    """The answer as JSON. A refusal is an exception with what the server says."""
    data = None if body is None else json.dumps(body).encode()
    asked = urllib.request.Request(url, data, {"Content-Type": "application/json", "Accept": "application/json"})
    try:
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise SystemExit(f"{error.code} {url}: {error.read().decode()}") from error


def solve(challenge):
    """The work of ALTCHA's v2 format with PBKDF2, written from its description."""
    wanted = challenge["parameters"]
    assert wanted["algorithm"] == "PBKDF2/SHA-256", wanted["algorithm"]
    nonce, salt = bytes.fromhex(wanted["nonce"]), bytes.fromhex(wanted["salt"])
    for counter in itertools.count():
        password = nonce + counter.to_bytes(4, "big")
        key = hashlib.pbkdf2_hmac("sha256", password, salt, wanted["cost"], wanted["keyLength"]).hex()
        if key.startswith(wanted["keyPrefix"]):
            payload = {"challenge": challenge, "solution": {"counter": counter, "derivedKey": key}}
            return base64.b64encode(json.dumps(payload).encode()).decode()
    return None


def send(base, form, values, wait=3.5):
    """Sends a form with a value for each kind of field, and gives the receipt."""
    url = f"{base.rstrip('/')}/v1/forms/{form}"
    handed_out = request(url)
    fields = {}
    for field in handed_out["fields"]:
        if field["kind"] == "choice":
            if field.get("required"):
                choice = field["choices"][0]
                fields[field["key"]] = choice["value"] if isinstance(choice, dict) else choice
        else:
            value = values[field["kind"]]
            fields[field["key"]] = value[: field.get("max_length") or len(value)]
    body = {"token": handed_out["token"], "fields": fields}
    body["permissions"] = [permission["use"] for permission in handed_out.get("permissions", [])]
    if handed_out.get("challenge"):
        body["altcha"] = solve(handed_out["challenge"])
    time.sleep(wait)
    return request(f"{url}/submissions", body)
