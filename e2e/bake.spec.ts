import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { expect, test } from './app.ts';
import { seriousFindings, settle } from './axe.ts';
import { isClose, readGolden } from './golden.ts';
import { bakeDialog } from './pages/bakeDialog.ts';
import { frame } from './pages/frame.ts';
import { folderTree } from './pages/folderTree.ts';
import { servingPage } from './pages/servingPage.ts';
import { docker } from './programs.ts';
import { startServing, untilServing } from './serve.ts';

test.use({ launch: { models: ['iris'] } });

const image = `localhost:5000/slipway-e2e/iris-${randomBytes(4).toString('hex')}`;
const long = { timeout: 120_000 };

async function removeImages(): Promise<void> {
  const containers = (await docker('ps', '--all', '--format', '{{.ID}} {{.Image}}')).split('\n').filter((line) => line.includes(image));
  for (const line of containers) await docker('rm', '--force', '--volumes', line.split(' ')[0] ?? '');
  const names = await docker('images', '--digests', '--format', '{{.ID}} {{.Repository}}');
  for (const line of new Set(names.split('\n').filter((one) => one.includes(image))))
    await docker('rmi', '--force', line.split(' ')[0] ?? '');
}
test.afterEach(removeImages);

/** What a server answers to the golden's request, against what TensorFlow answered. */
async function answersRightly(url: string): Promise<boolean> {
  const golden = readGolden('iris', '3', 'three');
  const answer = await fetch(`${url}:predict`, { method: 'POST', body: JSON.stringify(golden.request) });
  return isClose(await answer.json(), golden.response, golden.tolerance);
}

test('a model is baked, runs as nobody’s root beside its folder’s serving, is pushed, saved, pulled back and asked', async ({ app }) => {
  const { page } = app;
  const bake = bakeDialog(page);
  await startServing(app, 'iris');
  await untilServing(app);
  await bake.open('iris');
  await expect(bake.editor).toContainText('COPY . /');
  await bake.reference.fill(`${image}:3`);
  await bake.bake.click();
  await expect(bake.dialog.getByText(`${image}:3 is baked`)).toBeVisible(long);
  await expect(bake.dialog).toContainText('1000:1000');
  await expect(bake.dialog).toContainText(/answered in/);
  await settle(page);
  expect(await seriousFindings(page)).toEqual([]);

  await expect(bake.pushAs).toHaveValue(`${image}:3`);
  await bake.button('Push').click();
  const pushed = bake.dialog.getByText(new RegExp(`${image}:3@sha256:[0-9a-f]{64}`));
  await expect(pushed).toBeVisible(long);
  const digest = /sha256:[0-9a-f]{64}/.exec((await pushed.textContent()) ?? '')?.[0] ?? '';

  await bake.button('Save in a folder…').click();
  const picker = page.getByRole('dialog').filter({ has: page.getByRole('tree') });
  await expect(folderTree(page).tree.getByRole('treeitem').first()).toBeVisible();
  await folderTree(page).tree.getByRole('treeitem').first().click();
  await picker.getByRole('button', { name: 'Choose' }).click();
  await expect(bake.dialog.getByText(/^Saved: /)).toBeVisible(long);
  const archive = /^Saved: (.+\.tar) /.exec((await bake.dialog.getByText(/^Saved: /).textContent()) ?? '')?.[1] ?? '';
  expect([archive.startsWith(app.folder), existsSync(archive)]).toEqual([true, true]);

  await bake.button('Run it').click();
  await expect(bake.dialog).toHaveCount(0);
  await expect(servingPage(page).heading).toHaveText('iris-image');
  await untilServing(app);
  await expect(servingPage(page).plan).toContainText('in the image');
  const container = await docker('ps', '--quiet', '--filter', 'name=slipway-iris-image');
  expect(
    (await docker('top', container, '-o', 'uid,pid'))
      .split('\n')
      .slice(1)
      .map((row) => row.trim().split(/\s+/)[0]),
  ).not.toContain('0');
  expect(await answersRightly((await servingPage(page).restAddress.textContent()) ?? '')).toBe(true);
  await app.command('rm', 'iris-image');

  // As if on another machine: nothing but the registry has it.
  await removeImages();
  const back = `${image}@${digest}`;
  await docker('pull', back);
  const id = await docker('run', '--detach', '--publish', '127.0.0.1::8501', back);
  const address = await docker('port', id, '8501/tcp');
  const url = `http://${address.split('\n')[0] ?? ''}/v1/models/iris`;
  await expect
    .poll(
      () =>
        fetch(url).then(
          ({ ok }) => ok,
          () => false,
        ),
      long,
    )
    .toBe(true);
  expect(await answersRightly(url)).toBe(true);
  expect(await docker('exec', id, 'id', '-u')).toBe('1000');
});

