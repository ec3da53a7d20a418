import type { Locator, Page } from '@playwright/test';

/** All servings, one a row. */
export interface ServingsPage {
  readonly table: Locator;
  row(name: string): Locator;
  /** Opens the page of one serving. */
  open(name: string): Promise<void>;
  stop(name: string): Locator;
  start(name: string): Locator;
}

export function servingsPage(page: Page): ServingsPage {
  const table = page.getByRole('main').getByRole('table');
  return {
    table,
    row: (name) => table.getByRole('row', { name }),
    open: (name) => table.getByRole('link', { name, exact: true }).click(),
    stop: (name) => table.getByRole('button', { name: `Stop ${name}` }),
    start: (name) => table.getByRole('button', { name: `Start ${name}` }),
  };
}
