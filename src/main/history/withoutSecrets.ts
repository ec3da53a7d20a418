/** Names of headers that carry secrets, by the words that such names are made of. */
const secretName = /auth|cookie|token|secret|passw|credential|session|signature|api-?key|access-?key|private|bearer|jwt|^x-amz-security/i;
/** Schemes of RFC 9110 §11, a JSON Web Token, and long runs without a blank, which a key is rather than a word. */
const secretValue = /^(?:basic|bearer|digest|negotiate|aws4-hmac-sha256)\s|\beyJ[\w-]+\.[\w-]+\.|^(?=[^\s]*\d)[\w+/=.~-]{32,}$/i;

/** The headers that may be kept, and the names of the others. */
export function withoutSecrets(headers: Readonly<Record<string, string>>): {
  readonly headers: Readonly<Record<string, string>>;
  readonly withheld: readonly string[];
} {
  const isSecret = ([name, value]: readonly [string, string]): boolean => secretName.test(name) || secretValue.test(value);
  const all = Object.entries(headers);
  return { headers: Object.fromEntries(all.filter((one) => !isSecret(one))), withheld: all.filter(isSecret).map(([name]) => name) };
}
