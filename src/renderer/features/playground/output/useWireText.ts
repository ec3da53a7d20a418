import { useEffect, useRef, useState } from 'react';
import type { ErrorReport } from '../../../../shared/contract/errors.ts';
import { reportOf, useClient } from '../../../app/store.ts';
import { partBytes } from './readWhole.ts';
import { createWireHex, createWireText, pieceBytes, type WireText } from './wireText.ts';

/** More is not drawn: it can be saved. */
export const mostShownBytes = 100_000_000;

export interface WireBody {
  readonly start: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly totalBytes: number;
  readonly readBytes: number;
  readonly text: WireText;
  /** Grows with each part that was read. */
  readonly round: number;
}

export type WireState =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'failed'; readonly problem: ErrorReport }
  | { readonly kind: 'here'; readonly body: WireBody };

/** The window takes what a person does, and draws, before the next piece. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.addEventListener('message', () => {
      port1.close();
      resolve();
    });
    port1.start();
    port2.postMessage(null);
  });
}

/** Whether bytes can be shown as text: what a first part says. A character may be cut at its end. */
function isText(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, 4_096), { stream: true });
  } catch {
    return false;
  }
  return !bytes.subarray(0, 4_096).includes(0);
}

/** One side of an exchange as it went over the wire, read and laid out in parts; what is there can be looked at meanwhile. */
export function useWireText(exchange: string, side: 'request' | 'response', columns: number, json: string | null): WireState {
  const client = useClient();
  const of = `${exchange} ${side} ${columns} ${json === null ? '' : 'json'}`;
  const [state, setState] = useState<{ readonly of: string; readonly state: WireState } | null>(null);
  useEffect(() => {
    if (columns < 1) return undefined;
    const end = new AbortController();
    const { signal } = end;
    const read = async (): Promise<void> => {
      let [text, read, round]: [WireText | null, number, number] = [null, 0, 0];
      for (;;) {
        const { start, headers, totalBytes, data } = await client.playground.raw(
          { exchange, side, offset: read, length: partBytes },
          { signal },
        );
        const bytes = json === null ? new Uint8Array(await data.arrayBuffer()) : new TextEncoder().encode(json);
        text ??= json !== null || isText(bytes) ? createWireText(columns) : createWireHex();
        const last = json !== null || read + bytes.length >= Math.min(totalBytes, mostShownBytes) || bytes.length === 0;
        for (let at = 0; at < Math.max(1, bytes.length); at += pieceBytes) {
          text.push(bytes.subarray(at, at + pieceBytes), last && at + pieceBytes >= bytes.length);
          await turn();
          if (signal.aborted) return;
        }
        read += bytes.length;
        round += 1;
        setState({ of, state: { kind: 'here', body: { start, headers, totalBytes, readBytes: read, text, round } } });
        if (last) return;
      }
    };
    read().catch((error: unknown) => {
      if (!signal.aborted) setState({ of, state: { kind: 'failed', problem: reportOf(error) } });
    });
    return () => end.abort();
  }, [client, exchange, side, columns, of, json]);
  return state?.of === of ? state.state : { kind: 'waiting' };
}

export interface Found {
  /** Places of all matches, by their order. */
  readonly places: readonly number[];
  readonly length: number;
}

const nothing: Found = { places: [], length: 0 };

interface Search {
  readonly text: WireText;
  readonly wanted: string;
  readonly places: number[];
  /** Pieces that were looked through. */
  pieces: number;
}

/** Finds a text, whatever its case, piece by piece; what is read later is looked through when it is there. */
export function useFound(body: WireBody | null, wanted: string): Found {
  const [found, setFound] = useState<Found>(nothing);
  const search = useRef<Search | null>(null);
  const text = body?.text ?? null;
  const round = body?.round ?? 0;
  useEffect(() => {
    if (text === null || wanted === '') {
      search.current = null;
      setFound(nothing);
      return undefined;
    }
    if (search.current?.text !== text || search.current.wanted !== wanted) search.current = { text, wanted, places: [], pieces: 0 };
    const own = search.current;
    const end = new AbortController();
    const look = async (): Promise<void> => {
      const pattern = new RegExp(wanted.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'), 'gi');
      const before = own.places.length;
      for (; own.pieces < text.pieceCount; own.pieces += 1) {
        for (const place of text.find(pattern, wanted.length, own.pieces)) if (place > (own.places.at(-1) ?? -1)) own.places.push(place);
        await turn();
        if (end.signal.aborted) return;
      }
      if (before === 0 || own.places.length > before) setFound({ places: [...own.places], length: wanted.length });
    };
    void look();
    return () => end.abort();
  }, [text, round, wanted]);
  return found;
}
