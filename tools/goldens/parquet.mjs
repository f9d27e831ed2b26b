// Parquet files of another writer, Apache Arrow's for Rust: tests/Espalier.Tests/Goldens/hub/*.parquet.
//
//     npm install parquet-wasm@0.8.0 apache-arrow@21
//     node tools/goldens/parquet.mjs tests/Espalier.Tests/Goldens/hub
//
// Columns as data sets of the hub have them: texts (some null, many alike, so that they are a dictionary's), a class, a score, and one
// of lists and one of records, which nobody reads. In groups of 100 rows, compressed by Snappy (as GLUE on the hub) and by Zstandard.
import { writeFileSync } from "node:fs";
import * as arrow from "apache-arrow";
import * as parquet from "parquet-wasm/node";

const rows = Array.from({ length: 250 }, (_, i) => ({
  sentence: i % 50 === 7 ? null : `text ${i % 30} with “quotes”, a tab\tand an end\n`,
  label: BigInt((i % 3) - (i === 249 ? 1 : 0)),
  score: i / 8,
  words: ["a", `${i}`],
  answers: { text: `${i}`, start: i },
}));
const column = (name, type) => arrow.vectorFromArray(rows.map((r) => r[name]), type);
const table = new arrow.Table({
  idx: arrow.vectorFromArray(rows.map((_, i) => i), new arrow.Int32()),
  sentence: column("sentence", new arrow.Utf8()),
  label: column("label", new arrow.Int64()),
  score: column("score", new arrow.Float32()),
  words: column("words", new arrow.List(new arrow.Field("item", new arrow.Utf8(), true))),
  answers: column(
    "answers",
    new arrow.Struct([
      new arrow.Field("text", new arrow.Utf8(), true),
      new arrow.Field("start", new arrow.Int32(), true),
    ]),
  ),
});
const stream = arrow.tableToIPC(table, "stream");
for (const name of ["SNAPPY", "ZSTD"]) {
  const properties = new parquet.WriterPropertiesBuilder()
    .setCompression(parquet.Compression[name])
    .setMaxRowGroupSize(100)
    .build();
  const bytes = parquet.writeParquet(parquet.Table.fromIPCStream(stream), properties);
  writeFileSync(`${process.argv[2]}/${name.toLowerCase()}.parquet`, bytes);
}
