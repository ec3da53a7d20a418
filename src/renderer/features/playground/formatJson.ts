/** White space only: numbers stay as they were typed, since int64 and -0 would not survive a parse. */
export function formatJson(text: string): string {
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[[\]{},:]|[^\s[\]{},:"]+/g) ?? [];
  let depth = 0;
  let out = '';
  const line = (): string => `\n${'  '.repeat(depth)}`;
  tokens.forEach((token, index) => {
    const next = tokens[index + 1];
    if (token === '{' || token === '[') {
      const flat = token === '[' && next !== '[' && next !== '{';
      depth += 1;
      out += next === ']' || next === '}' || flat ? token : `${token}${line()}`;
    } else if (token === '}' || token === ']') {
      depth -= 1;
      const before = tokens[index - 1];
      out += before === '[' || before === '{' || (token === ']' && before !== ']' && before !== '}') ? token : `${line()}${token}`;
    } else if (token === ',') out += next === '[' || next === '{' || isKeyAt(tokens, index + 1) ? `,${line()}` : ', ';
    else out += token === ':' ? ': ' : token;
  });
  return out;
}

function isKeyAt(tokens: readonly string[], index: number): boolean {
  return tokens[index + 1] === ':';
}
