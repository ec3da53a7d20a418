import { Button } from '@mantine/core';
import { lazy, Suspense, useEffect, useState } from 'react';
import { again } from '../../../app/again.ts';
import { useText } from '../../../app/i18n.tsx';
import { takeDrop } from '../../../app/takenDrops.ts';
import type { Choices } from '../choices.ts';
import type { SendOptions } from '../sendOptions.ts';
import type { AskedSignature } from '../usePlayground.ts';

const RowsDialog = lazy(async () => ({ default: (await again(() => import('./RowsDialog.tsx'))).RowsDialog }));

/** Whether a file is one of rows, by its name. */
const isRowsFile = (name: string): boolean => /\.(?:csv|tsv|jsonl|ndjson)$/i.test(name);

export interface ManyRowsProps {
  readonly choices: Choices;
  readonly asked: AskedSignature | null;
  /** How one request is sent. */
  readonly options: SendOptions;
  /** Takes the first rows as one request's JSON. */
  readonly onBody: (body: string) => void;
}

/** Opens a file of many rows: by its button, or by a drop anywhere in the playground. */
export function ManyRows(props: ManyRowsProps) {
  const { t } = useText();
  const [opened, setOpened] = useState(false);
  const [dropped, setDropped] = useState<File | null>(null);

  useEffect(() => {
    const drop = (event: DragEvent): void => {
      const files = [...(event.dataTransfer?.files ?? [])];
      const [file] = files;
      if (file === undefined || files.length !== 1 || !isRowsFile(file.name)) return;
      takeDrop(event);
      setDropped(file);
      setOpened(true);
    };
    // Before an editor takes its text, or the window takes it for a model.
    document.addEventListener('drop', drop, { capture: true });
    return () => document.removeEventListener('drop', drop, { capture: true });
  }, []);

  return (
    <>
      <Button onClick={() => setOpened(true)} aria-haspopup="dialog">
        {t('rows.open')}
      </Button>
      {opened ? (
        <Suspense>
          <RowsDialog
            {...props}
            file={dropped}
            onTaken={() => setDropped(null)}
            onClose={() => {
              setOpened(false);
              setDropped(null);
            }}
          />
        </Suspense>
      ) : null}
    </>
  );
}
