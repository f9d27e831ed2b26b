using Espalier.Text.Pieces;

namespace Espalier.Text.Formats;

/// <summary>SentencePiece's BPE, as tokenizer.json has it.</summary>
static class CharacterPairReader
{
    public static CharacterPairTokenizer Read(JsonField json, TokenizerParts parts)
    {
        BytePairModel model = BytePairModelReader.Read(json["model"], parts.Vocabulary);
        JsonField? normalizer = json.Optional("normalizer"),
            splitter = json.Optional("pre_tokenizer"),
            decoder = json.Optional("decoder");
        Normalizer? steps = NormalizerReader.Steps(normalizer);
        return new CharacterPairTokenizer(
            parts,
            new CharacterPairModel(parts.Vocabulary, model.Merges)
            {
                Normalizer = steps,
                Words = IsIdleSplit(splitter, steps)
                    ? new WordSplitter()
                    : UnigramReader.Splitter(splitter),
                Joining = DecoderReader.Read(decoder),
                Written = (normalizer?.Raw, splitter?.Raw, decoder?.Raw),
                UnknownId = model.UnknownId,
                FusesUnknown = model.FusesUnknown,
                IgnoresMerges = model.IgnoresMerges,
                Bytes = model.FallsBack ? CharacterPairModel.BytesOf(parts.Vocabulary) : null,
            }
        );
    }

    // Gemma's: a split at spaces, of which the normalizer has left none.
    static bool IsIdleSplit(JsonField? field, Normalizer? normalizer)
    {
        if (field is not { } given || given["type"].Text() != "Split")
        {
            return false;
        }

        given.AllowOnly("type", "pattern", "behavior", "invert");
        JsonField pattern = given["pattern"];
        pattern.AllowOnly("String", "Regex");
        return
            pattern.Optional("String")?.Text() == " "
            && !given["invert"].Flag()
            && normalizer is not null
            && !normalizer.Apply(AlignedText.Of("a b", 0)).Units.Contains(' ')
            ? true
            : throw pattern.Refuse(
                "Espalier knows a split at spaces that the normalizer has replaced, as Gemma has it, and no other here."
            );
    }
}
