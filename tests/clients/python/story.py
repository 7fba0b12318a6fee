"""The life of a policy, through the client that openapi-python-client generates from the two documents."""

import datetime
import os

import admin
import public
from admin.api.auth import accept_link, login, logout, refresh
from admin.api.policies import create_policy, create_revision, publish_revision, update_revision
from admin.api.tokens import create_token
from admin.api.users import create_user, get_me
from admin.models import (
    AcceptLink,
    FamilyName,
    InvitedView,
    Login,
    ManuscriptView,
    Me,
    NewPolicy,
    NewRevision,
    NewToken,
    NewTokenView,
    NewUser,
    PolicyView,
    Problem,
    Refresh,
    RevisionPatch,
    RoleName,
    TokenPair,
)
from public.api.policies import (
    compare_revisions,
    get_policy_feed,
    get_policy_in_force,
    list_published_revisions,
)
from public.models import CompareRevisionsGranularity, Diff, ListRevisionLine, Operation, PolicyText, Standing
from public.models import Problem as PublicProblem

URL, EMAIL, POLICY = os.environ["STORY_URL"], os.environ["STORY_EMAIL"], "privacy-py"
ANYBODY = admin.Client(base_url=URL)


def signed_in(token):
    return admin.AuthenticatedClient(base_url=URL, token=token)


def expect(kind, answer):
    assert isinstance(answer, kind), f"wanted {kind.__name__}, got {answer}"
    return answer


def log_in(email, password):
    return expect(TokenPair, login.sync(client=ANYBODY, body=Login(email=email, password=password)))


def day(offset):
    return datetime.datetime.now(datetime.timezone.utc).date() + datetime.timedelta(days=offset)


def publish(client, text, effective_on):
    body = NewRevision.from_dict({"texts": {"en": "draft"}, "effective_on": effective_on.isoformat(), "material": True})
    drafted = create_revision.sync_detailed(POLICY, client=client, body=body)
    number = expect(ManuscriptView, drafted.parsed).number
    patch = RevisionPatch.from_dict({"texts": {"en": text}, "summary_of_changes": "Clearer words"})
    patched = update_revision.sync_detailed(POLICY, number, client=client, body=patch, if_match=drafted.headers["etag"])
    assert expect(ManuscriptView, patched.parsed).texts["en"] == text
    published = publish_revision.sync(POLICY, number, client=client, if_match=patched.headers["etag"])
    assert expect(ManuscriptView, published).state == "published"
    return published, drafted.headers["etag"]


session = log_in(EMAIL, os.environ["STORY_PASSWORD"])
owner = signed_in(session.access_token)
assert expect(Me, get_me.sync(client=owner)).email == EMAIL

# a privacy officer is invited, accepts, and logs in
invitation = NewUser(email="py@example.org", display_name="Pia", roles=[RoleName.PRIVACY_OFFICER])
invited = expect(InvitedView, create_user.sync(client=owner, body=invitation))
password = "a long walk on the beach, py"
accepted = accept_link.sync_detailed(
    client=ANYBODY, body=AcceptLink(token=invited.invitation.token, password=password)
)
assert accepted.status_code == 204, accepted
editing = log_in("py@example.org", password)
editor = signed_in(editing.access_token)
assert expect(Me, get_me.sync(client=editor)).roles == [RoleName.PRIVACY_OFFICER]

# a read token is made, and is not taken on the admin surface
body = NewToken(name="Build", family=FamilyName.READ, scopes=["delivery:read"])
token = expect(NewTokenView, create_token.sync(client=owner, body=body))
assert expect(Problem, get_me.sync(client=signed_in(token.token))).code == "unauthenticated"

# two revisions
body = NewPolicy(policy=POLICY, title="Privacy", default_locale="en")
expect(PolicyView, create_policy.sync(client=editor, body=body))
first, stale = publish(editor, "# Privacy\n\nWe keep nothing.\n", day(0))
second, _ = publish(editor, "# Privacy\n\nWe keep almost nothing.\n", day(30))
assert second.previous_digest == first.digest

# a refusal is a typed problem
patch = RevisionPatch(material=False)
problem = expect(Problem, update_revision.sync(POLICY, 1, client=editor, body=patch, if_match=stale))
assert problem.status in (409, 412), problem

# readers
reader = public.Client(base_url=URL)
in_force = expect(PolicyText, get_policy_in_force.sync(POLICY, client=reader))
assert (in_force.number, in_force.digest) == (1, first.digest) and "We keep nothing" in in_force.html
assert expect(PolicyText, get_policy_in_force.sync(POLICY, client=reader, as_of=day(31))).number == 2
revisions = expect(ListRevisionLine, list_published_revisions.sync(POLICY, client=reader))
assert [(item.number, item.state) for item in revisions.items] == [(2, Standing.ANNOUNCED), (1, Standing.IN_FORCE)]
diff = expect(Diff, compare_revisions.sync(POLICY, client=reader, from_=1, to=2, granularity=CompareRevisionsGranularity.WORD))
assert any(change.op == Operation.INSERT and "almost" in change.text for change in diff.hunks[0].changes)
assert expect(str, get_policy_feed.sync(POLICY, client=reader)).count("<entry>") == 2
early = get_policy_in_force.sync(POLICY, client=reader, as_of=datetime.date(1999, 12, 31))
assert expect(PublicProblem, early).code == "not_in_force"

# a login is renewed and ends
renewed = expect(TokenPair, refresh.sync(client=ANYBODY, body=Refresh(refresh_token=editing.refresh_token)))
again = signed_in(renewed.access_token)
assert logout.sync_detailed(client=again).status_code == 204
assert expect(Problem, get_me.sync(client=again)).status == 401

print("Python: the story went well")
