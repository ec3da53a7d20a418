import { expect, test } from './app.ts';
import { folderTree } from './pages/folderTree.ts';
import { importSheet } from './pages/importSheet.ts';

test.skip(({ shell }) => shell !== 'web', 'skipped: the desktop has a dialog of its own');
test.use({ launch: { models: ['iris', 'bad/keras_file'] } });

test('a folder chosen from the tree is linked, not copied', async ({ app }) => {
  const tree = folderTree(app.page);
  await tree.open();
  await tree.choose('iris');
  const sheet = importSheet(app.page);
  await expect(sheet.title).toContainText('iris');
  await expect(sheet.dialog).toContainText('linked');
});

test('the tree is walked by keys, and shows nothing above its root', async ({ app }) => {
  const { page } = app;
  const tree = folderTree(page);
  await tree.open();
  await expect(tree.folder('iris')).toBeVisible();
  const names = await tree.tree.getByRole('treeitem').allTextContents();
  expect(names.join(' ')).not.toMatch(/\.\.|home|etc/);
  await page.keyboard.press('Escape');
  await expect(tree.dialog).toHaveCount(0);
});
