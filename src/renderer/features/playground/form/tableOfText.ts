/** Text of a spreadsheet: tabs between columns, or commas where there is no tab; lists of JSON too. */
export function tableOfText(text: string): readonly (readonly string[])[] {
  const lines = text
    .replace(/[[\]]/g, '')
    .replace(/\r?\n$/, '')
    .split(/\r?\n/);
  const separator = lines.some((line) => line.includes('\t')) ? '\t' : /[,;]/;
  return lines.map((line) =>
    line
      .replace(/,\s*$/, '')
      .split(separator)
      .map((cell) => cell.trim()),
  );
}
