"use strict";

// OpenAI's package for JavaScript asks a server of ours: node openai.js ADDRESS; prints one line of JSON.

const OpenAI = require("openai");

(async () => {
  const client = new OpenAI({ baseURL: `${process.argv[2]}/v1`, apiKey: "any" });
  const ask = { model: "writer", temperature: 0, max_tokens: 20, messages: [{ role: "user", content: "Hi" }] };
  const whole = await client.chat.completions.create(ask);
  let streamed = "";
  let usage = null;
  const stream = await client.chat.completions.create({ ...ask, stream: true, stream_options: { include_usage: true } });
  for await (const chunk of stream) {
    streamed += chunk.choices[0]?.delta?.content ?? "";
    usage = chunk.usage ?? usage;
  }
  const text = await client.completions.create({ model: "writer", prompt: "A tale", temperature: 0, max_tokens: 8 });
  const models = await client.models.list();
  let missing = null;
  try {
    await client.models.retrieve("nobody");
  } catch (problem) {
    missing = problem.status;
  }
  console.log(
    JSON.stringify({
      whole: whole.choices[0].message.content,
      finish: whole.choices[0].finish_reason,
      streamed,
      usage: usage.completion_tokens,
      text: text.choices[0].text,
      models: models.data.map((m) => m.id),
      missing,
    }),
  );
})();
