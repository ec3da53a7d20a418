import { freePort } from '../test/freePort.ts';
import { restAndGrpcLoad, type RestAndGrpcLoad } from '../test/serving/restAndGrpcLoad.ts';
import { expect, modelFolder, test, type AppUnderTest } from './app.ts';
import { seriousFindings, settle } from './axe.ts';
import { dropOnWindow } from './drop.ts';
import { openHeldRegistry } from './heldRegistry.ts';
import { frame } from './pages/frame.ts';
import { importSheet } from './pages/importSheet.ts';
import { servingPage } from './pages/servingPage.ts';
import { servingsPage } from './pages/servingsPage.ts';
import { changePanel, upgradeDialog } from './pages/upgradeDialog.ts';
import { untilServing } from './serve.ts';

test.use({ launch: { models: ['half_plus_two'] } });

const name = 'half_plus_two';
const older = 'tensorflow/serving:2.19.1';
const newer = 'tensorflow/serving:latest';
const long = { timeout: 120_000 };

/** Serves the older image, as chosen in the sheet. */
async function serve(app: AppUnderTest, { gateway }: { readonly gateway: boolean }): Promise<void> {
  const { dialog, serve: begin } = importSheet(app.page);
  await dropOnWindow(app.page, modelFolder(app, name));
  await dialog.getByRole('button', { name: /^Advanced/ }).click();
  await dialog.getByRole('textbox', { name: 'Image' }).fill(older);
  // Of its own: the usual ones may be given to something else while it loads.
  await dialog.getByRole('textbox', { name: 'REST port' }).fill(String(await freePort()));
  await dialog.getByRole('textbox', { name: 'gRPC port' }).fill(String(await freePort()));
  if (gateway) await dialog.getByRole('checkbox', { name: 'Behind the gateway' }).check();
  await begin.click();
  await expect(dialog).toHaveCount(0);
  await untilServing(app);
}

async function loadOn({ page }: AppUnderTest): Promise<RestAndGrpcLoad> {
  const ports = await page
    .getByRole('main')
    .getByText(/^127\.0\.0\.1:\d+ → 850[01]$/)
    .allTextContents();
  const [restPort, grpcPort] = ports.map((text) => Number(/:(\d+)/.exec(text)?.[1]));
  return restAndGrpcLoad({ name, restPort: restPort ?? 0, grpcPort: grpcPort ?? 0 }, 200);
}

/** Many more answers have come, and no failure. */
async function goesOn({ answered, failures }: RestAndGrpcLoad): Promise<void> {
  const before = answered();
  const more = (): boolean => failures.length > 0 || Math.min(answered().rest - before.rest, answered().grpc - before.grpc) > 100;
  await expect.poll(more, { timeout: 60_000 }).toBe(true);
  expect(failures).toEqual([]);
}

test('under 200 requests a second an image is upgraded and gone back to by clicks, and none fails', async ({ app }) => {
  const { page } = app;
  const [dialog, panel] = [upgradeDialog(page), changePanel(page)];
  await serve(app, { gateway: true });
  const load = await loadOn(app);
  try {
    await goesOn(load);
    await dialog.open();
    await expect(dialog.radio(older)).toBeChecked();
    await expect(dialog.dialog).toContainText('Nothing is otherwise yet.');
    await dialog.radio(newer).check();
    await expect(dialog.happens).toContainText([
      'Needs a new container: another image.',
      'The image is on this machine',
      'Memory for two',
      'No gap',
      'one click goes back',
    ]);
    await settle(page);
    expect(await seriousFindings(page)).toEqual([]);
    await dialog.begin.click();
    await expect(dialog.dialog).toHaveCount(0);
    await expect(panel.panel).toContainText(`Meanwhile ${older} answers.`);
    await expect(panel.panel).toContainText(`${newer} answers instead of ${older}`, long);
    await expect(panel.panel).toContainText('No request was refused or cut off.');
    await expect(servingPage(page).plan).toContainText(newer);
    await settle(page);
    expect(await seriousFindings(page)).toEqual([]);
    await goesOn(load);
    await panel.back(older).click();
    await expect(panel.panel).toContainText(`${older} answers instead of ${newer}`, long);
    await expect(servingPage(page).plan).toContainText(older);
    await goesOn(load);
  } finally {
    await load.stop();
  }
  expect(load.failures).toEqual([]);
});

