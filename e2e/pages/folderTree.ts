import type { Locator, Page } from '@playwright/test';

/** The tree of this machine's folders, in the web shell. */
export interface FolderTree {
  readonly dialog: Locator;
  readonly tree: Locator;
  open(): Promise<void>;
  folder(name: string): Locator;
  expand(name: string): Promise<void>;
  choose(name: string): Promise<void>;
}

export function folderTree(page: Page): FolderTree {
  const dialog = page.getByRole('dialog');
  const tree = dialog.getByRole('tree');
  const folder = (name: string): Locator => tree.getByRole('treeitem', { name });
  return {
    dialog,
    tree,
    folder,
    open: () =>
      page
        .getByRole('button', { name: /^Choose a folder|^Add a model folder/ })
        .first()
        .click(),
    async expand(name) {
      await folder(name).click();
      await page.keyboard.press('ArrowRight');
    },
    async choose(name) {
      await folder(name).click();
      await dialog.getByRole('button', { name: /^(Choose|Use|Open)/ }).click();
    },
  };
}
