import { ActionIcon, Button, SegmentedControl, TextInput } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { useEffect, useState, type ReactNode } from 'react';
import type { PredictAnswer } from '../../../../shared/contract/predict.ts';
import { useText } from '../../../app/i18n.tsx';
import { useClient } from '../../../app/store.ts';
import { useCall } from '../../../app/useCall.ts';
import { CopyButton } from '../../../ui/CopyButton.tsx';
import { ErrorNote } from '../../../ui/ErrorNote.tsx';
import { Icon } from '../../../ui/Icon.tsx';
import { saveFile } from '../../../ui/saveFile.ts';
import { useAnswerWords } from './answerWords.ts';
import { mostShownBytes, useFound, useWireText, type Found, type WireBody } from './useWireText.ts';
import { inSight, mostPixels, useSight } from './useSight.ts';
import styles from './output.module.css';

const sides = ['request', 'response'] as const;
type Side = (typeof sides)[number];

/** The width of a character of the body's type, in pixels. */
const charWidth = 7;
const rowHeight = 18;
/** A body of so few rows is in the page as a whole, so that it can be searched and read out. */
const mostWhole = 1_000;
const partBytes = 8_000_000;

/** Request and response exactly as they went over the wire: start line, headers, body. */
export function RawView({ answer }: { readonly answer: PredictAnswer }) {
  const { t } = useText();
  const words = useAnswerWords();
  const [side, setSide] = useState<Side>('response');
  const isGrpc = answer.grpcStatus !== null;
  const [form, setForm] = useState<'bytes' | 'json'>('bytes');
  const json = isGrpc && side === 'response' && form === 'json' ? answer.rawText : null;
  return (
    <>
      <code className={styles['url']}>
        {isGrpc ? '' : 'POST '}
        {answer.url}
      </code>
      <div className={styles['row']}>
        <SegmentedControl
          size="xs"
          aria-label={words('raw.side')}
          value={side}
          onChange={(value) => setSide(value === 'request' ? 'request' : 'response')}
          data={[
            { value: 'request', label: t('playground.request') },
            { value: 'response', label: t('playground.response') },
          ]}
        />
        <span className={styles['space']} />
        {isGrpc && side === 'response' ? (
          <SegmentedControl
            size="xs"
            aria-label={words('raw.form')}
            value={form}
            onChange={(value) => setForm(value === 'json' ? 'json' : 'bytes')}
            data={(['bytes', 'json'] as const).map((value) => ({ value, label: words(`raw.${value}`) }))}
          />
        ) : null}
      </div>
      <Body key={`${answer.exchange} ${side}`} answer={answer} side={side} json={json} />
    </>
  );
}

