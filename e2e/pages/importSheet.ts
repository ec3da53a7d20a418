import type { Locator, Page } from '@playwright/test';

/** What opens after a drop: what was found, the name, and Serve. */
export interface ImportSheet {
  readonly dialog: Locator;
  readonly title: Locator;
  readonly name: Locator;
  readonly serve: Locator;
  readonly problems: Locator;
  /** Where it runs. */
  place(name: RegExp): Locator;
  mend(name: string | RegExp): Locator;
  close(): Promise<void>;
}

export function importSheet(page: Page): ImportSheet {
  const dialog = page.getByRole('dialog');
  return {
    dialog,
    title: dialog.getByRole('heading', { level: 2 }).first(),
    name: dialog.getByRole('textbox', { name: 'Name' }),
    serve: dialog.getByRole('button', { name: /^Serve/ }).last(),
    problems: dialog.getByRole('region'),
    place: (name) => dialog.getByRole('radio', { name }),
    mend: (name) => dialog.getByRole('button', { name }),
    close: () => page.keyboard.press('Escape'),
  };
}
