using System.Runtime.InteropServices;
using System.Text.Json;
using Espalier.Checkpoints;
using Espalier.Server.Batching;
using Espalier.Text;

namespace Espalier.Server.Api;

/// <summary>Texts as vectors: OpenAI's <c>/v1/embeddings</c>, and <c>/embed</c> as Text Embeddings Inference has it.</summary>
sealed class Embedding(IReadOnlyList<ServedModel> models)
{
    public const string Path = "/embed";

    const string Does = "reads texts as an encoder";
    const string Expected = "a text, a list of texts, token ids or a list of them";

    /// <summary>A list of vectors.</summary>
    public async Task Embed(Call call)
    {
        JsonFields fields = await RequestBody.Read(call.Context, call.Left);
        bool unit = fields.OptionalFlag("normalize") ?? true;
        ServedClassifier model = fields.Model<ServedClassifier>(models, Does);
        Embedded[] vectors = await Answer(call, fields, model, "inputs", unit);
        await call.Answer(
            [.. vectors.Select(v => v.Vector)],
            Wire.Default.IReadOnlyListSingleArray
        );
        model.Control?.Note(call.Elapsed);
    }

    public async Task OpenAi(Call call)
    {
        JsonFields fields = await RequestBody.Read(call.Context, call.Left);
        bool coded = fields.OptionalString("encoding_format") switch
        {
            null or "float" => false,
            "base64" => true,
            _ => throw fields.Refuse("encoding_format", "float or base64"),
        };
        ServedClassifier model = fields.Model<ServedClassifier>(models, Does);
        int width = model.Model.Config.Hidden;
        if (fields.OptionalInteger("dimensions", 1, 1 << 20) is { } asked && asked != width)
        {
            throw fields.Refuse("dimensions", $"{width}, which is what {model.Name} has,");
        }

        Embedded[] vectors = await Answer(call, fields, model, "input", unit: true);
        await call.Answer(
            new EmbeddingList(
                [
                    .. vectors.Select(
                        (v, i) =>
                            new EmbeddedText(
                                i,
                                coded
                                    ? JsonSerializer.SerializeToElement(
                                        Convert.ToBase64String(
                                            MemoryMarshal.AsBytes<float>(v.Vector)
                                        ),
                                        Wire.Default.String
                                    )
                                    : JsonSerializer.SerializeToElement(
                                        v.Vector,
                                        Wire.Default.SingleArray
                                    )
                            )
                    ),
                ],
                model.Name,
                new Usage(vectors.Sum(v => v.Tokens), 0)
            ),
            Wire.Default.EmbeddingList
        );
        model.Control?.Note(call.Elapsed);
    }

    static Task<Embedded[]> Answer(
        Call call,
        JsonFields fields,
        ServedClassifier served,
        string field,
        bool unit
    )
    {
        if (served.Model.Config.DropsTokens)
        {
            throw new Refusal(
                400,
                $"{served.Name} drops tokens on the way, so it has no mean over a whole text; ask /predict for its labels, or serve a model made without token elimination (L(power))."
            );
        }

        TokenIds[] texts = [.. Texts(fields, field, served)];
        RequestBody.CheckCount(texts.Length);
        bool cuts = fields.OptionalFlag("truncate") ?? true;
        EmbedJob[] jobs = new EmbedJob[texts.Length];
        for (int i = 0; i < jobs.Length; i++)
        {
            int length = texts[i].Ids.Length,
                most = served.Model.MaxLength;
            if (length > most && !cuts || length == 0)
            {
                throw new Refusal(
                    413,
                    $"Text {i + 1} has {length} tokens, and {served.Name} reads 1 to {most}; shorten it, or leave \"truncate\": false out."
                );
            }

            jobs[i] = new EmbedJob(texts[i], unit) { Arrived = call.Began, Left = call.Left };
        }

        return served.Answer(jobs).WaitAsync(call.Left);
    }

    static IEnumerable<TokenIds> Texts(JsonFields fields, string field, ServedClassifier served)
    {
        JsonElement value = fields.Required(field, Expected);
        JsonElement first =
            value.ValueKind == JsonValueKind.Array && value.GetArrayLength() > 0
                ? value[0]
                : default;
        bool cuts = fields.OptionalFlag("truncate") ?? true;
        if (first.ValueKind is not (JsonValueKind.Number or JsonValueKind.Array))
        {
            return fields
                .TextOrTexts(field, out _)
                .Select(text =>
                    cuts ? served.Model.Encode(text) : served.Model.Tokenizer.EncodeIds(text)
                );
        }

        IEnumerable<JsonElement> lists =
            first.ValueKind == JsonValueKind.Number ? new[] { value } : value.EnumerateArray();
        return lists.Select(list =>
        {
            int[] ids = Ids(list).Take(served.Model.MaxLength).ToArray();
            return new TokenIds(ids, new int[ids.Length]);
        });

        IEnumerable<int> Ids(JsonElement list) =>
            list.ValueKind != JsonValueKind.Array
                ? throw fields.Refuse(field, Expected)
                : list.EnumerateArray()
                    .Select(id =>
                        id.ValueKind == JsonValueKind.Number
                        && id.TryGetInt32(out int number)
                        && number >= 0
                        && number < served.Model.Config.Vocabulary
                            ? number
                            : throw fields.Refuse(
                                field,
                                $"{Expected}, each id below {served.Model.Config.Vocabulary},"
                            )
                    );
    }
}
