namespace Espalier.Tests.House;

public sealed class ArchitectureTests
{
    static readonly Architecture Written = Architecture.Read(
        Checkout.Read(Architecture.FileName).Text
    );

    static readonly TextFile[] Sources = [.. Checkout.Sources("src/")];

    [Fact]
    public void No_room_uses_more_than_the_table_of_layers_allows()
    {
        Found.Nothing(Layers.Violations(Written, Sources));
    }

    [Theory]
    [InlineData("using Espalier.Models;", "Text uses Models")]
    [InlineData("using Espalier.Models.Families;", "Text uses Models")]
    [InlineData("using static Espalier.Models.Names;", "Text uses Models")]
    [InlineData("using Answer = Espalier.Runs.Stage;", "Text uses Runs")]
    [InlineData("    object x = new Espalier.Kernels.Workers(1);", "Text uses Kernels")]
    [InlineData("    Models.Model model;", "Text uses Models")]
    [InlineData("    System.Console.WriteLine(1);", "the console")]
    public void A_made_violation_is_reported(string line, string expected)
    {
        TextFile made = new("src/Espalier/Text/Made.cs", "namespace Espalier.Text;\n\n" + line);
        string found = Assert.Single(Layers.Violations(Written, [.. Sources, made]));
        Assert.StartsWith("src/Espalier/Text/Made.cs line 3: Text uses", found);
        Assert.Contains(expected, found);
    }

    [Theory]
    [InlineData("src/Espalier/Cellar/Made.cs")]
    [InlineData("src/Espalier/Made.cs")]
    public void A_file_outside_all_rooms_is_reported(string path)
    {
        string found = Assert.Single(Layers.Violations(Written, [new(path, "")]));
        Assert.StartsWith(path + " lies in no room", found);
    }

    [Fact]
    public void The_console_and_every_room_are_open_to_the_command_line_only_as_the_table_says()
    {
        TextFile made = new("src/Espalier.Cli/Made.cs", "using Espalier.Runs; Console.Write(1);");
        Found.Nothing(Layers.Violations(Written, [made]));
        Assert.Single(
            Layers.Violations(Written, [made with { Text = "using Espalier.Autograd;" }])
        );
    }

    [Fact]
    public void Each_room_of_the_table_uses_only_rooms_above_it()
    {
        for (int i = 0; i < Written.Rooms.Count; i++)
        {
            string room = Written.Rooms[i];
            Found.Nothing(
                Written.MayUse[room].Except(Written.Rooms.Take(i)).Select(o => (room, o))
            );
        }
    }

    [Fact]
    public void The_map_has_every_folder_of_src_and_no_other()
    {
        Found.Nothing(Missing(Written.Folders, Sources.Select(s => s.Path)));
        Found.Nothing(Written.Folders.Where(f => !Directory.Exists(Checkout.Full(f))));
        Assert.Equal(Written.Folders.Distinct(), Written.Folders);
    }

    [Fact]
    public void A_folder_that_the_map_lacks_is_reported()
    {
        string[] sources = [.. Sources.Select(s => s.Path), "src/Espalier/Cellar/Made.cs"];
        Assert.Equal(["src/Espalier/Cellar"], Missing(Written.Folders, sources));
    }

    [Fact]
    public void Rooms_of_the_table_and_rooms_of_the_map_are_the_same()
    {
        Assert.Equal(
            Written
                .Folders.Where(f => f.StartsWith("src/", StringComparison.Ordinal))
                .Select(f => Architecture.RoomOf(f + "/"))
                .OfType<string>()
                .Distinct()
                .Order(StringComparer.Ordinal),
            Written.Rooms.Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public void Every_file_that_the_page_names_exists()
    {
        Assert.True(Written.Named.Count > 20, $"only {Written.Named.Count} paths were found");
        Found.Nothing(Nowhere(Written.Named));
        Assert.Equal(
            ["Runs/Made.cs", "src/Made"],
            Nowhere(["Runs/Made.cs", "src/Made", "README.md"])
        );
    }

    [Fact]
    public void Unsafe_code_is_allowed_in_the_compute_project_only()
    {
        string[] projects =
        [
            .. Checkout
                .Paths.Where(p => Path.GetExtension(p) is ".csproj" or ".props" or ".targets")
                .Where(p => Checkout.Read(p).Text.Contains("AllowUnsafeBlocks")),
        ];
        Assert.Equal(["src/Espalier.Compute/Espalier.Compute.csproj"], projects);
    }

    [Fact]
    public void No_project_of_src_imports_names_for_all_of_its_files()
    {
        Found.Nothing(
            Checkout
                .Paths.Where(p => p.StartsWith("src/", StringComparison.Ordinal))
                .Where(p => Path.GetExtension(p) is ".csproj" or ".cs")
                .Where(p =>
                    Checkout.Read(p).Text is var text
                    && (text.Contains("<Using ") || text.Contains("global using "))
                )
        );
    }

    static IEnumerable<string> Nowhere(IEnumerable<string> named) =>
        named.Where(n =>
            !Path.Exists(Checkout.Full(n))
            && !Checkout.Paths.Any(p => p.EndsWith("/" + n, StringComparison.Ordinal))
        );

    static IEnumerable<string> Missing(
        IReadOnlyList<string> folders,
        IEnumerable<string> sources
    ) =>
        sources
            .Select(s => Path.GetDirectoryName(s)!.Replace('\\', '/'))
            .Distinct()
            .Except(folders);
}
