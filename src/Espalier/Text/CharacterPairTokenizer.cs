namespace Espalier.Text;

/// <summary>SentencePiece's BPE with bytes for unknown characters, as Llama 2, Mistral and Gemma use it.</summary>
public sealed class CharacterPairTokenizer : SentencePieceTokenizer
{
    internal CharacterPairTokenizer(TokenizerParts parts, CharacterPairModel model)
        : base(parts, model) => Model = model;

    internal CharacterPairModel Model { get; }

    internal override TokenizerModel Kind => TokenizerModel.CharacterPair;

    /// <remarks>Why the same tokens: as for byte-level BPE, whatever is merged on the way to a kept token stays.</remarks>
    public override Tokenizer Trim(IReadOnlySet<int> keep, out int[] oldIdOfNewId)
    {
        HashSet<int> kept = [.. (Model.Bytes ?? []).Where(id => id >= 0)];
        if (Model.UnknownId is { } unknown)
        {
            kept.Add(unknown);
        }

        foreach ((string token, int id) in Parts.Vocabulary.Entries)
        {
            if (IsOneCharacter(token))
            {
                kept.Add(id);
            }
        }

        Model.Merges.Close(kept, keep.Concat(Parts.Added.Select(a => a.Id)));
        Trimming trimming = new(this, keep, kept);
        oldIdOfNewId = trimming.OldIds;
        TokenizerParts parts = trimming.Parts(Parts);
        return new CharacterPairTokenizer(
            parts,
            new CharacterPairModel(parts.Vocabulary, trimming.Merges(Model.Merges))
            {
                Normalizer = Model.Normalizer,
                Words = Model.Words,
                Joining = Model.Joining,
                Written = Model.Written,
                UnknownId = Model.UnknownId is { } id2 ? trimming.NewId(id2) : null,
                FusesUnknown = Model.FusesUnknown,
                IgnoresMerges = Model.IgnoresMerges,
                Bytes = Model.Bytes is null ? null : CharacterPairModel.BytesOf(parts.Vocabulary),
            }
        );
    }
}
