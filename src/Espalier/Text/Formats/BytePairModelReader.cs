using Espalier.Text.Pieces;

namespace Espalier.Text.Formats;

/// <summary>Reads the model part of a tokenizer.json with BPE.</summary>
static class BytePairModelReader
{
    public static BytePairModel Read(JsonField model, Vocabulary vocabulary)
    {
        model.AllowOnly(
            "type",
            "vocab",
            "merges",
            "dropout",
            "unk_token",
            "continuing_subword_prefix",
            "end_of_word_suffix",
            "fuse_unk",
            "byte_fallback",
            "ignore_merges"
        );
        foreach (string name in (string[])["continuing_subword_prefix", "end_of_word_suffix"])
        {
            if (model.Optional(name) is { } affix && affix.Text().Length > 0)
            {
                throw affix.Refuse("only the empty string is known.");
            }
        }

        if (model.Optional("dropout") is { } dropout && !dropout.IsZero)
        {
            throw dropout.Refuse("dropping merges by chance is not known; set it to null.");
        }

        int? unknown = null;
        if (model.Optional("unk_token") is { } token)
        {
            unknown = vocabulary.TryId(token.Text(), out int id)
                ? id
                : throw token.Refuse($"the vocabulary has no token '{token.Text()}'.");
        }

        Merge[] merges = [.. model["merges"].Items().Select(item => Merge(item, vocabulary))];
        return new BytePairModel(new MergeTable(merges))
        {
            UnknownId = unknown,
            FusesUnknown = model.Optional("fuse_unk")?.Flag() ?? false,
            FallsBack = model.Optional("byte_fallback")?.Flag() ?? false,
            IgnoresMerges = model.Optional("ignore_merges")?.Flag() ?? false,
        };
    }

    // "a b" in files of old versions, ["a", "b"] in newer ones.
    static Merge Merge(JsonField item, Vocabulary vocabulary)
    {
        string[] sides = item.IsText
            ? item.Text().Split(' ')
            : [.. item.Items().Select(side => side.Text())];
        return sides.Length == 2
            ? VocabularyReader.Merge(vocabulary, sides[0], sides[1], item.Refuse)
            : throw item.Refuse($"two tokens are expected, not {sides.Length}.");
    }
}
