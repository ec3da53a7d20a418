import type { LogLine } from '../../shared/contract/serving.ts';
import type { RawLogLine } from '../docker/dockerEngine.ts';

/**
 * One line of TensorFlow Serving's output. Three shapes are told apart: TensorFlow's own
 * (`2026-01-31 10:00:00.123456: I path/file.cc:80] message`), absl's (`I0131 10:00:00.123456  77 file.cc:80] message`, also with
 * seconds since 1970 after `00:00:`), and everything else, which is a message as it stands.
 */
const tensorflowShape = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+: ([IWEF]) [^\]]*\] ?(.*)$/s;
const abslShape = /^([IWEF])\d{4} \d\d:\d\d:[\d.]+\s+\d+ [^\]]*\] ?(.*)$/s;
const bracketShape = /^\[[\w./]+ : \d+\] (.*)$/s;

const levels = { I: 'info', W: 'warning', E: 'error', F: 'error' } as const;

/** The line without the server's prefix; the time is the engine's, cut to milliseconds. */
export function parseServerLine({ time, stream, text }: RawLogLine): LogLine {
  const shaped = tensorflowShape.exec(text) ?? abslShape.exec(text);
  const moment = new Date(time);
  const base = { time: Number.isNaN(moment.getTime()) ? time : moment.toISOString(), stream, raw: text };
  if (shaped !== null) return { ...base, message: (shaped[2] ?? '').trim(), level: levels[(shaped[1] ?? 'I') as keyof typeof levels] };
  const message = (bracketShape.exec(text)?.[1] ?? text).trim();
  return {
    ...base,
    message,
    level: /^(Failed to start|terminate called|Illegal instruction)|exec format error/.test(message) ? 'error' : 'info',
  };
}
