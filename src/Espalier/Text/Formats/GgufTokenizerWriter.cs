using Espalier.Checkpoints;
using Espalier.Text.Pieces;

namespace Espalier.Text.Formats;

/// <summary>Writes a tokenizer as the metadata of a GGUF file, as llama.cpp reads them.</summary>
static class GgufTokenizerWriter
{
    const string Prefix = GgufTokenizer.Prefix;

    public static GgufFields Write(Tokenizer tokenizer)
    {
        OrderedDictionary<string, object> values = [];
        switch (tokenizer)
        {
            case BytePairTokenizer bytes:
                values[$"{Prefix}model"] = "gpt2";
                values[$"{Prefix}pre"] = Pre(bytes.Model);
                values[$"{Prefix}merges"] = bytes
                    .Model.Merges.Merges.Select(m =>
                        $"{tokenizer.TokenOf(m.Left)} {tokenizer.TokenOf(m.Right)}"
                    )
                    .ToArray();
                break;
            case CharacterPairTokenizer characters:
                values[$"{Prefix}model"] = "llama";
                values[$"{Prefix}scores"] = Scores(characters);
                values[$"{Prefix}add_space_prefix"] = PutsSpaceInFront(characters.Model);
                break;
            default:
                throw Refuse(tokenizer, $"{tokenizer.ModelName} is none of a language model");
        }

        int size = tokenizer.VocabularySize;
        values[$"{Prefix}tokens"] = Enumerable
            .Range(0, size)
            .Select(id => tokenizer.TextOf(id, skipsSpecial: false) ?? $"[UNUSED{id}]")
            .ToArray();
        values[$"{Prefix}token_type"] = Enumerable
            .Range(0, size)
            .Select(id => TypeOf(tokenizer, id))
            .ToArray();
        foreach ((string role, string key) in GgufTokenizer.Roles)
        {
            if (tokenizer.Parts.IdOf(role) is { } id)
            {
                values[Prefix + key] = (uint)id;
            }
        }

        Template.Slot[] slots = [.. tokenizer.Parts.Post.Single.Slots];
        bool begins = slots[0].Sequence < 0,
            ends = slots.Length > 1 && slots[^1].Sequence < 0;
        if (
            slots.Length != 1 + (begins ? 1 : 0) + (ends ? 1 : 0)
            || begins && slots[0].Id != tokenizer.BosId
            || ends && slots[^1].Id != tokenizer.EosId
        )
        {
            throw Refuse(tokenizer, "other tokens than bos_token and eos_token stand around texts");
        }

        values[$"{Prefix}add_bos_token"] = begins;
        values[$"{Prefix}add_eos_token"] = ends;
        if (tokenizer.Parts.ChatTemplate is { } template)
        {
            values["tokenizer.chat_template"] = template;
        }

        return new GgufFields("the tokenizer", values);
    }

    static string Pre(BytePairModel model)
    {
        bool composes = model.Normalizer is UnicodeForm { Compatible: false, Composes: true };
        foreach ((string name, var split) in GgufTokenizer.Splits)
        {
            bool qwen = split.Pattern == PiecePattern.Qwen2;
            if (
                split.Pattern == model.Pattern
                && split.Digits == model.SplitsDigits
                && model.IgnoresMerges == (split.Pattern == PiecePattern.Llama3)
                && (qwen ? composes : model.Normalizer is null)
                && !model.AddsPrefixSpace
            )
            {
                return name;
            }
        }

        throw new InvalidDataException(
            "The tokenizer cuts texts as no pattern of GGUF that Espalier knows "
                + $"({string.Join(", ", GgufTokenizer.Splits.Keys)}); write a folder instead."
        );
    }

    // The sooner a token is merged, the higher its score; what is never merged has the lowest.
    static float[] Scores(CharacterPairTokenizer tokenizer)
    {
        IReadOnlyList<Merge> merges = tokenizer.Model.Merges.Merges;
        float[] scores = new float[tokenizer.VocabularySize];
        Array.Fill(scores, -1 - merges.Count);
        for (int rank = merges.Count - 1; rank >= 0; rank--)
        {
            scores[merges[rank].Id] = -rank;
        }

        return scores;
    }

    static bool PutsSpaceInFront(CharacterPairModel model)
    {
        string text = model.Normalizer?.Apply(AlignedText.Of("a b", 0)).Units.ToString() ?? "a b";
        char[] spelt = new char[text.Length + 1];
        int length = model.Words.Spell(text, first: true, spelt, out _);
        return new string(spelt, 0, length) switch
        {
            "▁a▁b" => true,
            "a▁b" => false,
            _ => throw new InvalidDataException(
                "The tokenizer's normalizer is none that GGUF has; write a folder instead."
            ),
        };
    }

    static int TypeOf(Tokenizer tokenizer, int id) =>
        tokenizer.TextOf(id, skipsSpecial: false) is not { } token ? GgufTokenizer.Unused
        : tokenizer.IsSpecial(id)
            ? tokenizer is CharacterPairTokenizer { Model.UnknownId: var unknown } && unknown == id
                    ? GgufTokenizer.Unknown
                : GgufTokenizer.Control
        : tokenizer.IsAdded(id) ? GgufTokenizer.UserDefined
        : tokenizer is CharacterPairTokenizer { Model.Bytes: { } bytes }
        && token.StartsWith("<0x", StringComparison.Ordinal)
        && bytes.Contains(id)
            ? GgufTokenizer.Byte
        : GgufTokenizer.Normal;

    static InvalidDataException Refuse(Tokenizer tokenizer, string why) =>
        new($"The tokenizer ({tokenizer.ModelName}) cannot be written to GGUF: {why}.");
}