test('an edited Dockerfile that is wrong is told with its line and kept, and a bake is stopped by a button', async ({ app }) => {
  const { page } = app;
  const bake = bakeDialog(page);
  await startServing(app, 'iris');
  await untilServing(app);
  await bake.open('iris');
  await expect(bake.editor).toContainText('COPY . /');
  await bake.dialog.getByRole('radiogroup').getByText('Simplest').click();
  await expect(bake.editor).toContainText('COPY models/iris /models/iris');
  await bake.reference.fill(`${image}:wrong`);
  await bake.write('FROM tensorflow/serving:latest\nCOPY nowhere /there\n');
  await expect(bake.dialog.getByText('Edited: the choices above no longer change it.')).toBeVisible();
  await bake.bake.click();
  await expect(bake.failure).toContainText('Line 2 of the Dockerfile cannot be built', long);
  await settle(page);
  expect(await seriousFindings(page)).toEqual([]);
  await bake.button('Change and try again').click();
  await expect(bake.editor).toContainText('COPY nowhere /there');
  await expect(bake.editor.locator('.cm-wrong')).toHaveText('COPY nowhere /there');

  await bake.write('FROM tensorflow/serving:latest\nRUN sleep 600\n');
  await bake.bake.click();
  await expect(bake.output).toContainText('Running in', long);
  await bake.stop.click();
  await expect(bake.dialog.getByText('Stopped. Nothing of it is left.')).toBeVisible(long);
  await bake.button('Change and try again').click();
  await bake.button('Start over').click();
  await expect(bake.editor).toContainText('COPY models/iris /models/iris');
  // Closed and opened again, nothing of the input is lost.
  await page.keyboard.press('Escape');
  await expect(bake.dialog).toHaveCount(0);
  await bake.openAgain('iris');
  await expect(bake.reference).toHaveValue(`${image}:wrong`);
});

test('what was baked before the app ended is in the dialog when it is there again, and can be pushed', async ({ app, shell }) => {
  test.skip(shell !== 'web', 'skipped: the desktop window ends with its app');
  const { page } = app;
  const bake = bakeDialog(page);
  await startServing(app, 'iris');
  await untilServing(app);
  await bake.open('iris');
  await expect(bake.editor).toContainText('COPY . /');
  await bake.reference.fill(`${image}:kept`);
  await bake.bake.click();
  await expect(bake.dialog.getByText(`${image}:kept is baked`)).toBeVisible(long);
  // The page tries to connect again while the app is away.
  app.expectErrors(/ERR_CONNECTION|WebSocket|Failed to load resource|Failed to fetch/);
  await page.keyboard.press('Escape');
  const killed = await app.kill();
  await expect(frame(page).connectionStrip).toBeVisible();
  await killed.again();
  await expect(frame(page).connectionStrip).toHaveCount(0);
  // Anew, as by a person who comes back to it.
  await page.reload();
  await bake.open('iris');
  const before = bake.dialog.getByRole('region', { name: 'On this machine already' });
  await expect(before.getByRole('listitem').filter({ hasText: `${image}:kept` })).toContainText('v3');
  await settle(page);
  expect(await seriousFindings(page)).toEqual([]);
  await before.getByRole('button', { name: `${image}:kept` }).click();
  await expect(bake.dialog.getByText(`${image}:kept is baked`)).toBeVisible();
  await expect(bake.pushAs).toHaveValue(`${image}:kept`);
  await bake.button('Push').click();
  await expect(bake.dialog.getByText(new RegExp(`${image}:kept@sha256:[0-9a-f]{64}`))).toBeVisible(long);
});
