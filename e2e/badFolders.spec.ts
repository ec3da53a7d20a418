import { expect, test } from './app.ts';
import { folderTree } from './pages/folderTree.ts';
import { importSheet } from './pages/importSheet.ts';

test.skip(({ shell }) => shell !== 'web', 'skipped: the tree is of the web shell');

interface BadFolder {
  readonly name: string;
  /** Words of the problem that names the defect. */
  readonly says: RegExp;
  /** Whether it can be served as it is. */
  readonly serves: boolean;
}

const folders: readonly BadFolder[] = [
  { name: 'version_not_numeric', says: /v1/, serves: true },
  { name: 'unversioned_ok', says: /version/, serves: true },
  { name: 'pbtxt_valid', says: /pbtxt_valid/, serves: true },
  { name: 'keras_file', says: /Keras 3|\.keras/, serves: false },
  { name: 'h5_file', says: /HDF5|\.h5/, serves: false },
  { name: 'frozen_graph', says: /frozen graph/i, serves: false },
  { name: 'truncated_pb', says: /saved_model\.pb/, serves: false },
  { name: 'missing_pb', says: /saved_model\.pb/, serves: false },
  { name: 'missing_data', says: /weights are incomplete/i, serves: false },
  { name: 'truncated_data', says: /weights are incomplete/i, serves: false },
  { name: 'missing_index', says: /variables\.index/, serves: false },
  { name: 'no_serve_tag', says: /tagged serve|tag serve/, serves: false },
  { name: 'unknown_op', says: /does not know the op/, serves: false },
];

test.use({ launch: { models: folders.map(({ name }) => `bad/${name}`) } });

test('each wrong folder is recognised and said in a sentence, and Serve is offered only where it would serve', async ({ app }) => {
  const { page } = app;
  const [tree, sheet] = [folderTree(page), importSheet(page)];
  for (const { name, says, serves } of folders) {
    await test.step(name, async () => {
      await tree.open();
      await tree.expand('bad');
      await tree.choose(name);
      await expect(sheet.title).not.toBeEmpty();
      await expect(sheet.dialog).toContainText(says);
      if (serves) await expect(sheet.serve).toBeEnabled();
      else await expect(sheet.serve).toBeDisabled();
      await sheet.close();
      await expect(sheet.dialog).toHaveCount(0);
    });
  }
});
