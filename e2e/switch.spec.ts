import { cp, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fixtures } from '../test/fixtures.ts';
import { writeHeldCase } from '../test/serving/heldCase.ts';
import { steadyLoad, type Answered } from '../test/serving/steadyLoad.ts';
import { expect, modelFolder, test, type AppUnderTest } from './app.ts';
import { seriousFindings, settle } from './axe.ts';
import { readGolden } from './golden.ts';
import { folderTree } from './pages/folderTree.ts';
import { frame } from './pages/frame.ts';
import { importSheet } from './pages/importSheet.ts';
import { comparePage, libraryPage, modelPage } from './pages/libraryPage.ts';
import { servingPage } from './pages/servingPage.ts';
import { switchPanel } from './pages/switchPanel.ts';
import { untilServing } from './serve.ts';

test.skip(({ shell }) => shell !== 'web', 'skipped: the tree is of the web shell');
test.use({ launch: { models: ['iris'] } });

type Place = 'Docker' | 'Embedded engine';

const body = '{"instances": [[5.1, 3.5, 1.4, 0.2]]}';
const answers = ['1', '2', '3'].map((version) => {
  const { response } = readGoldenIfThere(version);
  return { version, first: (response as { readonly predictions: readonly (readonly number[])[] }).predictions[0]?.[0] ?? Number.NaN };
});

function readGoldenIfThere(version: string): { readonly response: unknown } {
  return fixtures() === undefined ? { response: { predictions: [] } } : readGolden('iris', version, 'one');
}

