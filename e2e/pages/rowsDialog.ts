import type { Locator, Page } from '@playwright/test';

/** Many rows from a file: its columns as inputs, how they are asked, and what came of it. */
export interface RowsDialog {
  readonly dialog: Locator;
  readonly preview: Locator;
  readonly results: Locator;
  readonly worst: Locator;
  readonly agreement: Locator;
  /** How far the run is, or how it ended. */
  readonly state: Locator;
  readonly verdict: Locator;
  open(): Promise<void>;
  choose(path: string): Promise<void>;
  button(name: string | RegExp): Locator;
  columnsOf(input: string): Locator;
}

export function rowsDialog(page: Page): RowsDialog {
  const dialog = page.getByRole('dialog', { name: 'Many rows from a file' });
  return {
    dialog,
    preview: dialog.getByRole('table', { name: /^The first rows of / }),
    results: dialog.getByRole('table', { name: 'Rows with their answers, those that failed first' }),
    worst: dialog.getByRole('table', { name: 'The rows that differ most' }),
    agreement: dialog.getByRole('table', { name: 'Agreement' }),
    state: dialog.getByRole('status').first(),
    verdict: dialog.getByRole('status').nth(1),
    open: () => page.getByRole('button', { name: 'Many rows…' }).click(),
    async choose(path) {
      const [chooser] = await Promise.all([
        page.waitForEvent('filechooser'),
        dialog.getByRole('button', { name: /^(Choose a file…|Another file…)$/ }).click(),
      ]);
      await chooser.setFiles(path);
    },
    button: (name) => dialog.getByRole('button', { name }),
    columnsOf: (input) => dialog.getByRole('textbox', { name: `Columns of ${input}` }),
  };
}
