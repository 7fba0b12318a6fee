"""Recomputes the digests of a policy from what its server publishes, with nothing but Python's standard library.

Usage: python3 verify.py http://127.0.0.1:8080 privacy

With --spoil one letter of the first text is changed after it was fetched, which has to be noticed.
"""

import hashlib
import json
import sys
import urllib.request


def fetch(address):
    with urllib.request.urlopen(address) as answer:
        return answer.read()


def canonical(value):
    """RFC 8785 for what revisions hold: texts, whole numbers, true, false, null, lists and objects with ASCII keys."""

    def refuse(number):
        raise ValueError(f"this short program leaves numbers such as {number} to a library")

    if isinstance(value, float):
        refuse(value)
    if isinstance(value, dict):
        for key, inner in value.items():
            assert key.isascii()
            canonical(inner)
    if isinstance(value, list):
        for inner in value:
            canonical(inner)
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8")


def revisions(base, policy):
    numbers, cursor = [], ""
    while cursor is not None:
        query = f"?limit=100&cursor={cursor}" if cursor else "?limit=100"
        page = json.loads(fetch(f"{base}/v1/policies/{policy}/revisions{query}"))
        numbers += [item["number"] for item in page["items"]]
        cursor = page["page"]["next"]
    return sorted(numbers)


def digest(base, policy, number, previous, spoil):
    address = f"{base}/v1/policies/{policy}/revisions/{number}"
    published = json.loads(fetch(address))
    texts = {}
    for locale in published["text_digests"]:
        markdown = fetch(f"{address}.md?locale={locale}")
        texts[locale] = hashlib.sha256(b"x" + markdown if spoil else markdown).hexdigest()
    members = {
        "format": "bonafide-policy-revision-1",
        "policy": published["policy"],
        "number": published["number"],
        "effective_on": published["effective_on"],
        "published_at": published["published_at"],
        "texts": texts,
        "summary_of_changes": published["summary_of_changes"],
        "material": published["material"],
        "commitments": published["commitments"],
        "source": published.get("source"),
        "previous_digest": previous,
    }
    computed = "sha256:" + hashlib.sha256(canonical(members)).hexdigest()
    if published["previous_digest"] != previous:
        sys.exit(f"revision {number} does not follow the one before it")
    if published["digest"] != computed:
        sys.exit(f"revision {number} is published as {published['digest']}, but is {computed}")
    return computed


def main():
    base, policy, spoil = sys.argv[1].rstrip("/"), sys.argv[2], "--spoil" in sys.argv
    numbers = revisions(base, policy)
    if numbers != list(range(1, len(numbers) + 1)):
        sys.exit(f"the numbers have gaps: {numbers}")
    previous = None
    for number in numbers:
        previous = digest(base, policy, number, previous, spoil and number == 1)
    print(f"{len(numbers)} revisions, each as published; the newest is {previous}")


main()
