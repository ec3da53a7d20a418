/** Pauses between tries, in ms. */
const pauses = [50, 250, 1_000];

/** Stylesheets that did not arrive are asked for again, each by a new element. */
async function loadStylesAgain(): Promise<void> {
  const lost = [...document.querySelectorAll<HTMLLinkElement>('link[rel=stylesheet]')].filter(({ sheet }) => sheet === null);
  await Promise.all(
    lost.map((link) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const next = link.cloneNode() as HTMLLinkElement;
      next.addEventListener('load', () => resolve());
      next.addEventListener('error', () => resolve());
      link.replaceWith(next);
      return promise;
    }),
  );
}

/**
 * A part of the window that is loaded when it is wanted. A browser ends all loads that are under way where the machine's network
 * changes, and each container that starts changes it: what did not arrive is asked for again, some times.
 */
export async function again<Part>(load: () => Promise<Part>): Promise<Part> {
  for (const pause of pauses) {
    try {
      return await load();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, pause));
      await loadStylesAgain();
    }
  }
  return load();
}
