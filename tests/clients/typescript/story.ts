// The life of a policy, through the client that openapi-typescript generates from the two documents.

import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { components, paths as AdminPaths } from "./api/admin.js";
import type { paths as PublicPaths } from "./api/public.js";

type Problem = components["schemas"]["Problem"];

const baseUrl = required("STORY_URL");
const policy = "privacy-ts";

function required(name: string): string {
  const value = process.env[name];
  assert.ok(value, `${name} must be set`);
  return value;
}

function admin(token?: string) {
  return createClient<AdminPaths>({ baseUrl, ...(token && { headers: { authorization: `Bearer ${token}` } }) });
}

function done<T>(answer: { data?: T; error?: Problem; response: Response }): T {
  assert.equal(answer.error, undefined, `${answer.response.url}: ${JSON.stringify(answer.error)}`);
  assert.ok(answer.response.ok);
  return answer.data as T;
}

function etag(answer: { response: Response }): string {
  const value = answer.response.headers.get("etag");
  assert.ok(value, `${answer.response.url} has an ETag`);
  return value;
}

function day(offset: number): string {
  return new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10);
}

async function login(email: string, password: string) {
  return done(await admin().POST("/admin/v1/auth/login", { body: { email, password } }));
}

async function publish(client: ReturnType<typeof admin>, text: string, effective_on: string) {
  const drafted = await client.POST("/admin/v1/policies/{policy}/revisions", {
    params: { path: { policy } },
    body: { texts: { en: "draft" }, effective_on, material: true },
  });
  const draft = done(drafted);
  assert.equal(draft.state, "draft");
  const path = { policy, number: draft.number };
  const patched = await client.PATCH("/admin/v1/policies/{policy}/revisions/{number}", {
    params: { path, header: { "If-Match": etag(drafted) } },
    body: { texts: { en: text }, summary_of_changes: "Clearer words" },
  });
  assert.equal(done(patched).texts["en"], text);
  const published = await client.POST("/admin/v1/policies/{policy}/revisions/{number}/publish", {
    params: { path, header: { "If-Match": etag(patched) } },
  });
  assert.equal(done(published).state, "published");
  return { ...done(published), staleTag: etag(drafted) };
}

const email = required("STORY_EMAIL");
const session = await login(email, required("STORY_PASSWORD"));
assert.equal(session.token_type, "Bearer");
const owner = admin(session.access_token);
assert.equal(done(await owner.GET("/admin/v1/me")).email, email);

// a privacy officer is invited, accepts, and logs in
const invited = done(
  await owner.POST("/admin/v1/users", { body: { email: "ts@example.org", display_name: "Tess", roles: ["privacy_officer"] } }),
);
const password = "a long walk on the beach, ts";
done(await admin().POST("/admin/v1/auth/accept", { body: { token: invited.invitation.token, password } }));
const editing = await login("ts@example.org", password);
const editor = admin(editing.access_token);
assert.deepEqual(done(await editor.GET("/admin/v1/me")).roles, ["privacy_officer"]);

// a read token is made, and is not taken on the admin surface
const token = done(
  await owner.POST("/admin/v1/tokens", { body: { name: "Build", family: "read", scopes: ["delivery:read"] } }),
);
const crossed = await admin(token.token).GET("/admin/v1/me");
assert.equal(crossed.error?.code, "unauthenticated");

// two revisions
done(await editor.POST("/admin/v1/policies", { body: { policy, title: "Privacy", default_locale: "en" } }));
const first = await publish(editor, "# Privacy\n\nWe keep nothing.\n", day(0));
const second = await publish(editor, "# Privacy\n\nWe keep almost nothing.\n", day(30));
assert.equal(second.previous_digest, first.digest);

// a refusal is a typed problem
const refused = await editor.PATCH("/admin/v1/policies/{policy}/revisions/{number}", {
  params: { path: { policy, number: 1 }, header: { "If-Match": first.staleTag } },
  body: { material: false },
});
const problem: Problem | undefined = refused.error;
assert.ok(problem, "a published revision cannot be changed");
assert.ok(problem.status === 409 || problem.status === 412, JSON.stringify(problem));

// readers
const reader = createClient<PublicPaths>({ baseUrl });
const inForce = done(await reader.GET("/v1/policies/{policy}", { params: { path: { policy } } }));
assert.equal(inForce.number, 1);
assert.equal(inForce.digest, first.digest);
assert.match(inForce.html, /We keep nothing/);
const later = done(
  await reader.GET("/v1/policies/{policy}", { params: { path: { policy }, query: { as_of: day(31) } } }),
);
assert.equal(later.number, 2);
const revisions = done(await reader.GET("/v1/policies/{policy}/revisions", { params: { path: { policy } } }));
assert.deepEqual(revisions.items.map((item) => [item.number, item.state]), [[2, "announced"], [1, "in_force"]]);
const diff = done(
  await reader.GET("/v1/policies/{policy}/diff", {
    params: { path: { policy }, query: { from: 1, to: 2, granularity: "word" } },
  }),
);
assert.ok(typeof diff !== "string");
assert.ok(diff.hunks[0]?.changes.some((change) => change.op === "insert" && change.text.includes("almost")));
const feed = done(
  await reader.GET("/v1/policies/{policy}/feed.atom", { params: { path: { policy } }, parseAs: "text" }),
);
assert.equal(feed.split("<entry>").length, 3);
const early = await reader.GET("/v1/policies/{policy}", { params: { path: { policy }, query: { as_of: "1999-12-31" } } });
assert.equal(early.error?.code, "not_in_force");

// a login is renewed and ends
const renewed = done(await admin().POST("/admin/v1/auth/refresh", { body: { refresh_token: editing.refresh_token } }));
const again = admin(renewed.access_token);
done(await again.POST("/admin/v1/auth/logout"));
assert.equal((await again.GET("/admin/v1/me")).response.status, 401);

console.log("TypeScript: the story went well");
