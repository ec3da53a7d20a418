import type { ReactNode } from 'react';

export interface FactListProps {
  /** What it is called, and what it is. */
  readonly rows: readonly (readonly [name: string, value: ReactNode])[];
  readonly className: string | undefined;
}

/** Names with their values. */
export function FactList({ rows, className }: FactListProps) {
  return (
    <dl className={className}>
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
