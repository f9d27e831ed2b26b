namespace Espalier.Tests.Goldens;

/// <summary>Finds reference numbers: in the folder ESPALIER_GOLDEN names, else in the copies beside this file.</summary>
static class Golden
{
    static readonly string Copies = System.IO.Path.Combine(
        Repository.Root,
        "tests",
        "Espalier.Tests",
        "Goldens"
    );

    public static string Root { get; } =
        Environment.GetEnvironmentVariable("ESPALIER_GOLDEN") ?? Copies;

    public static string Path(params string[] parts) => System.IO.Path.Combine([Root, .. parts]);

    /// <summary>Of numbers that were made for this checkout alone, and no other set has.</summary>
    public static string Own(params string[] parts) => System.IO.Path.Combine([Copies, .. parts]);
}

/// <summary>Where this checkout lies, found by walking up to Espalier.slnx.</summary>
static class Repository
{
    public static string Root { get; } = Find();

    static string Find()
    {
        for (DirectoryInfo? d = new(AppContext.BaseDirectory); d is not null; d = d.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(d.FullName, "Espalier.slnx")))
            {
                return d.FullName;
            }
        }

        throw new InvalidOperationException($"No Espalier.slnx above {AppContext.BaseDirectory}.");
    }
}
