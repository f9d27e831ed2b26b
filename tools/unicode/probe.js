// Asks the Rust tokenizers library what it takes each code point for, and prints the answers as
// src/Espalier/Text/Pieces/Unicode.txt. The library mixes tables of several Unicode versions (marks and
// punctuation of 8, letters of Oniguruma, lower case of Rust), so no single version of the
// standard, and not .NET's own, would give identical tokens.
//
//   npm install tokenizers@0.23.2 && node tools/unicode/probe.js > src/Espalier/Text/Pieces/Unicode.txt
"use strict";
const t = require("tokenizers");

const LAST = 0x10ffff;
const isCode = (c) => c < 0xd800 || c > 0xdfff;
const text = (...c) => String.fromCodePoint(...c);
const codes = (s) => Array.from(s, (x) => x.codePointAt(0));
const bert = (o) =>
  t.bertNormalizer({ cleanText: false, handleChineseChars: false, stripAccents: false, lowercase: false, ...o });
const clean = bert({ cleanText: true });
const cjk = bert({ handleChineseChars: true });
const strip = bert({ stripAccents: true });
const lower = bert({ lowercase: true });
const nfd = t.nfdNormalizer();
const nfkd = t.nfkdNormalizer();
const nfc = t.nfcNormalizer();
const accents = t.stripAccentsNormalizer();
const bertSplit = t.bertPreTokenizer();
const gpt2 = t.byteLevelPreTokenizer(false, true);
const digits = t.digitsPreTokenizer(true);

const sets = { remove: [], space: [], split: [], punctuation: [], cjk: [], mark: [], letter: [], number: [], white: [], word: [], combining: [], excluded: [] };
const lowered = [];
const decomposed = [];
const compatible = [];
const classes = [];

// One mark of every canonical combining class, in the order of the classes.
const CLASSES = [
  [1, 0x334], [7, 0x93c], [8, 0x3099], [9, 0x94d], [10, 0x5b0], [11, 0x5b1], [12, 0x5b2],
  [13, 0x5b3], [14, 0x5b4], [15, 0x5b5], [16, 0x5b6], [17, 0x5b7], [18, 0x5b8], [19, 0x5b9],
  [20, 0x5bb], [21, 0x5bc], [22, 0x5bd], [23, 0x5bf], [24, 0x5c1], [25, 0x5c2], [26, 0xfb1e],
  [27, 0x64b], [28, 0x64c], [29, 0x64d], [30, 0x618], [31, 0x619], [32, 0x61a], [33, 0x651],
  [34, 0x652], [35, 0x670], [36, 0x711], [84, 0xc55], [91, 0xc56], [103, 0xe38], [107, 0xe48],
  [118, 0xeb8], [122, 0xec8], [129, 0xf71], [130, 0xf72], [132, 0xf74], [202, 0x321],
  [214, 0x1dce], [216, 0x31b], [218, 0x302a], [220, 0x316], [222, 0x59a], [224, 0x302e],
  [226, 0x1d16d], [228, 0x5ae], [230, 0x300], [232, 0x315], [233, 0x35c], [234, 0x35d],
  [240, 0x345],
];

function combiningClass(c) {
  const x = text(c);
  const low = text(CLASSES[0][1]);
  const high = text(CLASSES.at(-1)[1]);
  if (nfd.normalizeString(x + low) === x + low && nfd.normalizeString(high + x) === high + x) {
    return 0; // neither moves: a starter
  }

  for (const [value, reference] of CLASSES) {
    const r = text(reference);
    if (nfd.normalizeString(x + r) === x + r && nfd.normalizeString(r + x) === r + x) {
      return value; // equal classes keep their order
    }
  }

  throw new Error(`no class for ${c.toString(16)}`);
}

async function words() {
  const token = new t.AddedToken("X", false, { singleWord: true, normalized: false });
  const tok = new t.Tokenizer(t.WordPiece.init({ "[UNK]": 0 }, { unkToken: "[UNK]" }));
  tok.addAddedTokens([token]);
  for (let from = 0; from <= LAST; from += 4096) {
    const batch = [];
    for (let c = from; c < from + 4096 && c <= LAST; c++) {
      if (isCode(c)) {
        batch.push(c);
      }
    }

    const encoded = await tok.encodeBatch(batch.map((c) => text(c) + "X"), { addSpecialTokens: false });
    encoded.forEach((e, i) => {
      if (!e.getIds().includes(1)) {
        sets.word.push(batch[i]);
      }
    });
  }
}

