// Files of a user that would do something if they could: markup, scripts, pictures that are programs. And some that are harmless.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32, deflateSync } from "node:zlib";

/** A picture of one colour. */
function png(width, height, [red, green, blue]) {
  const chunk = (kind, data) => {
    const body = Buffer.concat([Buffer.from(kind), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const line = Buffer.concat([Buffer.from([0]), Buffer.alloc(width * 3, Buffer.from([red, green, blue]))]);
  return Buffer.concat([Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]), chunk("IHDR", head), chunk("IDAT", deflateSync(Buffer.concat(Array(height).fill(line)))), chunk("IEND", Buffer.alloc(0))]);
}

const HOSTILE = `# Notes for the *fitters*

Mind the **garboard**, see [the plan](plan.txt), [the yard](https://example.org/yard) and <https://example.org/x>.
Also \`code\`, ~~gone~~, a_b_c and 2 * 3 * 4.

- [x] keel laid
- [ ] deck
  1. oak
  2. larch

| Part | Width | State |
| :--- | ---: | :---: |
| Keel | 12.5 | done |
| Deck \\| stern | 3 | open |

> Quoted
> lines

\`\`\`js
const answer = "42"; // a comment
\`\`\`

![red](red.png) ![away](https://example.org/spy.png)

<script>alert("script")</script> <img src=x onerror=alert(1)>
[click](javascript:alert(2)) [data](data:text/html,<script>alert(3)</script>) [proto](//example.org/x) [odd](java\tscript:alert(4))
![js](javascript:alert(5))

[ref] leads to a definition.

[ref]: plan.txt
`;

/** Lines as long as a file, each of which a careless look goes over again and again. */
const LONG = 30_000;
const ENDLESS = ["# ".padEnd(LONG, " ") + "x", "```".padEnd(LONG, " ") + "`", "|a|\n" + "|-".repeat(LONG / 2) + "x", "- ".repeat(200) + "x", "[".repeat(LONG / 2), "*".repeat(LONG / 2) + " a", "&constructor; and &copy;", "`" + " a".repeat(9000) + "`", "Read to the end."].join("\n\n");

/** Half a second of a tone (RIFF). */
function wav() {
  const rate = 8000;
  const sound = Buffer.from(Array.from({ length: rate / 2 }, (_, at) => 128 + Math.round(60 * Math.sin(at / 3))));
  const head = Buffer.alloc(44);
  head.write("RIFF", 0);
  head.writeUInt32LE(36 + sound.length, 4);
  head.write("WAVEfmt ", 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(rate, 28);
  head.writeUInt16LE(1, 32);
  head.writeUInt16LE(8, 34);
  head.write("data", 36);
  head.writeUInt32LE(sound.length, 40);
  return Buffer.concat([head, sound]);
}

/** Puts them below `yard`. */
export async function fill(home) {
  const yard = join(home, "yard");
  await mkdir(join(yard, "deep", "deeper"), { recursive: true });
  await writeFile(join(yard, "Notes.md"), HOSTILE);
  await writeFile(join(yard, "endless.md"), `---\n${"-".repeat(LONG)}x\n---\n${ENDLESS}\n`);
  await writeFile(join(yard, "plan.txt"), "the plan\n");
  await writeFile(join(yard, "red.png"), png(2400, 1600, [180, 60, 50]));
  await writeFile(join(yard, "green.png"), png(300, 200, [60, 140, 80]));
  await writeFile(join(yard, "sign.svg"), '<svg xmlns="http://www.w3.org/2000/svg" width="200" height="120"><script>alert(6)</script><rect width="200" height="120" fill="teal" onload="alert(7)"/></svg>');
  await writeFile(join(yard, "page.html"), '<h1>Page</h1><script>alert(8)</script><img src="https://example.org/spy.png">');
  await writeFile(join(yard, "timber.csv"), `Part;Length;Note\n${Array.from({ length: 1500 }, (_, at) => `plank ${at};${(at * 1.5).toFixed(1)};"oak; ""dry""\nsecond line"`).join("\n")}\n`);
  await writeFile(join(yard, "old.csv"), Buffer.from("Name,Ort\nJ\xf6rg,K\xf6ln\n", "latin1"));
  await writeFile(join(yard, "engine.rs"), `//! Engine.\nfn main() {\n    let speed = 42; /* knots\n    and more */\n    println!("{speed} \\"kn\\"");\n}\n`);
  await writeFile(join(yard, "horn.wav"), wav());
  await writeFile(join(yard, "film.mp4"), "no film");
  await writeFile(join(yard, "letter.pdf"), "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj 3 0 obj<</Type/Page/MediaBox[0 0 200 200]/Parent 2 0 R>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF");
  for (let number = 0; number < 140; number += 1) await writeFile(join(yard, "deep", number % 2 ? "deeper" : "", `part-${number}.txt`), "x".repeat(1000));
}
