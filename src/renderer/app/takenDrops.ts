const taken = new WeakSet<Event>();

/** A part of the page takes what is dropped: the window imports nothing of it. */
export function takeDrop(event: DragEvent): void {
  event.preventDefault();
  taken.add(event);
}

export const isTaken = (event: DragEvent): boolean => taken.has(event);
