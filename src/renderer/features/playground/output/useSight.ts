import { useEffect, useRef, useState, type RefObject } from 'react';

/** The part of a scrolled box that is in sight, in pixels. */
export interface Sight {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** More pixels than this no browser scrolls through. */
export const mostPixels = 30_000_000;

/** What of a box is in sight; of a million rows of one height nothing is measured but this. */
export function useSight(): { readonly ref: RefObject<HTMLDivElement | null>; readonly sight: Sight; readonly onScroll: () => void } {
  const ref = useRef<HTMLDivElement>(null);
  const [sight, setSight] = useState<Sight>({ left: 0, top: 0, width: 0, height: 0 });
  const look = (): void => {
    if (ref.current === null) return;
    const { scrollLeft, scrollTop, clientWidth, clientHeight } = ref.current;
    setSight({ left: scrollLeft, top: scrollTop, width: clientWidth, height: clientHeight });
  };
  useEffect(() => {
    const observer = new ResizeObserver(look);
    if (ref.current !== null) observer.observe(ref.current);
    return () => observer.disconnect();
  }, []);
  return { ref, sight, onScroll: look };
}

/** The indexes of what is in sight, and some beside. */
export function inSight(from: number, room: number, size: number, count: number, beside: number): readonly number[] {
  const first = Math.max(0, Math.floor(from / size) - beside);
  const last = Math.min(count, Math.ceil((from + room) / size) + beside);
  return Array.from({ length: Math.max(0, last - first) }, (_, index) => first + index);
}
