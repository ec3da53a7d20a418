import type { TextFile } from '../../shared/contract/library.ts';

/** Saves a text as the shell saves a download. */
export function saveFile({ name, type, text }: TextFile): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The download has begun by the next turn; the text may go then.
  setTimeout(() => URL.revokeObjectURL(url), 1_000);
}
