import type { Locator, Page } from '@playwright/test';

/** Drops files or folders of this machine onto the middle of the window, as a file manager would: real directory entries. */
export async function dropOnWindow(page: Page, ...paths: readonly string[]): Promise<void> {
  await using drag = await dragOverWindow(page, ...paths);
  await drag.drop();
}

/** Drops files of this machine onto one part of the page. */
export async function dropOn(target: Locator, ...paths: readonly string[]): Promise<void> {
  const box = await target.boundingBox();
  if (box === null) throw new Error('what is dropped on is not in sight');
  await using drag = await dragOver(target.page(), { x: box.x + box.width / 2, y: box.y + box.height / 2 }, paths);
  await drag.drop();
}

/** Holds what is dragged over the window; leaving the scope without a drop takes it away again. */
export function dragOverWindow(page: Page, ...paths: readonly string[]): Promise<AsyncDisposable & { drop(): Promise<void> }> {
  const { width, height } = page.viewportSize() ?? { width: 1280, height: 800 };
  return dragOver(page, { x: width / 2, y: height / 2 }, paths);
}

async function dragOver(
  page: Page,
  at: { readonly x: number; readonly y: number },
  paths: readonly string[],
): Promise<AsyncDisposable & { drop(): Promise<void> }> {
  const cdp = await page.context().newCDPSession(page);
  const data = { items: [], files: [...paths], dragOperationsMask: 1 };
  const send = (type: 'dragEnter' | 'dragOver' | 'drop' | 'dragCancel') =>
    cdp.send('Input.dispatchDragEvent', { type, x: Math.round(at.x), y: Math.round(at.y), data });
  await send('dragEnter');
  await send('dragOver');
  let over = false;
  return {
    async drop() {
      over = true;
      // A drop is taken only where the last look found a taker.
      await send('dragOver');
      await send('drop');
    },
    async [Symbol.asyncDispose]() {
      if (!over) await send('dragCancel');
      await cdp.detach();
    },
  };
}
