import type { Page } from '@playwright/test';

/** Drops files or folders of this machine onto the middle of the window, as a file manager would: real directory entries. */
export async function dropOnWindow(page: Page, ...paths: readonly string[]): Promise<void> {
  await using drag = await dragOverWindow(page, ...paths);
  await drag.drop();
}

/** Holds what is dragged over the window; leaving the scope without a drop takes it away again. */
export async function dragOverWindow(page: Page, ...paths: readonly string[]): Promise<AsyncDisposable & { drop(): Promise<void> }> {
  const cdp = await page.context().newCDPSession(page);
  const { width, height } = page.viewportSize() ?? { width: 1280, height: 800 };
  const data = { items: [], files: [...paths], dragOperationsMask: 1 };
  const send = (type: 'dragEnter' | 'dragOver' | 'drop' | 'dragCancel') =>
    cdp.send('Input.dispatchDragEvent', { type, x: Math.round(width / 2), y: Math.round(height / 2), data });
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
