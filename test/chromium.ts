import { existsSync } from 'node:fs';

/** How Chromium is started on this machine: the installed one (`SLIPWAY_CHROMIUM` names another) where there is one, else Playwright's own. */
export function chromiumOptions(): { readonly executablePath?: string; readonly args: string[] } {
  const path = [process.env['SLIPWAY_CHROMIUM'] ?? '', '/usr/bin/chromium', '/usr/bin/google-chrome'].find(
    (one) => one !== '' && existsSync(one),
  );
  return {
    ...(path === undefined ? {} : { executablePath: path }),
    // Root cannot use Chromium's sandbox, and a container's /dev/shm is small.
    args: [...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), '--disable-dev-shm-usage'],
  };
}
