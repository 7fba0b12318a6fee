// The API reference in a real browser: it asks no other host, and shows both documents.

import assert from "node:assert/strict";
import { chromium } from "playwright-core";

const { STORY_URL: url, STORY_EMAIL: email, STORY_PASSWORD: password, SCREENSHOTS: screenshots } = process.env;
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
try {
  const page = await browser.newPage({ viewport: { width: 1200, height: 1000 } });
  const foreign = [];
  const complaints = [];
  page.on("request", (request) => {
    if (!request.url().startsWith(url) && !request.url().startsWith("data:")) foreign.push(request.url());
  });
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));

  await page.goto(`${url}/docs/`);
  await page.getByText("/v1/policies/{policy}/diff").first().waitFor();
  if (screenshots) await page.screenshot({ path: `${screenshots}/public.png` });
  assert.ok((await page.locator(".opblock").count()) >= 6, "the operations of the public document");

  await page.getByRole("button", { name: "Admin API" }).click();
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByText("/admin/v1/auth/login").first().waitFor();
  await page.locator(".opblock", { hasText: "/publish" }).first().click();
  if (screenshots) await page.screenshot({ path: `${screenshots}/admin.png` });
  assert.ok((await page.locator(".opblock").count()) >= 30, "the operations of the admin document");

  await page.goto(`${url}/docs/problems#stale`);
  await page.getByText("if_match_required").first().waitFor();
  if (screenshots) await page.screenshot({ path: `${screenshots}/problems.png` });

  assert.deepEqual(foreign, [], "requests to other hosts");
  assert.deepEqual(complaints, [], "the console");
  console.log("Browser: the reference shows both documents and asks nobody else");
} finally {
  await browser.close();
}
