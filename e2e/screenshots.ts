/**
 * Pictures of every page, in both languages and both themes: `node e2e/screenshots.ts FOLDER [NAMES]`; NAMES is a pattern of names.
 * It drives the built web shell with models of the fixtures and the engine of this machine, and removes what it served.
 */
import { cp, mkdir, mkdtemp, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { chromium, type Page } from '@playwright/test';
import { chromiumOptions } from '../test/chromium.ts';
import { fixtures, whyNoFixtures } from '../test/fixtures.ts';
import { removeContainersOf } from './containers.ts';
import { dragOverWindow, dropOnWindow } from './drop.ts';
import { openHeldRegistry } from './heldRegistry.ts';
import { endProgram, slipway, startWebShellProgram } from './programs.ts';

const languages = ['en', 'zh'] as const;
const themes = ['light', 'dark'] as const;
const sizes = [
  { name: '', width: 1280, height: 800 },
  { name: '-900', width: 900, height: 800 },
] as const;

/** Four versions of digits with their course of training, and metrics beside iris. */
async function addVersions(models: string): Promise<void> {
  const digits = join(models, 'digits_cnn');
  const ends = [0.944, 0.972, 0.978, 0.981];
  for (const [index, end] of ends.entries()) {
    const version = join(digits, String(index + 1));
    if (index > 0) await cp(join(digits, '1'), version, { recursive: true });
    const epochs = Array.from({ length: 20 }, (_, epoch) => epoch + 1);
    const accuracy = epochs.map((epoch) => end - (end - 0.55) * Math.exp(-epoch / (4.5 - index)));
    await writeFile(
      join(version, 'history.json'),
      JSON.stringify({ val_accuracy: accuracy, val_loss: accuracy.map((value) => (1 - value) * 1.8) }),
    );
    await writeFile(
      join(version, 'metrics.json'),
      JSON.stringify({ test_accuracy: end, test_loss: Number(((1 - end) * 3.9).toFixed(4)), optimizer: 'adam', dataset: 'digits 8x8' }),
    );
  }
  await writeFile(
    join(models, 'iris', 'metrics.json'),
    JSON.stringify({ 1: { accuracy: 0.9, loss: 0.41 }, 2: { accuracy: 0.9333, loss: 0.27 }, 3: { accuracy: 0.9667, loss: 0.12 } }),
  );
}

/** A fifth version, of which half has come. */
async function beginCopy(models: string): Promise<void> {
  const arriving = join(models, 'digits_cnn', '5');
  await cp(join(models, 'digits_cnn', '1'), `${arriving}.part`, { recursive: true });
  await truncate(join(`${arriving}.part`, 'variables', 'variables.data-00000-of-00001'), 4_000);
  await rename(`${arriving}.part`, arriving);
}

async function take(): Promise<void> {
  const target = resolve(process.argv[2] ?? 'screenshots');
  const material = fixtures();
  if (material === undefined) throw new Error(whyNoFixtures);
  await mkdir(target, { recursive: true });
  await using undo = new AsyncDisposableStack();
  const scratch = await mkdtemp(join(tmpdir(), 'slipway-pictures-'));
  undo.defer(() => rm(scratch, { recursive: true, force: true }));
  undo.defer(() => removeContainersOf(scratch));
  const models = join(scratch, 'models');
  for (const name of ['digits_cnn', 'iris']) await cp(join(material, 'models', 'models', name), join(models, name), { recursive: true });
  await addVersions(models);
  for (const name of ['missing_data', 'truncated_data'])
    await cp(join(material, 'models', 'bad', name), join(models, name), { recursive: true });
  const env = { ...process.env, SLIPWAY_HOME: join(scratch, 'home') };
  const program = await startWebShellProgram(env, ['--port', '0', '--root', models]);
  undo.defer(() => endProgram(program.child));
  const browser = await chromium.launch(chromiumOptions());
  undo.defer(() => browser.close());
  const context = await browser.newContext({ viewport: sizes[0], locale: 'en-US', timezoneId: 'UTC' });
  const page = await context.newPage();
  await page.goto(program.url);
  await page.getByRole('navigation').waitFor();
  const { origin } = new URL(page.url());

  async function go(route: string): Promise<void> {
    await page.goto(`${origin}/#${route}`);
    await page.getByRole('heading', { level: 1 }).first().waitFor();
  }

  /** The page as it stands, in all looks: the settings are changed by the command of the page's own settings screen. */
  async function picture(name: string, stay: Page = page): Promise<void> {
    for (const size of sizes) {
      await stay.setViewportSize(size);
      await stay.evaluate(() => document.fonts.ready);
      // Transitions of the kit take up to a quarter of a second; two frames after them nothing moves any more.
      await stay.waitForFunction(() =>
        document
          .getAnimations()
          .every(({ playState, effect }) => playState !== 'running' || effect?.getComputedTiming().iterations === Infinity),
      );
      await stay.screenshot({ path: join(target, `${name}${size.name}.png`) });
    }
    await stay.setViewportSize(sizes[0]);
  }

  async function look(language: (typeof languages)[number], theme: (typeof themes)[number]): Promise<void> {
    await go('/settings');
    const groups = page.getByRole('main').getByRole('radiogroup');
    await groups
      .nth(0)
      .locator('label')
      .nth(themes.indexOf(theme) + 1)
      .click();
    await groups
      .nth(1)
      .locator('label')
      .nth(languages.indexOf(language) + 1)
      .click();
    await page.locator(`html[lang^="${language}"]`).waitFor();
  }

  const pages: readonly (readonly [name: string, open: () => Promise<void>, close?: () => Promise<void>])[] = [
    ['models', () => go('/models')],
    ['servings', () => go('/servings')],
    ['playground', () => go('/playground')],
    ['settings', () => go('/settings')],
    [
      'import',
      async () => {
        await go('/models');
        // The other model has a version that still arrives.
        await dropOnWindow(page, join(models, 'iris'));
        await page.getByRole('dialog').getByRole('textbox').first().waitFor();
      },
      () => page.keyboard.press('Escape'),
    ],
    [
      'import-wrong',
      async () => {
        await go('/models');
        await dropOnWindow(page, join(models, 'missing_data'));
        await page.getByRole('dialog').getByRole('tree').waitFor();
      },
      () => page.keyboard.press('Escape'),
    ],
    [
      'import-half',
      async () => {
        await go('/models');
        await page.keyboard.press('o');
        await page.getByRole('treeitem', { name: 'truncated_data' }).click();
        await page.keyboard.press('Enter');
        await page.getByRole('progressbar').waitFor();
      },
      () => page.keyboard.press('Escape'),
    ],
    [
      'engine',
      async () => {
        await go('/models');
        await page
          .getByRole('banner')
          .getByRole('button', { name: /Docker/ })
          .click();
        await page.getByRole('dialog').waitFor();
      },
      () => page.keyboard.press('Escape'),
    ],
    [
      'palette',
      async () => {
        await go('/models');
        await page.keyboard.press('ControlOrMeta+K');
        await page.getByRole('dialog').waitFor();
      },
      () => page.keyboard.press('Escape'),
    ],
  ];

  const wanted = new RegExp(process.argv[3] ?? '');
  async function all(prefix: string, offered: typeof pages): Promise<void> {
    const chosen = offered.filter(([name]) => wanted.test(`${prefix}${name}`));
    if (chosen.length === 0) return;
    for (const language of languages) {
      for (const theme of themes) {
        await look(language, theme);
        for (const [name, open, close] of chosen) {
          await open();
          await picture(`${prefix}${name}-${language}-${theme}`);
          await close?.();
          if (close !== undefined) await page.waitForFunction(() => document.querySelector('[role=dialog]') === null);
        }
      }
    }
  }

  await all('empty-', pages.slice(0, 3));
  await go('/models');
  await using drag = await dragOverWindow(page, join(models, 'iris'));
  await picture('drop-over');
  await drag.drop();
  await page.getByRole('dialog').getByRole('textbox').first().waitFor();
  await page.keyboard.press('Escape');

  await slipway(env, 'serve', join(models, 'digits_cnn'), '--detach');
  await slipway(env, 'serve', join(models, 'iris'), '--detach');
  await slipway(env, 'stop', 'iris');
  await beginCopy(models);
  // Some seconds of figures, so that a line can be seen.
  await go('/servings');
  await page.getByRole('img', { name: /^(CPU|CPU，)/ }).waitFor();
  await all('', pages);

  const openServing = async (name = 'digits_cnn'): Promise<void> => {
    await go('/servings');
    await page.getByRole('main').getByRole('link', { name }).click();
    await page.getByRole('heading', { level: 1 }).getByText(name).waitFor();
  };
  const openModel = async (): Promise<void> => {
    await go('/models');
    await page.getByRole('main').getByRole('link', { name: 'digits_cnn' }).click();
    await page.getByRole('heading', { level: 1 }).getByText('digits_cnn').waitFor();
  };
  const openRows = async (): Promise<void> => {
    await go('/playground');
    await page.getByRole('main').locator('button[aria-haspopup=dialog]').first().click();
    const dialog = page.getByRole('dialog');
    await dialog.locator('input[type=file]').setInputFiles(join(material, 'models', 'data', 'digits_test.csv'));
    await dialog.getByRole('combobox').first().waitFor();
  };
  await all('', [
    [
      'serving',
      async () => {
        await openServing();
        await page.getByRole('log').getByText('Successfully loaded').waitFor();
        await page.getByRole('main').getByRole('img').first().waitFor();
      },
    ],
    [
      'switch',
      async () => {
        await openServing();
        await page
          .getByText(/^(all|全部)$/)
          .first()
          .click();
        await page.getByRole('main').locator('form [type=submit]:enabled').waitFor();
      },
    ],
    ['model', openModel],
    [
      'model-notes',
      async () => {
        await openModel();
        await page.getByRole('tab').nth(3).click();
        await page.getByRole('main').getByRole('list').last().getByRole('listitem').first().waitFor();
      },
    ],
    [
      'found',
      async () => {
        await go('/models');
        await page.keyboard.press('/');
        await page.keyboard.type('accuracy>0.93');
        await page.getByRole('grid').getByRole('checkbox').first().click();
        await page.getByRole('grid').getByRole('checkbox').nth(1).click();
      },
      async () => {
        await page.getByRole('main').getByRole('searchbox').or(page.locator('[data-page-search]')).first().fill('');
      },
    ],
    [
      'filters',
      async () => {
        await go('/models');
        await page.getByRole('search').getByRole('button').last().click();
        await page.getByRole('dialog').getByRole('combobox').first().waitFor();
      },
      () => page.keyboard.press('Escape'),
    ],
    [
      'compare',
      async () => {
        await openModel();
        await page.getByRole('main').getByRole('checkbox').nth(0).click();
        await page.getByRole('main').getByRole('checkbox').nth(1).click();
        await page
          .getByRole('main')
          .getByRole('button', { name: /^(Compare|对比)$/ })
          .click();
        await page.getByRole('main').getByRole('img').waitFor();
      },
    ],
    [
      'removal',
      async () => {
        await openModel();
        await page.getByRole('main').locator('[aria-haspopup=menu]').first().click();
        await page.getByRole('menuitem').last().click();
        await page.getByRole('dialog').getByRole('list').waitFor();
      },
      () => page.keyboard.press('Escape'),
    ],
    [
      'model-files',
      async () => {
        await openModel();
        await page.getByRole('tab').nth(2).click();
      },
    ],
    [
      'answer',
      async () => {
        await go('/playground');
        await page.locator('[aria-keyshortcuts*=Enter]:not([aria-disabled])').click();
        await page.getByText('200 OK').waitFor();
      },
    ],
    [
      'side-by-side',
      async () => {
        await go('/playground');
        await page.locator('[aria-keyshortcuts*=Enter]:not([aria-disabled])').click();
        await page
          .getByRole('main')
          .getByRole('button', { name: /^(Compare with|与) ?v/ })
          .click();
        await page.getByRole('tabpanel').getByRole('table').first().waitFor();
      },
    ],
    [
      'history',
      async () => {
        await go('/playground');
        await page.getByRole('tab', { name: /^(History|历史)$/ }).click();
        await page.getByRole('tabpanel').getByRole('listitem').first().waitFor();
      },
    ],
    ['rows', openRows, () => page.keyboard.press('Escape')],
    [
      'rows-compared',
      async () => {
        await openRows();
        const dialog = page.getByRole('dialog');
        await dialog.getByRole('radiogroup').first().locator('label').nth(1).click();
        await dialog.locator('button[type=submit]').click();
        await dialog.getByRole('table').nth(1).waitFor();
      },
      () => page.keyboard.press('Escape'),
    ],
    [
      'answer-raw',
      async () => {
        await go('/playground');
        await page.locator('[aria-keyshortcuts*=Enter]:not([aria-disabled])').click();
        await page.getByText('200 OK').waitFor();
        await page.keyboard.press('Alt+2');
        await page.getByRole('tabpanel').getByRole('region').nth(1).waitFor();
      },
    ],
    [
      'steps',
      async () => {
        await go('/playground');
        await page.locator('[aria-keyshortcuts*=Enter]:not([aria-disabled])').click();
        await page
          .getByRole('button', { name: /^(Change the steps…|修改步骤…)$/ })
          .first()
          .click();
        await page.getByRole('dialog').getByRole('status').waitFor();
      },
      () => page.keyboard.press('Escape'),
    ],
    [
      'code',
      async () => {
        await go('/playground');
        await page.locator('[data-field]').waitFor();
        await page.getByRole('tab').nth(2).click();
        await page.getByRole('tabpanel').locator('pre').waitFor();
      },
    ],
    [
      'misfit',
      async () => {
        await go('/playground');
        await page.getByRole('main').getByText('JSON', { exact: true }).click();
        await page.getByRole('main').getByRole('textbox').click();
        await page.keyboard.press('ControlOrMeta+A');
        await page.keyboard.insertText('{"instances": [[[[0.5], [1.0]]]]}');
        await page.locator('[data-wrong]').first().waitFor();
      },
      // What was typed stays for the next look.
      async () => {
        await page.locator('[aria-keyshortcuts=F]').click();
        await page.getByRole('main').getByRole('radiogroup').nth(1).locator('label').first().click();
        await page.locator('[data-field]').waitFor();
      },
    ],
    [
      'form-image',
      async () => {
        await go('/playground');
        await page
          .locator('[data-field] input[type=file]')
          .last()
          .setInputFiles(join(material, 'models', 'data', 'digit_0_label8.png'));
        await page.locator('[data-field] img[data-pixels]').waitFor();
      },
    ],
    [
      'form-steps',
      async () => {
        await go('/playground');
        await page.locator('[data-field] img[data-pixels]').waitFor();
        await page.locator('[data-field] button').last().click();
        await page.getByRole('dialog').locator('button[aria-haspopup=menu]').click();
        await page.getByRole('menuitem').first().click();
        await page.getByRole('dialog').getByRole('listitem').first().waitFor();
      },
      () => page.keyboard.press('Escape'),
    ],
    [
      'form-misfit',
      async () => {
        await go('/playground');
        await page
          .locator('[data-field] input[type=file]')
          .last()
          .setInputFiles({
            name: 'wrong.json',
            mimeType: 'application/json',
            buffer: Buffer.from('[[0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1]]'),
          });
        await page.locator('[data-field][data-wrong]').waitFor();
      },
      async () => {
        await page.locator('[data-field] button[aria-haspopup=menu]').click();
        await page.getByRole('menuitem').last().click();
      },
    ],
  ]);

  const openUpgrade = async (): Promise<void> => {
    await openServing();
    await page.getByRole('main').locator('[aria-haspopup=menu]').first().click();
    await page.getByRole('menuitem').nth(1).click();
    await page.getByRole('dialog').getByRole('radio', { name: '2.19.1' }).click();
    await page.getByRole('dialog').getByRole('region').getByRole('listitem').nth(5).waitFor();
  };
  await all('', [['upgrade', openUpgrade, () => page.keyboard.press('Escape')]]);
  await using registry = await openHeldRegistry();
  const upgrading = slipway(env, 'upgrade', 'digits_cnn', '--image', registry.image).catch(() => '');
  await all('', [
    [
      'upgrading',
      async () => {
        await openServing();
        await page.getByRole('progressbar').first().waitFor();
      },
    ],
  ]);
  await openServing();
  await page
    .getByRole('main')
    .getByRole('region')
    .filter({ has: page.getByRole('progressbar') })
    .getByRole('button')
    .first()
    .click();
  await upgrading;
  const openChanged = async (): Promise<void> => {
    await openServing();
    await page.getByRole('log').getByText('Successfully loaded').waitFor();
    await page.getByRole('main').getByRole('img').first().waitFor();
  };
  await all('', [['upgrade-stopped', openChanged]]);
  await slipway(env, 'upgrade', 'digits_cnn', '--image', 'tensorflow/serving:2.19.1');
  await all('', [['upgraded', openChanged]]);
  // A saved case that no version passes: a switch is refused.
  await openModel();
  const cases = join(scratch, 'home', 'cases', /#\/models\/([^/]+)/.exec(page.url())?.[1] ?? '');
  const image = {
    dtype: 'float32',
    shape: [1, 8, 8, 1],
    values: [Array.from({ length: 8 }, () => Array.from({ length: 8 }, () => [0.5]))],
  };
  await mkdir(cases, { recursive: true });
  await writeFile(
    join(cases, 'blank page.case.json'),
    JSON.stringify({ slipway_case: 1, inputs: { conv1_input: image }, expect: { error: 'no digit' } }),
  );
  await slipway(env, 'switch', 'digits_cnn', '2').catch(() => '');
  await all('', [
    [
      'switch-refused',
      async () => {
        await openModel();
        await page.getByRole('main').getByRole('alert').waitFor();
      },
    ],
  ]);

  await slipway(env, 'rm', 'iris');
  const iris = slipway(env, 'serve', join(models, 'iris'), '--detach', '--image', registry.image);
  await all('', [
    [
      'pull',
      async () => {
        await openServing('iris');
        await page.getByRole('progressbar').first().waitFor();
      },
    ],
    [
      'tasks',
      async () => {
        await page.keyboard.press('Shift+T');
        await page.getByRole('dialog').getByRole('progressbar').waitFor();
      },
      () => page.keyboard.press('Escape'),
    ],
  ]);
  registry.release();
  await iris;
  await slipway(env, 'stop', 'iris');
  await rename(join(models, 'iris', '3'), join(models, 'iris', 'v3'));
  await rm(join(models, 'iris', '2'), { recursive: true });
  await rm(join(models, 'iris', '1'), { recursive: true });
  await slipway(env, 'start', 'iris').catch(() => '');
  await all('', [
    [
      'failed',
      async () => {
        await openServing('iris');
        await page.getByRole('alert').waitFor();
        await page.getByRole('log').waitFor();
      },
    ],
  ]);
  process.stdout.write(`${target}\n`);
}

await take();
