/** Strokes on a 16 px grid, 1.5 wide, in the text's colour. */
const paths = {
  models: 'M8 2 2.5 5 8 8l5.5-3zM2.5 8 8 11l5.5-3M2.5 11 8 14l5.5-3',
  servings: 'M2.5 3h11v4h-11zM2.5 9h11v4h-11zM5 5h.01M5 11h.01',
  playground: 'M2 4.5h6M2 8h4M2 11.5h6M9.5 5l4.5 3-4.5 3z',
  settings: 'M2 5h6M12 5h2M2 11h2M8 11h6M8 5a2 2 0 1 0 4 0 2 2 0 0 0-4 0M4 11a2 2 0 1 0 4 0 2 2 0 0 0-4 0',
  search: 'M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9M10.5 10.5 14 14',
  plus: 'M8 3v10M3 8h10',
  close: 'm4 4 8 8M12 4l-8 8',
  more: 'M3.5 8h.01M8 8h.01M12.5 8h.01',
  copy: 'M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3',
  check: 'm3 8.5 3.5 3.5L13 4.5',
  play: 'M4.5 3v10l8-5z',
  stop: 'M4 4h8v8H4z',
  refresh: 'M13 8a5 5 0 1 1-1.5-3.6M13 2v3h-3',
  error: 'M5.5 2h5L14 5.5v5L10.5 14h-5L2 10.5v-5zM8 5v3.5M8 11h.01',
  warning: 'M8 2 1.5 13.5h13zM8 6.5v3M8 11.5h.01',
  info: 'M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2M8 7.5V11M8 5h.01',
  down: 'm4 6 4 4 4-4',
  left: 'm10 4-4 4 4 4',
  right: 'm6 4 4 4-4 4',
  pin: 'M6 2h4M6.5 2v4L4 9h8L9.5 6V2M8 9v5',
  arrow: 'M2.5 8h11M9.5 4l4 4-4 4',
  filter: 'M2 4h12M4.5 8h7M7 12h2',
  folder: 'M2 4h4l1.5 2H14v7H2z',
  file: 'M4 2h5l3 3v9H4zM9 2v3h3',
  tasks: 'm2 4 1.2 1.2L5.5 3M2 9l1.2 1.2L5.5 8M8 4.5h6M8 9.5h6M8 13.5h6',
  moon: 'M13 9.5A5.5 5.5 0 0 1 6.5 3a5.5 5.5 0 1 0 6.5 6.5',
  sun: 'M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6M8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M3 13l1-1M12 4l1-1',
  language: 'M2 4h7M5.5 2.5V4M7.5 4c-.5 3-2.5 5-5 6M4 6.5c1 1.8 2.5 3 4 3.5M8 14l3-7 3 7M9 12h4',
} as const;

export type IconName = keyof typeof paths;

/** Decorative: the word or the name stands beside it. */
export function Icon({ name, size = 16 }: { readonly name: IconName; readonly size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth={1.5}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={paths[name]} />
    </svg>
  );
}

/** The mark: a hull coming down a ramp. */
export function Logo() {
  return (
    <svg width={20} height={20} viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      <path d="M6 5 18 9.5 15 13.5 5 10z" fill="currentColor" />
      <path d="M1.5 11v6.5h17z" fill="var(--sl-accent)" />
    </svg>
  );
}

/** The mark in outline, large: for the one place that has nothing else to show. */
export function LargeLogo() {
  return (
    <svg width={88} height={56} viewBox="0 0 88 56" aria-hidden="true" focusable="false">
      <path d="M4 28v24h80z" fill="var(--sl-accent)" />
      <path d="M12 12h20l6 6h36v8" fill="none" stroke="var(--sl-text)" strokeWidth={2.5} strokeLinejoin="round" />
      <path d="M12 12v14l50 13 12-13z" fill="var(--sl-surface)" stroke="var(--sl-text)" strokeWidth={2.5} strokeLinejoin="round" />
    </svg>
  );
}