function Body({ answer, side, json }: { readonly answer: PredictAnswer; readonly side: Side; readonly json: string | null }) {
  const { t, number } = useText();
  const words = useAnswerWords();
  const client = useClient();
  const saving = useCall();
  const { ref, width } = useElementSize();
  const [wanted, setWanted] = useState('');
  const [current, setCurrent] = useState(0);
  const columns = Math.max(0, Math.floor((width - 24) / charWidth));
  const wire = useWireText(answer.exchange, side, columns, json);
  const body = wire.kind === 'here' ? wire.body : null;
  const found = useFound(body, wanted);
  useEffect(() => setCurrent(0), [found]);
  const count = found.places.length;
  const step = (by: number): void => setCurrent(count === 0 ? 0 : (current + by + count) % count);
  const readAll = async (): Promise<Blob> => {
    const parts: Blob[] = [];
    for (let offset = 0; ; offset += partBytes) {
      const { data, totalBytes } = await client.playground.raw({ exchange: answer.exchange, side, offset, length: partBytes });
      parts.push(data);
      if (offset + partBytes >= totalBytes) return new Blob(parts);
    }
  };
  const title = t(`playground.${side}`);
  const told = ({ totalBytes, readBytes, text }: WireBody): string => {
    if (json === null && totalBytes === 0) return words('raw.empty');
    if (json === null && readBytes < Math.min(totalBytes, mostShownBytes))
      return words('raw.reading', { read: number.bytes(readBytes), all: number.bytes(totalBytes) });
    return words('raw.lines', { size: number.bytes(json === null ? totalBytes : readBytes), rows: number.count(text.rowCount) });
  };
  return (
    <section className={styles['raw']} ref={ref}>
      {body === null ? null : (
        <div className={styles['headers']} role="region" aria-label={words('raw.headers')} tabIndex={0}>
          <b>{body.start}</b>
          {body.headers.map(([name, value], at) => (
            <div key={at}>
              <span className={styles['dim']}>{name}:</span> {value}
            </div>
          ))}
        </div>
      )}
      <div className={styles['rawTools']}>
        <TextInput
          size="xs"
          className={styles['find'] ?? ''}
          leftSection={<Icon name="search" size={14} />}
          aria-label={words('raw.find', { side: words(`raw.${side}`) })}
          placeholder={words('raw.find', { side: words(`raw.${side}`) })}
          value={wanted}
          onChange={(event) => setWanted(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter') step(event.shiftKey ? -1 : 1);
            if (event.key === 'Escape') setWanted('');
          }}
        />
        <span className={styles['caption']} role="status">
          {wanted === ''
            ? ''
            : count === 0
              ? words('raw.notFound')
              : words('raw.found', { at: number.count(current + 1), count: number.count(count) })}
        </span>
        <ActionIcon size={26} aria-label={words('raw.previous')} disabled={count === 0} onClick={() => step(-1)}>
          <span className={styles['up']}>
            <Icon name="down" size={14} />
          </span>
        </ActionIcon>
        <ActionIcon size={26} aria-label={words('raw.next')} disabled={count === 0} onClick={() => step(1)}>
          <Icon name="down" size={14} />
        </ActionIcon>
        <span className={styles['space']} />
        <Button
          size="xs"
          variant="subtle"
          onClick={() => void saving.run(async () => saveFile(`${side}.${isBinary(body) ? 'bin' : 'json'}`, await readAll()))}
        >
          {words('raw.save')}
        </Button>
        {body === null || isBinary(body) ? null : (
          <CopyButton
            value={() => body.text.whole()}
            label={t(side === 'request' ? 'playground.copyRequest' : 'playground.copyResponse')}
          />
        )}
      </div>
      <ErrorNote problem={saving.problem} />
      {wire.kind === 'failed' ? <ErrorNote problem={wire.problem} /> : null}
      {wire.kind === 'waiting' ? <p className={styles['waiting']}>{words('reading')}</p> : null}
      {body === null ? null : <Rows title={title} body={body} found={found} current={current} />}
      {body === null ? null : (
        <p className={styles['caption']}>
          {told(body)}
          {json === null && body.totalBytes > mostShownBytes ? ` ${words('raw.cut', { shown: number.bytes(mostShownBytes) })}` : ''}
        </p>
      )}
    </section>
  );
}

const isBinary = (body: WireBody | null): boolean =>
  body?.headers.some(([name, value]) => name.toLowerCase() === 'content-type' && value.includes('grpc')) === true;

interface RowsProps {
  readonly title: string;
  readonly body: WireBody;
  readonly found: Found;
  readonly current: number;
}

function Rows({ title, body: { text }, found, current }: RowsProps) {
  const { ref, sight, onScroll } = useSight();
  const rowCount = Math.min(text.rowCount, mostPixels / rowHeight);
  const at = found.places[current];
  useEffect(() => {
    const box = ref.current;
    if (at !== undefined && box !== null) box.scrollTop = text.rowOf(at) * rowHeight - box.clientHeight / 2;
  }, [at, text, ref]);
  const whole = rowCount <= mostWhole;
  return (
    <div
      ref={ref}
      className={styles['rows']}
      style={{ height: Math.min(480, rowCount * rowHeight + 18) }}
      tabIndex={0}
      role="region"
      aria-label={title}
      onScroll={onScroll}
    >
      <div style={{ height: rowCount * rowHeight }}>
        {inSight(sight.top, sight.height, rowHeight, rowCount, whole ? mostWhole : 20).map((index) => {
          const row = text.rowAt(index);
          return (
            <div key={index} style={{ top: index * rowHeight }}>
              {marked(row.text, row.start, found, at)}
            </div>
          );
        })}
      </div>
    </div>
  );
}

/** A row with what was found in it marked, also the rest of what began in the row before. */
function marked(text: string, start: number, { places, length }: Found, current: number | undefined): ReactNode {
  if (places.length === 0) return text;
  let [low, high] = [0, places.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((places[middle] as number) + length <= start) low = middle + 1;
    else high = middle;
  }
  const parts: ReactNode[] = [];
  let done = 0;
  for (; low < places.length && (places[low] as number) < start + text.length; low += 1) {
    const place = places[low] as number;
    const [from, to] = [Math.max(done, place - start), Math.min(text.length, place - start + length)];
    if (to <= from) continue;
    parts.push(text.slice(done, from));
    parts.push(
      <mark key={place} data-current={place === current || undefined}>
        {text.slice(from, to)}
      </mark>,
    );
    done = to;
  }
  parts.push(text.slice(done));
  return parts;
}
