// Works a report in a browser without a window: node report.mjs REPORT.html [FOLDER FOR SCREENSHOTS]
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import axe from "@axe-core/playwright";
import { chromium } from "playwright-core";

const AxeBuilder = axe.default ?? axe;
const [file, folder = "screenshots"] = process.argv.slice(2);
assert.ok(file, "which report?");
mkdirSync(folder, { recursive: true });

// So many tables are opened by hand.
const CLICKED = 12;

const browser = await chromium.launch({
  executablePath: process.env.CALF_BROWSER,
  args: ["--no-sandbox", "--disable-gpu"],
  timeout: 120_000,
});
const context = await browser.newContext({ viewport: { width: 1200, height: 900 }, colorScheme: "light", acceptDownloads: true });
context.setDefaultTimeout(60_000);
const page = await context.newPage();
const complaints = [];
page.on("console", (message) => { if (["error", "warning"].includes(message.type())) complaints.push(message.text()); });
page.on("pageerror", (error) => complaints.push(String(error)));
page.on("request", (request) => { if (!/^(file|blob|data):/.test(request.url())) complaints.push(`a request to ${request.url()}`); });

const steps = [];
const step = async (name, work) => { await work(); steps.push(name); };
const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
const accessible = async (where) => {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const told = violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.slice(0, 3).map((node) => node.html.slice(0, 200)).join("\n  ")}`);
  assert.deepEqual(told, [], `axe, ${where}`);
};

await page.goto(pathToFileURL(resolve(file)).href);

await step("the page has its landmarks and figures", async () => {
  for (const landmark of ["header", "nav", "main"]) assert.equal(await page.locator(`body > ${landmark}`).count(), 1);
  assert.ok(await page.locator("figure").count() > 0, "there are figures");
  assert.equal(await page.locator("h1").count(), 1);
});

await step("it is accessible in light, and looks like this", async () => {
  await accessible("light");
  await page.screenshot({ path: `${folder}/light.png`, fullPage: true });
});

await step("the theme follows the switch, and the switch the keyboard", async () => {
  const light = await background();
  await page.getByRole("radio", { name: "dark" }).check();
  const dark = await background();
  assert.notEqual(dark, light);
  await page.keyboard.press("ArrowLeft");
  assert.equal(await background(), light);
  await page.getByRole("radio", { name: "as the system" }).check();
  await page.emulateMedia({ colorScheme: "dark" });
  assert.equal(await background(), dark);
  await accessible("dark");
  await page.screenshot({ path: `${folder}/dark.png`, fullPage: true });
  await page.emulateMedia({ colorScheme: "light" });
});

await step("every table opens", async () => {
  const tables = page.locator("details.numbers");
  const clicked = Math.min(await tables.count(), CLICKED);
  for (let index = 0; index < clicked; index += 1) {
    const table = tables.nth(index);
    assert.equal(await table.locator("table").isVisible(), false);
    await table.locator("summary").click();
    assert.ok(await table.locator("table").isVisible());
  }
  // A large report has hundreds of them: the rest at once.
  const bad = await tables.evaluateAll((all) => all.filter((details) => {
    details.open = true;
    const table = details.querySelector("table");
    return table.querySelectorAll("tbody tr").length === 0 || !table.checkVisibility();
  }).map((details) => details.textContent.slice(0, 200)));
  assert.deepEqual(bad, [], "tables without rows, or not to be seen");
  await accessible("with its tables open");
  await tables.evaluateAll((all) => all.forEach((details) => { details.open = false; }));
});

await step("what is pointed at says what it is", async () => {
  const bar = page.locator("figure [data-tip] rect").first();
  await bar.scrollIntoViewIfNeeded();
  await bar.hover();
  assert.match(await page.locator("#tip").textContent(), /\S/);
  assert.ok(await page.locator("#tip").isVisible());
});

await step("one of several drawings is chosen", async () => {
  const chooser = page.locator(".chooser").first();
  if (await chooser.count() === 0) return;
  const visible = () => chooser.locator(".choice:visible").evaluateAll((shown) => shown.map((choice) => choice.textContent));
  const before = await visible();
  assert.equal(before.length, 1);
  await chooser.locator("select").selectOption("1");
  assert.notDeepEqual(await visible(), before);
});

await step("the player plays", async () => {
  const player = page.locator(".player").first();
  if (await player.count() === 0) return;
  await player.scrollIntoViewIfNeeded();
  const moment = () => player.locator(".moment").textContent();
  const frames = () => player.locator(".map:visible .frame.shown").evaluateAll((shown) => shown.map((frame) => frame.dataset.label));
  assert.equal(await player.locator(".map:visible").count(), 2, "two maps stand side by side");
  const last = await player.locator(".scrub").getAttribute("max");
  assert.ok((await moment()).startsWith(`${Number(last) + 1} of `), "the end is seen first");
  const end = await frames();
  assert.equal(end.length, 2);
  // To the beginning by the keyboard, and back.
  await player.locator(".scrub").focus();
  await page.keyboard.press("Home");
  assert.match(await moment(), /^1 of /);
  assert.notDeepEqual(await frames(), end);
  await page.keyboard.press("End");
  assert.deepEqual(await frames(), end);
  await player.locator(".play").click();
  assert.equal(await player.locator(".play").textContent(), "Pause");
  assert.match(await moment(), /^1 of /);
  await page.waitForFunction((most) => document.querySelector(".player .scrub").value === most, last);
  await player.locator(".play", { hasText: "Play" }).waitFor();
  assert.match(await moment(), new RegExp(`^${Number(last) + 1} of `));
  // A page says what lies on it, by mouse and by keyboard.
  const map = player.locator(".map:visible").first();
  const box = await map.locator("svg").boundingBox();
  const zoom = box.width / (await map.locator("svg").evaluate((svg) => svg.viewBox.baseVal.width));
  await page.mouse.move(box.x + 12.5 * zoom, box.y + 22.5 * zoom);
  assert.match(await player.locator(".readout").textContent(), /^\S+, page 2: .+/);
  await map.focus();
  await page.keyboard.press("ArrowRight");
  assert.match(await player.locator(".readout").textContent(), /^\S+, page 3: .+/);
  await player.screenshot({ path: `${folder}/player.png` });
  // One map alone, then another beside it.
  await player.locator(".right").selectOption("");
  assert.equal(await player.locator(".map:visible").count(), 1);
  const other = await player.locator(".left option").count() - 1;
  await player.locator(".left").selectOption(String(other));
  await player.locator(".right").selectOption("0");
  assert.equal(await player.locator(".map:visible").count(), Math.min(2, other + 1));
});

await step("the results within are those that went in", async () => {
  const [download] = await Promise.all([page.waitForEvent("download"), page.locator("#download").click()]);
  const lines = readFileSync(await download.path(), "utf8").trim().split("\n").map((line) => JSON.parse(line));
  assert.ok(lines.some((line) => line.kind === "cell"));
  assert.equal(lines.length, await page.evaluate(() => JSON.parse(document.getElementById("results").textContent).length));
});

await step("a narrow window does not scroll sideways", async () => {
  await page.setViewportSize({ width: 400, height: 800 });
  const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(over <= 0, `the page is ${over} pixels too wide`);
  await page.screenshot({ path: `${folder}/narrow.png` });
  await page.setViewportSize({ width: 1200, height: 900 });
});

await step("it prints, with every table", async () => {
  await page.emulateMedia({ media: "print" });
  await page.evaluate(() => window.dispatchEvent(new Event("beforeprint")));
  assert.equal(await page.locator("details.numbers:not([open])").count(), 0);
  assert.equal(await page.locator(".theme").isVisible(), false);
  await page.setViewportSize({ width: 794, height: 1123 });
  await page.screenshot({ path: `${folder}/print.png`, fullPage: true });
  await page.pdf({ path: `${folder}/print.pdf`, format: "A4", margin: { top: "14mm", bottom: "14mm", left: "12mm", right: "12mm" } });
  await page.evaluate(() => window.dispatchEvent(new Event("afterprint")));
  await page.emulateMedia({ media: "screen" });
});

await step("without a script everything can still be read", async () => {
  const plain = await browser.newContext({ javaScriptEnabled: false, viewport: { width: 1200, height: 900 } });
  const bare = await plain.newPage();
  await bare.goto(pathToFileURL(resolve(file)).href);
  assert.equal(await bare.locator(".choice:visible").count(), await bare.locator(".choice").count());
  assert.equal(await bare.locator(".map:visible").count(), await bare.locator(".map").count());
  assert.equal(await bare.locator(".script-only:visible").count(), 0);
  await plain.close();
});

assert.deepEqual(complaints, [], "the browser complains");
await browser.close();
console.log(`${steps.length} steps:\n${steps.map((name) => `  ${name}`).join("\n")}`);