test('an image that does not exist is told with its reason while the old one goes on, and a pull is stopped by a button', async ({
  app,
}) => {
  const { page } = app;
  const [dialog, panel] = [upgradeDialog(page), changePanel(page)];
  await serve(app, { gateway: true });
  const load = await loadOn(app);
  try {
    await dialog.open();
    await dialog.another.check();
    await dialog.reference.fill('127.0.0.1:5000/slipway/none:1');
    await expect(dialog.happens.nth(1)).toContainText('127.0.0.1:5000/slipway/none:1 is not on this machine');
    await dialog.begin.click();
    await expect(panel.failure).toContainText('127.0.0.1:5000/slipway/none', long);
    await expect(panel.failure).toContainText(`${older} goes on serving.`);
    await expect(panel.steps.filter({ hasText: '(failed)' })).toContainText('Pull');
    await expect(servingPage(page).state(/^Serving v/)).toBeVisible();
    await expect(servingPage(page).plan).toContainText(older);
    await settle(page);
    expect(await seriousFindings(page)).toEqual([]);
    await goesOn(load);

    // A registry that holds the image back: stopped in the middle.
    await using registry = await openHeldRegistry();
    await panel.panel.getByRole('button', { name: 'Change the choice…' }).click();
    await dialog.another.check();
    await dialog.reference.fill(registry.image);
    await dialog.begin.click();
    await expect(page.getByRole('main').getByRole('progressbar')).toBeVisible(long);
    await panel.stop.click();
    await expect(panel.panel).toContainText('was stopped', long);
    await expect(panel.panel).toContainText(`${older} goes on serving.`);
    await goesOn(load);
  } finally {
    await load.stop();
  }
  expect(load.failures).toEqual([]);
});

test('a direct serving is moved to the embedded engine with its gap told, to Docker again without one, and back by one click', async ({
  app,
}) => {
  const { page } = app;
  const [dialog, panel] = [upgradeDialog(page), changePanel(page)];
  await serve(app, { gateway: false });
  // From the list: the row's menu.
  await frame(page).open('Servings');
  await servingsPage(page)
    .row(name)
    .getByRole('button', { name: `More for ${name}` })
    .click();
  await page.getByRole('menuitem', { name: 'Change image or engine…' }).click();
  await dialog.radio('Embedded engine').check();
  await expect(dialog.happens).toContainText(['Needs a new process: another engine.', 'A short gap', '71 MB']);
  await dialog.begin.click();
  await expect(panel.panel).toContainText(`the embedded engine answers instead of ${older}`, long);
  await expect(panel.panel).toContainText(/The address was refused for [\d\u202f.]+ ?m?s/);
  await expect(servingPage(page).plan).toContainText('Embedded engine');

  await dialog.open();
  await dialog.radio('Docker').check();
  await dialog.radio(newer).check();
  await expect(dialog.happens).toContainText(['Needs a new container: another engine.', 'No gap']);
  await dialog.begin.click();
  await expect(panel.panel).toContainText(`${newer} answers instead of the embedded engine`, long);
  await expect(panel.panel).toContainText('No request was refused or cut off.');
  await panel.back('the embedded engine').click();
  await expect(panel.panel).toContainText(`the embedded engine answers instead of ${newer}`, long);

  // Where it does not run, the way back starts it as it was.
  await servingPage(page).stop.click();
  await expect(servingPage(page).state('Stopped')).toBeVisible();
  await page
    .getByRole('main')
    .getByRole('button', { name: `Go back to ${newer}` })
    .click();
  await untilServing(app);
  await expect(servingPage(page).plan).toContainText(newer);
});
