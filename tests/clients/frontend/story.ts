// Authors write, in two languages, what the site shows; then everything about the files of the site is checked.
//
//   node story.js write | node story.js check DIRECTORY

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import createClient from "openapi-fetch";
import type { paths } from "./api/admin.js";

const { STORY_URL, STORY_EMAIL, STORY_PASSWORD } = process.env;
assert.ok(STORY_URL && STORY_EMAIL && STORY_PASSWORD);
const [step, directory] = process.argv.slice(2);

type Answer<T> = { data?: T; error?: unknown; response: Response };

function done<T>(answer: Answer<T>): [T, string] {
  assert.ok(answer.response.ok, `${answer.response.url}: ${JSON.stringify(answer.error)}`);
  return [answer.data as T, answer.response.headers.get("etag") ?? ""];
}

async function write(): Promise<void> {
  const login = await createClient<paths>({ baseUrl: STORY_URL! }).POST("/admin/v1/auth/login", {
    body: { email: STORY_EMAIL!, password: STORY_PASSWORD! },
  });
  const [session] = done(login);
  const authorization = `Bearer ${session.access_token}`;
  const owner = createClient<paths>({ baseUrl: STORY_URL!, headers: { authorization } });
  const [, version] = done(await owner.GET("/admin/v1/site"));
  done(await owner.PATCH("/admin/v1/site", { params: { header: { "If-Match": version } }, body: { locales: ["en", "de"] } }));

  const entry = async (type: string, en: Record<string, unknown>, de?: Record<string, unknown>): Promise<string> => {
    const made = await owner.POST("/admin/v1/entries/{type}", { params: { path: { type } }, body: { fields: en } });
    const [{ id }, etag] = done(made);
    const path = { type, id };
    done(await owner.POST("/admin/v1/entries/{type}/{id}/publish", { params: { path, header: { "If-Match": etag } } }));
    if (de) {
      const added = await owner.POST("/admin/v1/entries/{type}/{id}/locales", {
        params: { path },
        body: { locale: "de", from: "en" },
      });
      const query = { locale: "de" };
      const changed = await owner.PATCH("/admin/v1/entries/{type}/{id}", {
        params: { path, query, header: { "If-Match": done(added)[1] } },
        body: { fields: de },
      });
      const header = { "If-Match": done(changed)[1] };
      done(await owner.POST("/admin/v1/entries/{type}/{id}/publish", { params: { path, query, header } }));
    }
    return id;
  };
  const ada = await entry("author", { name: "Ada <L>" }, { about: "*Mathematikerin*" });
  await entry("article", { title: "Engines & looms", author: ada, day: "2026-11-01", text: "They *weave* <script>alert(1)</script>." });
  await entry(
    "article",
    { title: "Second", author: ada, day: "2026-11-02", text: "More." },
    { title: "Zweiter", slug: "zweiter", text: "Mehr." },
  );
  await entry("article", { title: "Third", day: "2026-11-03", text: "By nobody." });

  const made = await owner.POST("/admin/v1/pages", {
    body: { title: "About us", slug: "about", body: [{ type: "markdown", text: "We are **here**." }] },
  });
  const [{ id }, etag] = done(made);
  const path = { id };
  const shown = await owner.POST("/admin/v1/pages/{id}/publish", { params: { path, header: { "If-Match": etag } } });
  // renamed in one language, and still there under its name in the other
  const added = await owner.POST("/admin/v1/pages/{id}/locales", { params: { path }, body: { locale: "de", from: "en" } });
  const query = { locale: "de" };
  const german = await owner.PATCH("/admin/v1/pages/{id}", {
    params: { path, query, header: { "If-Match": done(added)[1] } },
    body: { title: "Über uns", slug: "über-uns" },
  });
  done(await owner.POST("/admin/v1/pages/{id}/publish", { params: { path, query, header: { "If-Match": done(german)[1] } } }));
  const renamed = await owner.PATCH("/admin/v1/pages/{id}", {
    params: { path, header: { "If-Match": done(shown)[1] } },
    body: { slug: "company/about" },
  });
  done(await owner.POST("/admin/v1/pages/{id}/publish", { params: { path, header: { "If-Match": done(renamed)[1] } } }));
  // and one that nobody may see
  done(await owner.POST("/admin/v1/pages", { body: { title: "Secret", slug: "secret" } }));
}

function check(directory: string): void {
  const read = (address: string) => readFileSync(join(directory, address, "index.html"), "utf8");
  const titles = (html: string) => [...html.matchAll(/<h2>(.*?)<\/h2>/g)].map((match) => match[1]);
  const [en, de] = [read("en"), read("de")];
  assert.deepEqual(titles(en), ["Third", "Second", "Engines &amp; looms"]);
  assert.deepEqual(titles(de), ["Third", "Zweiter", "Engines &amp; looms"]);
  assert.match(en, /<time>2026-11-02<\/time> by <a rel="author">Ada &lt;L&gt;<\/a>/);
  assert.match(de, /<article lang="de"><h2>Zweiter<\/h2><p><time>2026-11-02<\/time> von <a rel="author">Ada &lt;L&gt;<\/a>/);
  assert.match(de, /<article lang="en"><h2>Third<\/h2><p><time>2026-11-03<\/time><\/p>/);
  assert.match(en, /<p>They <em>weave<\/em>/);
  assert.doesNotMatch(en + de, /<script/);
  assert.match(read("en/company/about"), /<h1>About us<\/h1>\n<p>We are <strong>here<\/strong>\.<\/p>/);
  assert.match(read("de/über-uns"), /<html lang="de">[^]*<h1>Über uns<\/h1>/);
  assert.match(read("en/about"), /content="0; url=\/en\/company\/about\/"/);
  assert.ok(!existsSync(join(directory, "en/secret")) && !existsSync(join(directory, "de/secret")), "a draft");
  console.log("Frontend: a site in two languages shows what is published, and leads on from where it was");
}

if (step === "check" && directory) check(directory);
else await write();
