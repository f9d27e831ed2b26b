namespace Espalier.Text.Chat;

/// <summary>What a function, filter or test was called with.</summary>
sealed class Arguments(
    string function,
    IReadOnlyList<object?> plain,
    IReadOnlyDictionary<string, object?> named,
    TemplateRun run
)
{
    public IReadOnlyList<object?> Plain => plain;

    public IReadOnlyDictionary<string, object?> Named => named;

    /// <summary>The same without the first; what a test is called with by select and its like.</summary>
    public Arguments Behind(int count) => new(function, [.. plain.Skip(count)], named, run);

    /// <summary>Refuses what the function does not take.</summary>
    public Arguments Take(int least, params ReadOnlySpan<string> names)
    {
        if (plain.Count < least || plain.Count > names.Length)
        {
            throw run.Refuse(
                $"'{function}' takes {(least == names.Length ? $"{least}" : $"{least} to {names.Length}")} arguments here, not {plain.Count}."
            );
        }

        foreach (string name in named.Keys)
        {
            int place = names.IndexOf(name);
            if (place < plain.Count)
            {
                throw run.Refuse($"'{function}' takes no argument '{name}' here.");
            }
        }

        return this;
    }

    public bool Has(int place, string name) => place < plain.Count || named.ContainsKey(name);

    public object? Get(int place, string name, object? usual = null) =>
        place < plain.Count ? plain[place]
        : named.TryGetValue(name, out object? value) ? value
        : usual;

    public string Text(int place, string name) =>
        Get(place, name) as string
        ?? throw run.Refuse($"'{function}' needs a text, not {Values.NameOf(Get(place, name))}.");

    public string? OptionalText(int place, string name) =>
        Get(place, name) is null ? null : Text(place, name);

    public long? OptionalWhole(int place, string name) =>
        Get(place, name) is not { } value
            ? null
            : Values.Whole(value)
                ?? throw run.Refuse(
                    $"'{function}' needs a whole number, not {Values.NameOf(value)}."
                );

    public bool Flag(int place, string name) => Values.Truth(Get(place, name, false));
}
