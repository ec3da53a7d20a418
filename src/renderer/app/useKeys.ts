import { spotlight } from '@mantine/spotlight';
import { useEffect } from 'react';
import { useLocation } from 'wouter';
import { useFolderPicker } from './FolderPicker.tsx';
import { places } from './Rail.tsx';
import { showTasks } from './tasksMenu.ts';

const inField = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

/** Moves the focus between bar, rail and page. */
function nextPart(): void {
  const parts = ['header', 'nav', 'main'].map((name) => document.querySelector<HTMLElement>(name)).filter((part) => part !== null);
  const at = parts.findIndex((part) => part.contains(document.activeElement));
  const next = parts[(at + 1) % parts.length];
  const target = next?.tagName === 'MAIN' ? next : next?.querySelector<HTMLElement>('a, button');
  target?.focus();
}

/** Puts the focus into the page's own search where it has one; else opens the palette. */
function lookFor(): void {
  const field = document.querySelector<HTMLInputElement>('main [data-page-search]');
  if (field === null) spotlight.open();
  else {
    field.focus();
    field.select();
  }
}

/** The window's keys. Letters never act while a field has the focus or a sheet is open. */
export function useKeys(): void {
  const [, go] = useLocation();
  const { pick } = useFolderPicker();
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === 'F6') {
        event.preventDefault();
        nextPart();
        return;
      }
      if (event.ctrlKey || event.metaKey || event.altKey || inField(event.target) || document.querySelector('[role=dialog]') !== null)
        return;
      const place = places[Number(event.key) - 1];
      if (event.key === '/') lookFor();
      else if (event.key === 'o' || event.key === 'O') pick();
      else if (event.key === ',') go('/settings');
      else if (event.key === 'T' && event.shiftKey) showTasks(true);
      else if (place !== undefined) go(place.path);
      else return;
      event.preventDefault();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [go, pick]);
}
