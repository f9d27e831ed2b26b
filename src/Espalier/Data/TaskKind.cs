namespace Espalier.Data;

/// <summary>What is asked about the texts of a task, which is one of these.</summary>
public abstract record TaskKind
{
    private protected TaskKind() { }
}

/// <summary>Which of these classes a text or pair belongs to; the index is the class.</summary>
public sealed record Labelled(IReadOnlyList<string> Labels) : TaskKind;

/// <summary>A number for each text or pair.</summary>
/// <param name="Range">Between which scores lie; null where anything finite is one.</param>
public sealed record Scored((double Lowest, double Highest)? Range = null) : TaskKind;

/// <summary>Running text, of which each next token is asked for. An example is a window of tokens; windows do not overlap.</summary>
public sealed record Corpus : TaskKind;
