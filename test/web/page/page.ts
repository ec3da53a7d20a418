import { connect } from '../../../src/renderer/app/connection.web.ts';
import { AppError } from '../../../src/shared/contract/errors.ts';

/** Writes what happens as lines of the document, for the test to read. */
function say(line: string): void {
  const paragraph = document.createElement('p');
  paragraph.textContent = line;
  document.body.append(paragraph);
}

const words = (error: unknown): string => (error instanceof AppError ? error.code : String(error));
const connection = connect();
say(`now ${connection.status}`);
connection.subscribe((status) => say(`status ${status}`));
let stop = new AbortController();
let stopAtOnce = false;
document.addEventListener('stop-at-once', () => (stopAtOnce = true));
document.addEventListener('stop', () => stop.abort());
document.addEventListener('call', () => {
  connection
    .client()
    .tasks.cancel({ id: 'x' })
    .then(
      () => say('called'),
      (error: unknown) => say(`called ${words(error)}`),
    );
});
document.addEventListener('dragover', (event) => event.preventDefault());
document.addEventListener('drop', (event) => {
  event.preventDefault();
  if (event.dataTransfer === null) return;
  stop = new AbortController();
  let told = '';
  const tickets = connection.importDropped(event.dataTransfer, {
    signal: stop.signal,
    onProgress(sent, total) {
      if (told === '') say(`sending ${sent} of ${total}`);
      if (told.startsWith('0 ') && sent > 0) say('first bytes are out');
      told = `${sent} of ${total}`;
      // The request that announces it goes out with this turn of the loop.
      if (stopAtOnce) setTimeout(() => stop.abort());
    },
  });
  void Promise.allSettled(tickets).then((results) => {
    for (const result of results) say(result.status === 'fulfilled' ? result.value : `failed ${words(result.reason)}`);
    say(`sent ${told}`);
  });
});
