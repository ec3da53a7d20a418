import type { Locator, Page } from '@playwright/test';

/** The models page: every model, or the versions that fit a search. */
export interface LibraryPage {
  readonly search: Locator;
  readonly rows: Locator;
  row(name: string | RegExp): Locator;
  open(model: string): Promise<void>;
}

export function libraryPage(page: Page): LibraryPage {
  const grid = page.getByRole('main').getByRole('grid');
  return {
    search: page.getByRole('textbox', { name: 'Search models and versions' }),
    rows: grid.getByRole('row').filter({ has: page.getByRole('gridcell') }),
    row: (name) => grid.getByRole('row', { name }),
    open: (model) => grid.getByRole('link', { name: model, exact: true }).click(),
  };
}

/** The page of one model. */
export interface ModelPage {
  readonly versions: Locator;
  /** What is said of the version that is shown. */
  readonly panel: Locator;
  readonly tag: Locator;
  readonly note: Locator;
  /** The metric over versions. */
  readonly trend: Locator;
  version(name: string): Locator;
  menu(version: string, item: string | RegExp): Promise<void>;
  more(item: string): Promise<void>;
}

export function modelPage(page: Page): ModelPage {
  const main = page.getByRole('main');
  const grid = main.getByRole('grid', { name: /^Versions of/ });
  const panel = main.getByRole('complementary');
  const pick = async (button: Locator, item: string | RegExp): Promise<void> => {
    await button.click();
    await page.getByRole('menuitem', { name: item }).click();
  };
  return {
    versions: grid.getByRole('row').filter({ has: page.getByRole('gridcell') }),
    panel,
    tag: panel.getByRole('textbox', { name: 'Add a tag' }),
    note: panel.getByRole('textbox', { name: 'Note' }),
    trend: main.getByRole('img', { name: /by version/ }),
    version: (name) => grid.getByRole('row').filter({ has: page.getByText(name, { exact: true }) }),
    menu: (version, item) => pick(grid.getByRole('button', { name: `More for ${version}`, exact: true }), item),
    more: (item) => pick(main.getByRole('button', { name: /^More about/ }), item),
  };
}

/** Versions beside each other. */
export interface ComparePage {
  readonly verdict: Locator;
  readonly metrics: Locator;
  readonly plot: Locator;
  save(format: 'CSV' | 'JSON' | 'Markdown'): Promise<{ readonly name: string; readonly path: string }>;
}

export function comparePage(page: Page): ComparePage {
  const main = page.getByRole('main');
  return {
    verdict: main.getByRole('status').filter({ hasText: /Drop-in|Compatible|Breaking/ }),
    metrics: main.getByRole('table', { name: 'Metrics' }),
    // A select's arrow is an image too, without a name.
    plot: main.getByRole('img', { name: /./ }),
    async save(format) {
      await main.getByRole('button', { name: 'Export' }).click();
      const coming = page.waitForEvent('download');
      await page.getByRole('menuitem', { name: format }).click();
      const download = await coming;
      return { name: download.suggestedFilename(), path: await download.path() };
    },
  };
}