function probe(c) {
  const x = text(c);
  const cleaned = clean.normalizeString(`a${x}b`);
  if (cleaned === "ab") {
    sets.remove.push(c);
  } else if (cleaned === "a b") {
    sets.space.push(c);
  }

  const pieces = bertSplit.preTokenizeString(`a${x}b`).length;
  if (pieces === 2) {
    sets.split.push(c);
  } else if (pieces === 3) {
    sets.punctuation.push(c);
  }

  if (cjk.normalizeString(x) !== x) {
    sets.cjk.push(c);
  }

  const low = codes(lower.normalizeString(x));
  if (low.length !== 1 || low[0] !== c) {
    lowered.push([c, low]);
  }

  const parts = codes(nfd.normalizeString(x));
  if (parts.length !== 1 || parts[0] !== c) {
    if (c < 0xac00 || c > 0xd7a3) {
      decomposed.push([c, parts]);
      if (nfc.normalizeString(x) !== x) {
        sets.excluded.push(c);
      }
    }
  } else {
    if (strip.normalizeString(x) === "") {
      sets.mark.push(c);
    }

    const k = combiningClass(c);
    if (k !== 0) {
      classes.push([c, k]);
    }
  }

  const wide = codes(nfkd.normalizeString(x));
  if (text(...wide) !== text(...parts)) {
    compatible.push([c, wide]);
  }

  if (accents.normalizeString(x) === "") {
    sets.combining.push(c);
  }

  const first = gpt2.preTokenizeString(`a${x}`).length === 1;
  const second = gpt2.preTokenizeString(`1${x}`).length === 1;
  const third = gpt2.preTokenizeString(`!${x}`).length === 1;
  if (first + second + third > 1) {
    throw new Error(`two kinds for ${c.toString(16)}`);
  }

  if (first) {
    sets.letter.push(c);
  } else if (second) {
    sets.number.push(c);
  } else if (!third) {
    sets.white.push(c);
  }

  if ((digits.preTokenizeString(`a${x}a`).length > 1) !== second) {
    process.stderr.write(`Digits and \\p{N} differ at ${c.toString(16)}\n`);
  }
}

const hex = (n) => n.toString(16).toUpperCase();

function wrap(name, items) {
  let line = name;
  for (const item of items) {
    if (line.length + item.length > 98) {
      console.log(line);
      line = name;
    }

    line += ` ${item}`;
  }

  console.log(line);
}

function ranges(list) {
  const out = [];
  for (let i = 0; i < list.length; ) {
    let j = i;
    // A gap of surrogates does not break a range.
    while (j + 1 < list.length && (list[j + 1] === list[j] + 1 || (list[j] === 0xd7ff && list[j + 1] === 0xe000))) {
      j++;
    }

    out.push(list[i] === list[j] ? hex(list[i]) : `${hex(list[i])}-${hex(list[j])}`);
    i = j + 1;
  }

  return out;
}

// Runs of equal values: START-END=VALUE.
function runs(list) {
  const out = [];
  for (let i = 0; i < list.length; ) {
    let j = i;
    while (j + 1 < list.length && list[j + 1][0] === list[j][0] + 1 && list[j + 1][1] === list[i][1]) {
      j++;
    }

    const span = i === j ? hex(list[i][0]) : `${hex(list[i][0])}-${hex(list[j][0])}`;
    out.push(`${span}=${hex(list[i][1])}`);
    i = j + 1;
  }

  return out;
}

(async () => {
  for (let c = 0; c <= LAST; c++) {
    if (isCode(c)) {
      probe(c);
    }
  }

  await words();
  console.log("# Made by tools/unicode/probe.js from tokenizers 0.23.2; do not edit.");
  console.log("# Sets of code points, then full lower case, canonical and compatible decomposition, combining class.");
  for (const [name, list] of Object.entries(sets)) {
    wrap(name, ranges(list));
  }

  wrap("lower", lowered.map(([c, to]) => `${hex(c)}=${to.map(hex).join(".")}`));
  wrap("decompose", decomposed.map(([c, to]) => `${hex(c)}=${to.map(hex).join(".")}`));
  wrap("compatible", compatible.map(([c, to]) => `${hex(c)}=${to.map(hex).join(".")}`));
  wrap("class", runs(classes));
})();
