"use strict";

// ONNX Runtime behind a line protocol: one JSON request a line on standard input, one JSON answer a line on
// standard output, strictly in turn. A model is called by its path. Requests:
//   {"do": "version"}                                               -> {"node", "onnxruntime"}
//   {"do": "load", "model", "threads", "config": {"session.x": "1"}}  -> {}
//   {"do": "feed", "model", "batches": [{"rows", "width", "ids", "mask", "types"}]}  -> {}
//   {"do": "run", "model", "from", "count", "passes"}  -> {"milliseconds": [of each pass over those batches]}
//   {"do": "states", "model"}                          -> {"width", "values"}: last_hidden_state of the first batch
// A request that fails is answered with {"error": sentence}.

const ort = require("onnxruntime-node");
const readline = require("node:readline");

const models = new Map();

const named = (model) => {
  if (!models.has(model)) {
    throw new Error(`${model} was not loaded`);
  }
  return models.get(model);
};

/** The binding wants {"session": {"x": "1"}} for "session.x". */
const nested = (flat) => {
  const root = {};
  for (const [key, value] of Object.entries(flat)) {
    const steps = key.split(".");
    const last = steps.pop();
    let at = root;
    for (const step of steps) {
      at = at[step] ??= {};
    }
    at[last] = value;
  }
  return root;
};

const tensor = (batch, values) =>
  new ort.Tensor("int64", BigInt64Array.from(values, BigInt), [batch.rows, batch.width]);

const requests = {
  version: () => ({ node: process.version, onnxruntime: ort.env.versions.node }),

  async load({ model, threads, config }) {
    const session = await ort.InferenceSession.create(model, {
      executionProviders: ["cpu"],
      executionMode: "sequential",
      graphOptimizationLevel: "all",
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      extra: nested(config),
    });
    models.set(model, { session, feeds: [] });
    return {};
  },

  feed({ model, batches }) {
    named(model).feeds = batches.map((batch) => ({
      input_ids: tensor(batch, batch.ids),
      attention_mask: tensor(batch, batch.mask),
      token_type_ids: tensor(batch, batch.types),
    }));
    return {};
  },

  async run({ model, from, count, passes }) {
    const { session, feeds } = named(model);
    const milliseconds = [];
    for (let pass = 0; pass < passes; pass++) {
      const start = process.hrtime.bigint();
      for (const feed of feeds.slice(from, from + count)) {
        await session.run(feed);
      }
      milliseconds.push(Number(process.hrtime.bigint() - start) / 1e6);
    }
    return { milliseconds };
  },

  async states({ model }) {
    const { session, feeds } = named(model);
    const { last_hidden_state: output } = await session.run(feeds[0]);
    return { width: output.dims[1], values: Array.from(output.data) };
  },
};

(async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    let answer;
    try {
      const request = JSON.parse(line);
      answer = await requests[request.do](request);
    } catch (problem) {
      answer = { error: String(problem.message ?? problem) };
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
})();
