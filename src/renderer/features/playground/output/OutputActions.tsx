import { ActionIcon, Button, Menu } from '@mantine/core';
import { useRef, useState } from 'react';
import type { SavedFile, SaveFormat } from '../../../../shared/contract/playground.ts';
import type { TensorSummary } from '../../../../shared/contract/predict.ts';
import { useClient } from '../../../app/store.ts';
import { useCall } from '../../../app/useCall.ts';
import { ErrorNote } from '../../../ui/ErrorNote.tsx';
import { Icon } from '../../../ui/Icon.tsx';
import { saveFile } from '../../../ui/saveFile.ts';
import { useAnswerWords } from './answerWords.ts';
import styles from './output.module.css';

export interface OutputActionsProps {
  readonly exchange: string;
  readonly summary: TensorSummary;
  readonly onSteps: () => void;
}

const toldMs = 1_500;

/** Whether main makes a picture of it: [height, width] or with 1, 3 or 4 channels, batches of one left out. */
function isPicture({ shape, dtype }: TensorSummary): boolean {
  let rest = shape;
  while (rest.length > 2 && rest[0] === 1) rest = rest.slice(1);
  return dtype !== 'DT_STRING' && (rest.length === 2 || (rest.length === 3 && [1, 3, 4].includes(rest.at(-1) ?? 0)));
}

/** The picture that an output is shown as, where it is one; what lies upon another is drawn upon it. */
function shownPicture(section: Element | null | undefined): Promise<Blob> | null {
  const canvases = [...(section?.querySelectorAll('canvas') ?? [])];
  const [largest] = canvases.toSorted((a, b) => b.width - a.width);
  if (largest === undefined) return null;
  const drawn = new OffscreenCanvas(largest.width, largest.height);
  const context = drawn.getContext('2d');
  for (const canvas of canvases) {
    if (context !== null) context.globalAlpha = Number(canvas.style.opacity || 1);
    context?.drawImage(canvas, 0, 0, drawn.width, drawn.height);
  }
  return drawn.convertToBlob({ type: 'image/png' });
}

/** Takes one output away: copied, or as a file; and what is done to it before it is shown. */
export function OutputActions({ exchange, summary, onSteps }: OutputActionsProps) {
  const words = useAnswerWords();
  const client = useClient();
  const call = useCall();
  const row = useRef<HTMLDivElement>(null);
  const [told, setTold] = useState(false);
  const { name } = summary;
  const fetchFile = (format: SaveFormat): Promise<SavedFile> => client.playground.save({ exchange, name, format });
  const save = (format: SaveFormat): void =>
    void call.run(async () => {
      const file = await fetchFile(format);
      saveFile(file.name, file.data);
    });
  const copy = (): void =>
    void call.run(async () => {
      await navigator.clipboard.writeText(await (await fetchFile('json')).data.text());
      setTold(true);
      setTimeout(() => setTold(false), toldMs);
    });
  const saveShown = (): void =>
    void call.run(async () => {
      const picture = await shownPicture(row.current?.closest('section'));
      if (picture !== null) saveFile(`${name.replaceAll(/[^A-Za-z0-9_.-]+/g, '_')}.png`, picture);
    });
  const saveAll = (side: 'inputs' | 'outputs'): void =>
    void call.run(async () => {
      const file = await client.playground.saveAll({ exchange, side });
      saveFile(file.name, file.data);
    });
  return (
    <div ref={row}>
      <div className={styles['actions']}>
        <Button size="xs" leftSection={<Icon name={told ? 'check' : 'copy'} size={14} />} onClick={copy}>
          {told ? words('copied') : words('copy')}
        </Button>
        <Button size="xs" onClick={() => save('npy')}>
          {words('saveNpy')}
        </Button>
        <Menu position="bottom-start">
          <Menu.Target>
            <ActionIcon size={26} variant="default" aria-label={words('saveOther', { name })}>
              <Icon name="more" size={14} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item onClick={() => save('json')}>{words('save.json')}</Menu.Item>
            <Menu.Item onClick={() => save('csv')}>{words('save.csv')}</Menu.Item>
            {isPicture(summary) ? <Menu.Item onClick={() => save('png')}>{words('save.png')}</Menu.Item> : null}
            <Menu.Item onClick={saveShown}>{words('save.shown')}</Menu.Item>
            <Menu.Divider />
            <Menu.Item onClick={() => saveAll('outputs')}>{words('save.npz')}</Menu.Item>
            <Menu.Item onClick={() => saveAll('inputs')}>{words('save.npz.inputs')}</Menu.Item>
          </Menu.Dropdown>
        </Menu>
        <Button size="xs" variant="subtle" onClick={onSteps}>
          {words('steps.change')}
        </Button>
        <span className="sl-hidden" role="status">
          {told ? words('copied') : ''}
        </span>
      </div>
      <ErrorNote problem={call.problem} />
    </div>
  );
}
