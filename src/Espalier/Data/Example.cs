namespace Espalier.Data;

/// <summary>
/// One text or pair of texts with what is known of it: the index of its class, or its score. Both are
/// null where nobody labelled it.
/// </summary>
public sealed record Example(
    string Text,
    string? Pair = null,
    int? Label = null,
    double? Score = null
);