/** The version whose answer a text is; null for anything else. */
function versionOf(text: string): string | null {
  const value = Number(/"predictions": ?\[\s*\[\s*([\d.e+-]+)/.exec(text)?.[1] ?? 'NaN');
  return answers.find(({ first }) => Math.abs(first - value) < 1e-4)?.version ?? null;
}

/** Links iris with the metrics of its versions and serves its latest; the serving's page is open then. Answers its REST address. */
async function serveIris(app: AppUnderTest, place: Place): Promise<string> {
  const { page } = app;
  for (const version of ['1', '2', '3'])
    await cp(
      join(fixtures() ?? '', 'models', 'goldens', 'iris', version, 'metrics.json'),
      join(modelFolder(app, 'iris'), version, 'metrics.json'),
    );
  await frame(page).open('Models');
  await folderTree(page).open();
  await folderTree(page).choose('iris');
  const sheet = importSheet(page);
  await sheet.place(new RegExp(`^${place}`)).click();
  await sheet.serve.click();
  await untilServing(app);
  return (await servingPage(page).restAddress.textContent()) ?? '';
}

async function openModel(app: AppUnderTest): Promise<void> {
  await frame(app.page).open('Models');
  await libraryPage(app.page).open('iris');
}

/** A fourth version whose weights do not fit their checksum: only loading it finds that. It appears whole. */
async function addBrokenVersion(app: AppUnderTest): Promise<void> {
  const base = modelFolder(app, 'iris');
  await cp(join(base, '3'), join(base, '.4.part'), { recursive: true });
  const data = join(base, '.4.part', 'variables', 'variables.data-00000-of-00001');
  const bytes = await readFile(data);
  bytes.writeUInt8(bytes.readUInt8(8) ^ 1, 8);
  await writeFile(data, bytes);
  await rename(join(base, '.4.part'), join(base, '4'));
}

/** Where the cases of the model whose page is open are kept, as docs/cases.md says. */
const caseFolder = ({ env, page }: AppUnderTest): string =>
  join(env['SLIPWAY_HOME'] ?? '', 'cases', /#\/models\/([^/]+)/.exec(page.url())?.[1] ?? '');

const setosa = { output_0: { dtype: 'float32', shape: [1, 3], values: [[1, 0, 0]] } };

for (const place of ['Docker', 'Embedded engine'] as const) {
  test(`${place}: 3 to 2 to 3 by clicks, a label, a broken version and a return fail none of 200 requests a second`, async ({ app }) => {
    test.setTimeout(420_000);
    const { page } = app;
    const [panel, model] = [switchPanel(page), modelPage(page)];
    const url = await serveIris(app, place);
    const load = steadyLoad(url, 200, body);
    const wrong: Answered[] = [];
    /** What is asked from now on is answered by this version alone. */
    const onlyBy = async (version: string): Promise<void> => {
      const since = performance.now();
      const asked = (): readonly Answered[] => load.answers.filter(({ startedAt }) => startedAt > since);
      await expect.poll(() => asked().length, { timeout: 60_000 }).toBeGreaterThan(100);
      wrong.push(...asked().filter(({ text }) => versionOf(text) !== version));
    };
    await onlyBy('3');

    await openModel(app);
    await expect(model.version('v3')).toContainText('0.956');
    await model.version('v2').getByRole('checkbox').check();
    await model.version('v3').getByRole('checkbox').check();
    await page.getByRole('button', { name: 'Compare', exact: true }).click();
    await expect(comparePage(page).verdict).toContainText('Drop-in');
    const toTwo = page.getByRole('button', { name: 'Switch to v2' });
    await expect(toTwo).toHaveCount(0);
    await page.keyboard.press('x');
    await toTwo.click();
    await expect(model.version('v2')).toBeVisible();
    await expect(panel.present).toHaveText(/^v2/, { timeout: 60_000 });
    await onlyBy('2');

    await model.version('v3').getByRole('button', { name: 'Switch to v3' }).click();
    await expect(panel.present).toHaveText(/^v3/, { timeout: 60_000 });
    await onlyBy('3');
    await page.getByRole('button', { name: 'Last switch' }).click();
    await expect(panel.steps).toHaveText([
      /^Files of the version/,
      /^Memory forecast.*Memory: .+ in use \+ .+, of/,
      /^Load v3 beside v2.*AVAILABLE over gRPC/,
      /^Canary answer.* ms/,
      /^Saved cases.*no cases/,
      /^Move labels and requests to v3/,
      /^Keep v2 for rollback.*v2 stays loaded/,
    ]);

    await model.menu('v2', 'Label canary');
    await expect(model.version('v2')).toContainText('canary', { timeout: 60_000 });
    const canary = await fetch(`${url}/labels/canary:predict`, { method: 'POST', body });
    expect(versionOf(await canary.text())).toBe('2');
    await onlyBy('3');

    await addBrokenVersion(app);
    await expect(panel.problem).toContainText('v3 keeps answering.', { timeout: 60_000 });
    await expect(panel.current).toHaveAccessibleName(/→ v4/);
    await expect(model.version('v4')).toContainText('Refused');
    await onlyBy('3');

    await panel.historyButton.click();
    await expect(panel.entries.first()).toContainText('v4 refused');
    await panel.returnTo('v2').click();
    await expect(panel.present).toHaveText(/^v2/, { timeout: 60_000 });
    await onlyBy('2');

    await load.stop();
    expect(load.answers.filter(({ status, text }) => status !== 200 || versionOf(text) === null)).toEqual([]);
    expect(wrong).toEqual([]);
  });
}

test('a version that fails a saved case is not served; the case is named, and a person may switch all the same', async ({ app }) => {
  const { page } = app;
  const [panel, model] = [switchPanel(page), modelPage(page)];
  await serveIris(app, 'Embedded engine');
  await openModel(app);
  await mkdir(caseFolder(app), { recursive: true });
  await writeFile(
    join(caseFolder(app), 'setosa.case.json'),
    JSON.stringify({
      slipway_case: 1,
      inputs: { features: { dtype: 'float32', shape: [1, 4], values: [[5.1, 3.5, 1.4, 0.2]] } },
      expect: { tolerance: { absolute: 0.001 }, outputs: setosa },
    }),
  );
  await model.version('v1').getByRole('button', { name: 'Switch to v1' }).click();
  await expect(panel.problem).toContainText('1 of 1 saved cases fail', { timeout: 60_000 });
  await expect(panel.problem.getByRole('listitem')).toContainText('setosa output_0: 3 of 3 elements beyond the tolerance');
  await expect(panel.problem).toContainText('v3 keeps answering.');
  await settle(page);
  expect(await seriousFindings(page)).toEqual([]);
  await panel.problem.getByRole('button', { name: 'Switch all the same' }).click();
  await expect(panel.present).toHaveText(/^v1/, { timeout: 60_000 });
  await page.getByRole('button', { name: 'Last switch' }).click();
  await expect(panel.steps.nth(4)).toContainText('0 of 1 passed, 1 failed');
  await panel.rollBack.click();
  await expect(panel.present).toHaveText(/^v3/, { timeout: 60_000 });
});

test('a switch is stopped half-way; policy and mode are changed after their effect was told', async ({ app }) => {
  test.skip(process.platform === 'win32', 'skipped: no named pipes');
  const { page } = app;
  const main = page.getByRole('main');
  const [panel, model] = [switchPanel(page), modelPage(page)];
  const url = await serveIris(app, 'Embedded engine');
  await openModel(app);
  await using held = await writeHeldCase(caseFolder(app), { input: ['features', [1, 4]], output: setosa });
  await model.version('v2').getByRole('button', { name: 'Switch to v2' }).click();
  await expect(panel.steps.nth(4)).toHaveAttribute('aria-current', 'step', { timeout: 60_000 });
  await expect(panel.current).toContainText('v3 answers meanwhile.');
  await expect(model.version('v2')).toContainText('Being tried');
  await settle(page);
  expect(await seriousFindings(page)).toEqual([]);
  expect(versionOf(await (await fetch(`${url}:predict`, { method: 'POST', body })).text())).toBe('3');
  await panel.stop.click();
  await held.release();
  await expect(panel.entries.first()).toContainText('Stopped', { timeout: 60_000 });
  await expect(panel.present).toHaveText(/^v3/);

  await frame(page).open('Servings');
  await main.getByRole('link', { name: 'iris' }).click();
  await main.getByText('all', { exact: true }).click();
  const forecast = main.getByRole('list', { name: 'What the switch would do' });
  await expect(forecast).toContainText('Loads v2, v1 beside what answers', { timeout: 30_000 });
  await expect(forecast).toContainText(/Memory: .+ in use \+ .+, of/);
  await settle(page);
  expect(await seriousFindings(page)).toEqual([]);
  await main.getByText('Leave it as it is').click();
  await expect(forecast).toHaveCount(0);
  await main.getByText('Follow the folder', { exact: true }).click();
  await expect(main.getByText('follows the folder', { exact: true })).toBeVisible({ timeout: 60_000 });
  await main.getByText('Guarded', { exact: true }).click();
  await expect(main.getByText('guarded', { exact: true })).toBeVisible({ timeout: 60_000 });
});

test('versions are switched, pinned, labelled and rolled back by keys alone, in Chinese', async ({ app }) => {
  const { page } = app;
  const { keyboard } = page;
  const url = await serveIris(app, 'Embedded engine');
  await frame(page).open('Settings');
  await page.getByRole('main').getByText('简体中文').click();
  await expect(page.locator('html[lang^=zh]')).toHaveCount(1);
  await page.getByRole('banner').getByRole('button').first().focus();
  await keyboard.press('1');
  await page.getByRole('main').getByRole('grid').getByRole('row').nth(1).focus();
  await keyboard.press('Enter');
  const grid = page.getByRole('main').getByRole('grid', { name: /iris/ });
  const row = (version: string) => grid.getByRole('row').filter({ has: page.getByText(version, { exact: true }) });
  const present = page.getByRole('list', { name: '历史' }).getByRole('listitem').filter({ hasText: /现在$/ });
  await row('v3').focus();
  await keyboard.press('ArrowDown');
  await expect(row('v2')).toBeFocused();
  await keyboard.press('v');
  await expect(present).toHaveText(/^v2/, { timeout: 60_000 });
  await expect(row('v2')).toBeFocused();
  await keyboard.press('ArrowDown');
  await keyboard.press('l');
  await expect(page.getByRole('dialog')).toContainText('iris v1 的标签');
  await keyboard.type('old');
  await keyboard.press('Enter');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expect(present).toContainText('old v1', { timeout: 60_000 });
  expect(versionOf(await (await fetch(`${url}/labels/old:predict`, { method: 'POST', body })).text())).toBe('1');
  await row('v3').focus();
  await keyboard.press('p');
  await expect(present).toHaveText(/^v3/, { timeout: 60_000 });
  await keyboard.press('r');
  await expect(present).toHaveText(/^v2/, { timeout: 60_000 });
  await expect(present).toContainText('由你 · 返回');
  await settle(page);
  expect(await seriousFindings(page)).toEqual([]);
});
