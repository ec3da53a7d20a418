/** How grave a line is, in TensorFlow's letters. */
export type LogLevel = 'I' | 'W' | 'E';

/** Writes one line of the server's log. */
export type WriteLog = (level: LogLevel, message: string) => void;

/** A log whose lines have TensorFlow's shape, with the words that people and tools look for in TensorFlow Serving's own. */
export function createLog(write: (line: string) => void): WriteLog {
  return (level, message) => {
    const now = performance.timeOrigin + performance.now();
    const moment = new Date(now).toISOString();
    const micros = String(Math.floor((now * 1000) % 1000)).padStart(3, '0');
    write(`${moment.slice(0, 10)} ${moment.slice(11, 23)}${micros}: ${level} slipway/modelserver] ${message}\n`);
  };
}
