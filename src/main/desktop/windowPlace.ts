import type { Rectangle } from 'electron';
import { z } from 'zod';

const whole = z.number().int();

/** Where and how large the window was, in the system's points, and whether it filled the screen. */
const keptPlace = z.object({
  bounds: z.object({ x: whole, y: whole, width: whole.min(1), height: whole.min(1) }),
  maximized: z.boolean(),
});
export type WindowPlace = z.infer<typeof keptPlace>;

/** Points of the window's upper edge that must lie on a screen, so that it can be taken hold of. */
const graspable = 100;

/** The place to open at: the kept one as far as today's screens have it, else the usual size where the system likes. */
export function windowPlace(
  kept: unknown,
  screens: readonly Rectangle[],
): { readonly bounds: Partial<Rectangle>; readonly maximized: boolean } {
  const parsed = keptPlace.safeParse(kept);
  if (!parsed.success) return { bounds: {}, maximized: false };
  const { bounds, maximized } = parsed.data;
  const screen = screens.find(
    ({ x, y, width, height }) =>
      Math.min(bounds.x + bounds.width, x + width) - Math.max(bounds.x, x) >= graspable &&
      bounds.y >= y &&
      bounds.y < y + height - graspable,
  );
  return { bounds: screen === undefined ? { width: bounds.width, height: bounds.height } : bounds, maximized };
}
