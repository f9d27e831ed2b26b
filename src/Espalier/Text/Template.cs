namespace Espalier.Text;

/// <summary>What stands where around one sequence or two: an id, or a whole sequence.</summary>
sealed record Template(IReadOnlyList<Template.Slot> Slots)
{
    public static Template BareSingle { get; } = new([Slot.First(0)]);

    public static Template BarePair { get; } = new([Slot.First(0), Slot.Second(1)]);

    /// <summary>How many ids stand around the sequences.</summary>
    public int Specials { get; } = Slots.Count(s => s.Sequence < 0);

    /// <summary>The same arrangement for a model that is given no token types.</summary>
    public Template WithoutTypes() => new([.. Slots.Select(s => s with { TypeId = 0 })]);

    /// <summary>Whether the same stands in the same places, whatever its types.</summary>
    public bool Arranges(Template other) =>
        Slots.Count == other.Slots.Count
        && Slots
            .Zip(other.Slots)
            .All(s => s.First with { TypeId = 0 } == s.Second with { TypeId = 0 });

    /// <param name="Sequence">0 or 1 for the first or second sequence, -1 for <paramref name="Id"/>.</param>
    /// <param name="Id">The special token.</param>
    /// <param name="TypeId">Type id of what stands here.</param>
    public readonly record struct Slot(int Sequence, int Id, int TypeId)
    {
        public static Slot First(int typeId) => new(0, -1, typeId);

        public static Slot Second(int typeId) => new(1, -1, typeId);

        public static Slot Special(int id, int typeId) => new(-1, id, typeId);
    }

    /// <summary>
    /// How many tokens of two sequences stay when <paramref name="room"/> are left for both:
    /// longest_first as fast tokenizers do it, which for an odd room and two long sequences gives
    /// the second one token more.
    /// </summary>
    public static (int First, int Second) LongestFirst(int first, int second, int room)
    {
        if (first + second <= room)
        {
            return (first, second);
        }

        int shorter = Math.Min(first, second);
        int longer = shorter > room ? shorter : Math.Max(shorter, room - shorter);
        if (shorter + longer > room)
        {
            shorter = room / 2;
            longer = shorter + (room % 2);
        }

        return first > second ? (longer, shorter) : (shorter, longer);
    }
}

/// <summary>What is done around and after the model: templates, and trimming of offsets.</summary>
sealed record Postprocessing(Postprocessing.Kind Form, Template Single, Template Pair)
{
    public enum Kind
    {
        None,
        ByteLevel,
        Roberta,
        Template,
    }

    /// <summary>Offsets leave out the white space that belongs to byte-level tokens.</summary>
    public bool TrimsOffsets { get; init; }

    /// <summary>A space in front may have been added, so that trimming leaves one alone.</summary>
    public bool PrefixSpace { get; init; }
}
