using Espalier.Text.Pieces;

namespace Espalier.Text;

/// <summary>SentencePiece's Unigram, as ALBERT and XLM-RoBERTa use it.</summary>
public sealed class UnigramTokenizer : SentencePieceTokenizer
{
    internal UnigramTokenizer(TokenizerParts parts, UnigramModel model)
        : base(parts, model) => Model = model;

    internal UnigramModel Model { get; }

    internal override TokenizerModel Kind => TokenizerModel.Unigram;

    /// <remarks>
    /// The piece of the lowest score stays, because the score of what is unknown hangs on it. Why the
    /// same tokens: the best way is still there, and all that is gone are rivals that lost.
    /// </remarks>
    public override Tokenizer Trim(IReadOnlySet<int> keep, out int[] oldIdOfNewId)
    {
        int lowest = Enumerable.Range(0, Model.Scores.Count).MinBy(id => Model.Scores[id]);
        HashSet<int> kept = [Model.UnknownId, lowest, .. Model.Bytes ?? []];
        foreach ((string token, int id) in Parts.Vocabulary.Entries)
        {
            if (IsOneCharacter(token))
            {
                kept.Add(id);
            }
        }

        Trimming trimming = new(this, keep, kept);
        oldIdOfNewId = trimming.OldIds;
        TokenizerParts parts = trimming.Parts(Parts);
        return new UnigramTokenizer(
            parts,
            Model with
            {
                Pieces = new PieceTrie(parts.Vocabulary),
                Scores =
                [
                    .. Enumerable
                        .Range(0, Model.Scores.Count)
                        .Where(trimming.Keeps)
                        .Select(id => Model.Scores[id]),
                ],
                UnknownId = trimming.NewId(Model.UnknownId),
                Bytes = Model.Bytes?.Select(trimming.NewId).ToArray(),
            }
        );
    }
}
