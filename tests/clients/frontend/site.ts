// A small site in two languages, made of what is published: one HTML file for each address.
//
//   node site.js BASE_URL DIRECTORY
//
// It is written against the types that openapi-typescript generates from the document which the running instance serves, so
// it knows the fields of the instance's own types: it does not compile against one whose `article` has no `day`.

import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import createClient from "openapi-fetch";
import type { components, paths } from "./api/site.js";

type Schemas = components["schemas"];
type Page = Schemas["PublishedPage"];
type Entry = Schemas["PublishedEntry"];
type Article = Entry & { fields: Schemas["Fields_article"] };
type Author = Entry & { fields: Schemas["Fields_author"] };

const LOCALES = ["en", "de"] as const;
const DEFAULT = LOCALES[0];
type Locale = (typeof LOCALES)[number];
const WORDS = {
  en: { by: "by", articles: "Articles", other: "Deutsch" },
  de: { by: "von", articles: "Artikel", other: "English" },
};

const [baseUrl, directory] = process.argv.slice(2);
if (!baseUrl || !directory) throw new Error("usage: node site.js BASE_URL DIRECTORY");
// where an address leads is a file of its own here, so redirections are not followed in silence
const client = createClient<paths>({ baseUrl, fetch: (request) => fetch(new Request(request, { redirect: "manual" })) });

const isArticle = (entry: Entry): entry is Article => entry.type === "article";
const isAuthor = (entry: Entry | Page): entry is Author => entry.type === "author";

const ESCAPES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escape = (text: string) => text.replace(/[&<>"]/g, (letter) => ESCAPES[letter] ?? letter);

function document(locale: Locale, title: string, main: string): string {
  const others = LOCALES.filter((other) => other !== locale);
  const links = others.map((other) => `<a href="/${other}/" hreflang="${other}">${WORDS[locale].other}</a>`).join(" ");
  return `<!doctype html>\n<html lang="${locale}">\n<meta charset="utf-8">\n<title>${escape(title)}</title>\n<nav>${links}</nav>\n<main>\n${main}</main>\n</html>\n`;
}

/** All articles, the newest first, page by page; each with the one who wrote it, as far as that is published. */
async function* articles(locale: Locale): AsyncGenerator<[Article, Author | undefined]> {
  let cursor: string | undefined;
  do {
    const { data, error } = await client.GET("/v1/entries/{type}", {
      params: {
        path: { type: "article" },
        query: { locale, fallback: DEFAULT, sort: "-day", include: "author", limit: 2, ...(cursor && { cursor }) },
      },
    });
    if (!data) throw new Error(error.detail);
    for (const entry of data.items.filter(isArticle)) {
      const author = data.included?.filter(isAuthor).find((other) => other.id === entry.fields.author?.id);
      yield [entry, author];
    }
    cursor = data.page.next ?? undefined;
  } while (cursor);
}

async function front(locale: Locale): Promise<string> {
  const words = WORDS[locale];
  let items = "";
  for await (const [article, author] of articles(locale)) {
    // what was published before a field was required may lack it
    const { title = "", day = "", text } = article.fields;
    const by = author ? ` ${words.by} <a rel="author">${escape(author.fields.name ?? "")}</a>` : "";
    items += `<article lang="${article.locale}"><h2>${escape(title)}</h2><p><time>${day}</time>${by}</p>${text?.html ?? ""}</article>\n`;
  }
  return document(locale, words.articles, `<h1>${words.articles}</h1>\n${items}`);
}

/** The blocks of a page that are texts; the others are left to larger sites. */
function blocks(page: Page): string {
  return (page.body ?? []).map((block) => (typeof block["html"] === "string" ? block["html"] : "")).join("");
}

/** A page; or, under an address that it had before, a document that leads to its present one. */
async function page(locale: Locale, path: string): Promise<string | undefined> {
  const { data, response } = await client.GET("/v1/pages/{path}", {
    params: { path: { path }, query: { locale, fallback: DEFAULT } },
  });
  if (data) return document(locale, data.title ?? path, `<h1>${escape(data.title ?? path)}</h1>\n${blocks(data)}`);
  if (response.status !== 308) return undefined;
  const location = new URL(response.headers.get("location") ?? "", baseUrl);
  const present = location.pathname.replace(/^\/v1\/pages\//, "");
  return `<!doctype html>\n<meta http-equiv="refresh" content="0; url=/${locale}/${present}/">\n`;
}

async function write(address: string, text: string): Promise<void> {
  const file = join(directory ?? "", address, "index.html");
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}

for (const locale of LOCALES) {
  await write(`/${locale}/`, await front(locale));
  // those that are there now, and what visitors may have kept
  const { data, error } = await client.GET("/v1/pages", { params: { query: { locale, fallback: DEFAULT, fields: "path" } } });
  if (!data) throw new Error(error.detail);
  const paths = data.items.flatMap((item) => item.path ?? []);
  for (const path of [...paths, ...(process.env["KNOWN_PATHS"] ?? "").split(",").filter(Boolean)]) {
    const text = await page(locale, path);
    if (text) await write(`/${locale}/${path}/`, text);
  }
}
