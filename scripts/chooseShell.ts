/** What a start finds. */
export interface StartFacts {
  /** `SLIPWAY_SHELL`, empty where it is not set. */
  readonly wanted: string;
  readonly hasDisplay: boolean;
  readonly isRoot: boolean;
  /** Path of the binary; undefined where it is not here and has not been tried to be had. */
  readonly electron: string | undefined;
}

/** `electron` of StartFacts once the download was tried in vain. */
export const cannotBeHad = 'cannot be had';

export type ShellChoice =
  | { readonly kind: 'desktop'; readonly binary: string }
  | { readonly kind: 'web'; readonly why: string }
  /** To be decided again with what the download brought. */
  | { readonly kind: 'download' }
  | { readonly kind: 'refused'; readonly why: string };

/** Which shell opens, and why it is not the desktop. What the person wants is done or refused, never replaced. */
export function chooseShell({ wanted, hasDisplay, isRoot, electron }: StartFacts): ShellChoice {
  if (wanted === 'web') return { kind: 'web', why: 'SLIPWAY_SHELL=web' };
  if (wanted !== '' && wanted !== 'desktop') return { kind: 'refused', why: `SLIPWAY_SHELL is ${wanted}; it can be web or desktop` };
  const without = (why: string): ShellChoice =>
    wanted === 'desktop' ? { kind: 'refused', why: `SLIPWAY_SHELL=desktop, but ${why}` } : { kind: 'web', why };
  if (!hasDisplay) return without('there is no display');
  if (isRoot) return without('the desktop shell does not run as root');
  if (electron === undefined) return { kind: 'download' };
  if (electron === cannotBeHad) return without('Electron is not here and cannot be downloaded');
  return { kind: 'desktop', binary: electron };
}
