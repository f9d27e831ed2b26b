using Espalier.Text.Pieces;

namespace Espalier.Text;

/// <summary>Which ids stay when a vocabulary is trimmed, and what they become.</summary>
sealed class Trimming
{
    readonly Dictionary<int, int> _newIds = [];

    public Trimming(Tokenizer tokenizer, IReadOnlySet<int> keep, IReadOnlySet<int> needed)
    {
        foreach (int id in keep)
        {
            if (tokenizer.Parts.Vocabulary[id] is null && !tokenizer.IsAdded(id))
            {
                throw new ArgumentException(
                    $"Trim: id {id} is to be kept, but no token has it; "
                        + $"ids end at {tokenizer.VocabularySize - 1}."
                );
            }
        }

        OldIds =
        [
            .. keep.Concat(needed)
                .Concat(tokenizer.Parts.Added.Select(a => a.Id))
                .Concat(Standing(tokenizer))
                .Distinct()
                .Order(),
        ];
        for (int id = 0; id < OldIds.Length; id++)
        {
            _newIds[OldIds[id]] = id;
        }
    }

    /// <summary>The old id of each new one, ascending.</summary>
    public int[] OldIds { get; }

    public bool Keeps(int oldId) => _newIds.ContainsKey(oldId);

    public int NewId(int oldId) => _newIds[oldId];

    /// <summary>The merges that kept tokens make of kept tokens.</summary>
    public MergeTable Merges(MergeTable old) =>
        new([
            .. old
                .Merges.Where(m => Keeps(m.Left) && Keeps(m.Right) && Keeps(m.Id))
                .Select(m => new Merge(NewId(m.Left), NewId(m.Right), NewId(m.Id))),
        ]);

    public TokenizerParts Parts(TokenizerParts old) =>
        old with
        {
            Files = null,
            Vocabulary = new Vocabulary(
                old.Vocabulary.Entries.Where(e => Keeps(e.Id)).Select(e => (e.Token, NewId(e.Id)))
            ),
            Added = [.. old.Added.Select(a => a with { Id = NewId(a.Id) })],
            Post = old.Post with
            {
                Single = Renamed(old.Post.Single),
                Pair = Renamed(old.Post.Pair),
            },
        };

    // Tokens that stand around texts or have a part to play, whether or not they were added.
    static IEnumerable<int> Standing(Tokenizer tokenizer)
    {
        Postprocessing post = tokenizer.Parts.Post;
        foreach (Template.Slot slot in post.Single.Slots.Concat(post.Pair.Slots))
        {
            if (slot.Sequence < 0)
            {
                yield return slot.Id;
            }
        }

        foreach (string token in tokenizer.Parts.Specials.ByRole.Values)
        {
            if (tokenizer.TryIdOf(token, out int id))
            {
                yield return id;
            }
        }
    }

    Template Renamed(Template template) =>
        new([.. template.Slots.Select(s => s.Sequence < 0 ? s with { Id = NewId(s.Id) } : s)]);
}
