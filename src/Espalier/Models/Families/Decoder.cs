using System.Text.Json;
using Espalier.Checkpoints;
using Espalier.Models.Storage;

namespace Espalier.Models.Families;

/// <summary>What families of language models share: norms first, each token sees those before it, scores of the next one.</summary>
abstract class Decoder : Family
{
    public override string Prefix => "model.";

    protected override IReadOnlyDictionary<Role, PartName> HeadParts { get; } =
        new Dictionary<Role, PartName> { [Role.Out] = "lm_head" };

    /// <summary>Layers that differ in what they see of the past and how positions turn are said so in config.json.</summary>
    internal override bool IsPlain(ModelConfig config)
    {
        Block first = config.Layers[0];
        return config.Layers.All(l =>
            first
            == l with
            {
                Attention = l.Attention with
                {
                    Reach = first.Attention.Reach,
                    Rotary = first.Attention.Rotary,
                },
            }
        );
    }

    /// <summary>Layers all alike behind a table of positions, as language models were before rotary embedding.</summary>
    /// <param name="layers">The field that says how many.</param>
    /// <param name="positions">Rows of the table.</param>
    protected ModelConfig WithTable(
        JsonFields file,
        int hidden,
        Block block,
        string layers,
        int positions
    ) =>
        new()
        {
            Family = this,
            Vocabulary = file.Integer("vocab_size", 1, ConfigReader.MostRows),
            Hidden = hidden,
            Layers = [.. Enumerable.Repeat(block with { NormsFirst = true }, Layers(file, layers))],
            Positions = positions,
            Types = 0,
            EmbeddingNorm = null,
            FinalNorm = block.Norm,
            Head = Head(file, true),
            Labels = [],
        };

    /// <summary>Whether the words' table is the head's matrix.</summary>
    protected static LanguageSpec Head(JsonFields file, bool missing) =>
        new(file.OptionalFlag("tie_word_embeddings") ?? missing);

    protected static void WriteHead(Utf8JsonWriter json, ModelConfig config) =>
        json.WriteBoolean("tie_word_embeddings", ((LanguageSpec)config.Head).Tied);

    protected static float Epsilon(JsonFields file, string field, double missing) =>
        (float)(file.OptionalNumber(field, 0, 1) ?? missing);

    /// <summary>A field that would make another model of the same weights.</summary>
    protected static void Refuse(JsonFields file, string field, bool whenIt, string why)
    {
        if (file.OptionalFlag(field) == whenIt)
        {
            throw file.Refuse(field, $"{(whenIt ? "false" : "true")} ({why})");
        }
    }

    protected static int Layers(JsonFields file, string field) =>
        file.Integer(field, 1, ConfigReader.MostLayers);
}
