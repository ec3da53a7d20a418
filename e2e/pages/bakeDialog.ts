import type { Locator, Page } from '@playwright/test';
import { frame } from './frame.ts';

/** From choices to an image: opened from a model's page. */
export interface BakeDialog {
  readonly dialog: Locator;
  readonly reference: Locator;
  /** The Dockerfile's text. */
  readonly editor: Locator;
  readonly bake: Locator;
  /** One item a step: its name, `(done)` or another state. */
  readonly steps: Locator;
  readonly output: Locator;
  readonly stop: Locator;
  readonly failure: Locator;
  readonly pushAs: Locator;
  button(name: string): Locator;
  /** Opens it for a model of the library. */
  open(model: string): Promise<void>;
  /** Opens it on the page of a model. */
  openAgain(model: string): Promise<void>;
  /** Replaces the Dockerfile. */
  write(text: string): Promise<void>;
}

export function bakeDialog(page: Page): BakeDialog {
  const dialog = page.getByRole('dialog');
  const editor = dialog.getByRole('textbox', { name: /^Dockerfile of/ });
  const button = (name: string): Locator => dialog.getByRole('button', { name, exact: true });
  const openAgain = async (model: string): Promise<void> => {
    await page.getByRole('button', { name: `More about ${model}` }).click();
    await page.getByRole('menuitem', { name: 'Bake an image…' }).click();
  };
  return {
    dialog,
    editor,
    button,
    openAgain,
    reference: dialog.getByRole('textbox', { name: 'Name of the image' }),
    bake: button('Bake'),
    steps: dialog.getByRole('region', { name: 'Steps' }).getByRole('listitem'),
    output: dialog.getByRole('log'),
    stop: button('Stop baking'),
    failure: dialog.getByRole('alert'),
    pushAs: dialog.getByRole('textbox', { name: 'Push it as' }),
    async open(model) {
      await frame(page).open('Models');
      await page.getByRole('main').getByRole('grid').getByRole('link', { name: model, exact: true }).click();
      await openAgain(model);
    },
    async write(text) {
      await editor.click();
      await page.keyboard.press('ControlOrMeta+A');
      await page.keyboard.insertText(text);
    },
  };
}
