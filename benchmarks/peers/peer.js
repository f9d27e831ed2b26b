"use strict";

// ONNX Runtime behind a line protocol: one JSON request a line on standard input, one JSON answer a line on
// standard output, strictly in turn. Requests:
//   {"do": "load", "name", "model", "threads", "config": {"session.…": "…"}}    -> {}
//   {"do": "feed", "name", "batches": [{"rows", "width", "ids", "mask", "types"}]}  -> {}
//   {"do": "run", "name", "passes"}      -> {"milliseconds": [of each pass over all batches], "calls"}
//   {"do": "states", "name"}             -> {"rows", "width", "hidden", "values"} of the first batch
//   {"do": "busy", "milliseconds"}       -> {"share"}: processor time over wall time while nothing is asked
//   {"do": "version"}                    -> {"node", "onnxruntime"}
// A request that fails is answered with {"error": sentence}.

const ort = require("onnxruntime-node");
const readline = require("node:readline");

const sessions = new Map();

const of = (name) => {
  if (!sessions.has(name)) {
    throw new Error(`no session is called '${name}'; load it first`);
  }
  return sessions.get(name);
};

/** [rows, width] of int64; only inputs that the graph has are fed. */
const tensor = (batch, values) =>
  new ort.Tensor("int64", BigInt64Array.from(values, BigInt), [batch.rows, batch.width]);

const nested = (flat) => {
  // The binding wants {"a": {"b": "1"}} for "a.b".
  const root = {};
  for (const [key, value] of Object.entries(flat ?? {})) {
    const steps = key.split(".");
    let at = root;
    for (const step of steps.slice(0, -1)) {
      at = at[step] ??= {};
    }
    at[steps.at(-1)] = String(value);
  }
  return root;
};

const requests = {
  version: () => ({ node: process.version, onnxruntime: require("onnxruntime-node/package.json").version }),

  async load({ name, model, threads, config }) {
    const session = await ort.InferenceSession.create(model, {
      executionProviders: ["cpu"],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      executionMode: "sequential",
      graphOptimizationLevel: "all",
      extra: nested(config),
    });
    sessions.set(name, { session, feeds: [] });
    return {};
  },

  feed({ name, batches }) {
    const peer = of(name);
    peer.feeds = batches.map((batch) => {
      const all = {
        input_ids: tensor(batch, batch.ids),
        attention_mask: tensor(batch, batch.mask),
        token_type_ids: tensor(batch, batch.types),
      };
      return Object.fromEntries(peer.session.inputNames.map((input) => [input, all[input]]));
    });
    return {};
  },

  async run({ name, passes }) {
    const { session, feeds } = of(name);
    const milliseconds = [];
    for (let pass = 0; pass < passes; pass++) {
      const start = process.hrtime.bigint();
      for (const feed of feeds) {
        await session.run(feed);
      }
      milliseconds.push(Number(process.hrtime.bigint() - start) / 1e6);
    }
    return { milliseconds, calls: feeds.length };
  },

  async states({ name }) {
    const { session, feeds } = of(name);
    const output = (await session.run(feeds[0]))[session.outputNames[0]];
    const [rows, width, hidden] = output.dims;
    return { rows, width, hidden, values: Array.from(output.data) };
  },

  async busy({ milliseconds }) {
    const before = process.cpuUsage();
    const start = process.hrtime.bigint();
    await new Promise((done) => setTimeout(done, milliseconds));
    const used = process.cpuUsage(before);
    return { share: (used.user + used.system) / (Number(process.hrtime.bigint() - start) / 1e3) };
  },
};

(async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    let answer;
    try {
      const request = JSON.parse(line);
      if (!requests[request.do]) {
        throw new Error(`'${request.do}' is no request`);
      }
      answer = await requests[request.do](request);
    } catch (problem) {
      answer = { error: String(problem.message ?? problem) };
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
})();
