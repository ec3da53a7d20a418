import { expect, test } from './app.ts';
import { folderTree } from './pages/folderTree.ts';
import { frame } from './pages/frame.ts';
import { importSheet } from './pages/importSheet.ts';
import { playgroundPage } from './pages/playgroundPage.ts';
import { servingPage } from './pages/servingPage.ts';
import { untilServing } from './serve.ts';

test.skip(({ shell }) => shell !== 'web', 'skipped: the desktop has a dialog of its own');
test.use({ launch: { models: ['half_plus_two'] } });

test('a model is chosen, served, asked and stopped by keys alone', async ({ app }) => {
  const { page } = app;
  const { keyboard } = page;
  const serving = servingPage(page);
  const playground = playgroundPage(page);
  await keyboard.press('o');
  await expect(folderTree(page).folder('half_plus_two')).toBeFocused();
  await keyboard.press('Enter');
  await expect(importSheet(page).serve).toBeFocused();
  await keyboard.press('Enter');
  await untilServing(app);

  await keyboard.press('3');
  await expect(frame(page).heading).toHaveText('Playground');
  const cell = playground.field('x').getByRole('gridcell').first();
  await cell.focus();
  await keyboard.press('Control+Enter');
  await expect(playground.answer).toContainText('200 OK');
  await cell.press('Alt+2');
  await expect(playground.answer.getByRole('tab', { name: 'Raw' })).toHaveAttribute('aria-selected', 'true');
  // Letters are only letters while a field has the focus; Escape leaves the editor to Tab.
  await keyboard.press('2');
  await expect(frame(page).heading).toHaveText('Playground');

  await frame(page).tasks.focus();
  await keyboard.press('2');
  await expect(frame(page).heading).toHaveText('Servings');
  await page.getByRole('main').getByRole('link', { name: 'half_plus_two' }).focus();
  await keyboard.press('Enter');
  await serving.stop.focus();
  await keyboard.press('Enter');
  await expect(serving.state('Stopped')).toBeVisible();
});

test('the palette opens by Ctrl K and by a slash, finds places, models and acts, and acts', async ({ app }) => {
  const { page } = app;
  const { keyboard } = page;
  const palette = page.getByRole('dialog', { name: 'Search and act' });
  await keyboard.press('ControlOrMeta+K');
  await expect(palette.getByRole('textbox', { name: 'Search and act' })).toBeFocused();
  await keyboard.type('playg');
  await keyboard.press('Enter');
  await expect(frame(page).heading).toHaveText('Playground');
  await expect(palette).toHaveCount(0);

  await keyboard.press('/');
  await expect(palette).toBeVisible();
  await keyboard.type('light and dark');
  await keyboard.press('Enter');
  await expect(page.locator('html')).toHaveAttribute('data-mantine-color-scheme', 'dark');
  await expect(palette).toHaveCount(0);

  await keyboard.press('/');
  await expect(palette).toBeVisible();
  await keyboard.type('tasks');
  await keyboard.press('Enter');
  await expect(page.getByText('Nothing is under way.')).toBeVisible();
  await keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);

  await keyboard.press('/');
  await expect(palette).toBeVisible();
  await keyboard.type('nothing has such words');
  await expect(palette).toContainText('Nothing has these words.');
  await keyboard.press('Escape');
  await expect(palette).toHaveCount(0);
});

test('F6 goes from bar to rail to page, and the focus can always be seen', async ({ app }) => {
  const { page } = app;
  const focusIn = (part: string) => page.evaluate((name) => document.activeElement?.closest(name) !== null, part);
  await page.keyboard.press('F6');
  expect(await focusIn('header')).toBe(true);
  await page.keyboard.press('F6');
  expect(await focusIn('nav')).toBe(true);
  const ring = await page.evaluate(() => getComputedStyle(document.activeElement ?? document.body).outlineStyle);
  expect(ring).toBe('solid');
  await page.keyboard.press('F6');
  expect(await focusIn('main')).toBe(true);
  await page.keyboard.press(',');
  await expect(frame(page).heading).toHaveText('Settings');
});

test('nothing turns or slides for somebody who asked for less motion', async ({ app }) => {
  const { page } = app;
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.keyboard.press('ControlOrMeta+K');
  await expect(page.getByRole('dialog')).toBeVisible();
  expect(await page.evaluate(() => document.getAnimations().filter(({ playState }) => playState === 'running').length)).toBe(0);
});
