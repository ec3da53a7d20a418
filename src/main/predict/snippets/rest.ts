import type { Snippet } from '../../../shared/contract/snippets.ts';
import { isInline, requestFile, type Asked } from './asked.ts';
import { pythonText, quoted, shellQuoted, templateText } from './literal.ts';

/** Programs that ask over REST. Each sends the body as it was typed, so that no client's JSON changes a value. */

const reads = (asked: Asked): readonly string[] => (isInline(asked) ? [] : [requestFile]);

/** What an answer without names is called. */
const onlyOutput = ({ signature }: Asked): string => Object.keys(signature.outputs)[0] ?? 'predictions';

export function curl(asked: Asked): Snippet {
  const data = isInline(asked) ? shellQuoted(asked.body) : `@${requestFile}`;
  return {
    kind: 'curl',
    file: 'predict.sh',
    reads: reads(asked),
    run: 'sh predict.sh',
    text: `curl --silent --show-error --write-out '\\nstatus %{http_code}\\n' \\
  --header 'Content-Type: application/json' \\
  --data-binary ${data} \\
  ${shellQuoted(asked.url)}
`,
  };
}

export function python(asked: Asked): Snippet {
  const body = isInline(asked) ? `${pythonText(asked.body)}.encode()` : `open(${quoted(requestFile)}, "rb").read()`;
  return {
    kind: 'python',
    file: 'predict.py',
    reads: reads(asked),
    run: 'pip install requests numpy && python predict.py',
    text: `import numpy as np
import requests

url = ${quoted(asked.url)}
body = ${body}

response = requests.post(url, data=body, headers={"Content-Type": "application/json"}, timeout=30)
print("status:", response.status_code)
response.raise_for_status()

answer = response.json()
# Rows are answered as "predictions" ("results" of classify and regress), columns as "outputs".
values = next(answer[key] for key in ("predictions", "outputs", "results") if key in answer)
if isinstance(values, list) and values and isinstance(values[0], dict):
    values = {name: [row[name] for row in values] for name in values[0]}
for name, value in (values if isinstance(values, dict) else {${quoted(onlyOutput(asked))}: values}).items():
    array = np.array(value)
    print(name, "shape:", array.shape, "first five values:", array.ravel()[:5])
`,
  };
}

/** Finds shape and first values of nested lists, in JavaScript. */
const jsTell = `function tell(name, value) {
  const shape = [];
  for (let rest = value; Array.isArray(rest); rest = rest[0]) shape.push(rest.length);
  console.log(name, 'shape:', shape, 'first five values:', [value].flat(Infinity).slice(0, 5));
}
`;

export function javascript(asked: Asked): Snippet {
  const inline = isInline(asked);
  return {
    kind: 'javascript',
    file: 'predict.mjs',
    reads: reads(asked),
    run: 'node predict.mjs',
    text: `${inline ? '' : `import { readFile } from 'node:fs/promises';\n\n`}const url = ${quoted(asked.url)};
const body = ${inline ? templateText(asked.body) : `await readFile(${quoted(requestFile)})`};

const response = await fetch(url, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body });
console.log('status:', response.status);
const text = await response.text();
if (!response.ok) throw new Error(text);

${jsTell}
// TensorFlow Serving writes NaN and Infinity, which JSON does not have: here they become text.
const answer = JSON.parse(text.replace(/(?<=[\\[:,\\s])(NaN|-?Infinity)(?=[\\],}\\s])/g, '"$1"'));
// Rows are answered as "predictions" ("results" of classify and regress), columns as "outputs".
const values = answer.predictions ?? answer.outputs ?? answer.results;
const isRowOfNamed = Array.isArray(values) && typeof values[0] === 'object' && !Array.isArray(values[0]);
const named = isRowOfNamed
  ? Object.fromEntries(Object.keys(values[0]).map((name) => [name, values.map((row) => row[name])]))
  : typeof values === 'object' && !Array.isArray(values)
    ? values
    : { [${quoted(onlyOutput(asked))}]: values };
for (const [name, value] of Object.entries(named)) tell(name, value);
`,
  };
}

export function go(asked: Asked): Snippet {
  const inline = isInline(asked);
  return {
    kind: 'go',
    file: 'predict.go',
    reads: reads(asked),
    run: 'go run predict.go',
    text: `package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
)

func main() {
	url := ${quoted(asked.url)}
${inline ? `\tbody := []byte(${quoted(asked.body)})` : `\tbody, err := os.ReadFile(${quoted(requestFile)})\n\tcheck(err)`}

	response, err := http.Post(url, "application/json", bytes.NewReader(body))
	check(err)
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	check(err)

	fmt.Println("status:", response.StatusCode)
	fmt.Println(string(answer[:min(len(answer), 2000)]))
	if response.StatusCode != http.StatusOK {
		os.Exit(1)
	}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
`,
  };
}

export function java(asked: Asked): Snippet {
  const publisher = isInline(asked)
    ? `BodyPublishers.ofString(${quoted(asked.body)})`
    : `BodyPublishers.ofFile(Path.of(${quoted(requestFile)}))`;
  return {
    kind: 'java',
    file: 'Predict.java',
    reads: reads(asked),
    run: 'java Predict.java',
    text: `import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
${isInline(asked) ? '' : 'import java.nio.file.Path;\n'}
public class Predict {
    public static void main(String[] args) throws Exception {
        var request = HttpRequest.newBuilder(URI.create(${quoted(asked.url)}))
            .header("Content-Type", "application/json")
            .POST(${publisher})
            .build();
        var response = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build().send(request, BodyHandlers.ofString());
        System.out.println("status: " + response.statusCode());
        var answer = response.body();
        System.out.println(answer.substring(0, Math.min(answer.length(), 2000)));
        if (response.statusCode() != 200) System.exit(1);
    }
}
`,
  };
}

export function csharp(asked: Asked): Snippet {
  const content = isInline(asked)
    ? `new StringContent(${quoted(asked.body)}, Encoding.UTF8, "application/json")`
    : `new StreamContent(File.OpenRead(${quoted(requestFile)})) { Headers = { { "Content-Type", "application/json" } } }`;
  return {
    kind: 'csharp',
    file: 'Program.cs',
    reads: reads(asked),
    run: 'dotnet new console --output predict && cp Program.cs predict/ && dotnet run --project predict',
    text: `using System.Text;

using var client = new HttpClient();
using var content = ${content};
using var response = await client.PostAsync(${quoted(asked.url)}, content);
var answer = await response.Content.ReadAsStringAsync();
Console.WriteLine($"status: {(int)response.StatusCode}");
Console.WriteLine(answer[..Math.Min(answer.Length, 2000)]);
return response.IsSuccessStatusCode ? 0 : 1;
`,
  };
}
