// transformers.js labels texts with exported folders: node labels.mjs TEXTS.json FOLDER:DTYPE...; prints a list of labels for each
// folder, one text at a time and then all of them padded beside each other.

import { readFileSync } from "node:fs";
import { env, pipeline } from "@huggingface/transformers";

env.allowRemoteModels = false;
const [texts, ...folders] = process.argv.slice(2);
const read = JSON.parse(readFileSync(texts, "utf8"));
const all = [];
for (const folder of folders) {
  const [path, dtype] = folder.split(":");
  const classify = await pipeline("text-classification", path, { dtype, device: "cpu" });
  const alone = [];
  for (const text of read) {
    alone.push((await classify(text))[0].label);
  }
  all.push({ alone, padded: (await classify(read)).map((answer) => answer.label) });
  await classify.dispose();
}
console.log(JSON.stringify(all));
